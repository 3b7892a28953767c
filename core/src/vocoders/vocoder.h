// What a vocoder is: log-mel (channels · frames, M), at least 0 → hop samples a frame of each channel, whose
// states lie one after another. Each kind is one file that ends in its row of the table, named as the
// configuration names it (src/melisma/files/config.py, VOCODERS); `vocoder_of` finds it.
#pragma once

#include <new>

#include "dsp/analysis.h"
#include "nn/layers.h"

namespace melisma {

// What is known of the phases of the sound that is played; each null where nothing is, and for vocoders that
// make no phases of their own of no interest.
struct Heard {
    // (frames, 3, bins): cosines and sines of the first channel's phase, and the magnitude, the channels'
    // mean
    const float* phases = nullptr;
    const float* follow = nullptr;  // (frames): how far they are taken, from 0 to 1; null with the above
    // (frames): how far what lies below the lowest partial that was heard stays low, no more than `follow`
    const float* low = nullptr;
    // (frames, 2, bins): cosines and sines of how far the first channel's phase is ahead of the second's
    const float* ipd = nullptr;
};

struct Vocoder {
    const char* name;
    size_t size, state_size;  // bytes of the weights' object, shared by all streams, and of a stream's

    // Whether the configuration makes sense beyond its bounds; if not, the reason said.
    bool (*fits)(const Config& config, Reason& reason);
    void (*make)(void* vocoder);  // in memory of that size
    void (*load)(void* vocoder, const Loader& from, const Analysis& analysis);
    // The states of so many channels; null while planning.
    void (*plan)(const void* vocoder, Arena& arena, void* states, int channels);
    void (*clear)(const void* vocoder, void* states, int channels);
    void (*step)(const void* vocoder, const Kernels& kernels, void* states, int channels, const float* mel,
                 const Heard& heard, int frames, float* const* out);
};

// The row of a class with these methods and a State; nothing of it is ever destroyed.
template <class V>
constexpr Vocoder vocoder(const char* name) {
    using State = typename V::State;
    return {
        name,
        sizeof(V),
        sizeof(State),
        V::fits,
        [](void* v) { new (v) V(); },
        [](void* v, const Loader& from, const Analysis& analysis) {
            static_cast<V*>(v)->load(from, analysis);
        },
        [](const void* v, Arena& arena, void* states, int channels) {
            for (int c = 0; c < channels; c++) {
                State nowhere;
                static_cast<const V*>(v)->plan(arena, states ? static_cast<State*>(states)[c] : nowhere,
                                               channels);
            }
        },
        [](const void* v, void* states, int channels) {
            for (int c = 0; c < channels; c++)
                static_cast<const V*>(v)->clear(static_cast<State*>(states)[c]);
        },
        [](const void* v, const Kernels& kernels, void* states, int channels, const float* mel,
           const Heard& heard, int frames, float* const* out) {
            static_cast<const V*>(v)->step(kernels, static_cast<State*>(states), channels, mel, heard, frames,
                                           out);
        },
    };
}

#define DECLARED(name) extern const Vocoder vocoder_##name;
MELISMA_VOCODERS(DECLARED)
#undef DECLARED

const Vocoder& vocoder_of(VocoderKind kind);

}  // namespace melisma
