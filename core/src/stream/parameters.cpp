#include "stream/parameters.h"

#include <cstdio>
#include <cstring>

namespace melisma {

static const melisma_parameter FIXED[FIXED_COUNT] = {
    {"mix", "", "0: the input alone, delayed as the model delays; 1: the model alone", 0, 1, 1, 0},
    {"loudness.by_hand", "", "0: the loudness is the input's; 1: it is loudness.level", 0, 1, 0, 1},
    {"loudness.level", "dBFS", "the loudness, where it is set by hand", -100, 12, -20, 0},
    {"loudness.offset", "dB", "added to the loudness of whatever is not silent", -60, 60, 0, 0},
    {"freeze", "", "1: the latents stay where they are; scale, bias and noise still move them", 0, 1, 0, 1},
    {"freeze.loudness", "", "1: the input's loudness stays where it is", 0, 1, 0, 1},
    {"match", "", "1: the timbre gets the domain's mean and covariance", 0, 1, 0, 0},
    {"match.seconds", "s", "how far back its own mean and covariance are taken", 0.2f, 60, 5, 0},
    {"noise", "σ", "how far the latents wander by themselves", 0, 10, 0, 0},
    {"noise.rate", "Hz", "how fast they wander", 0.05f, 50, 4, 0},
    {"noise.seed", "", "which way they wander", 0, 16777215, 0, 1},
    {"feedback", "×", "how much of the output comes back to the input", 0, 4, 0, 0},
    {"feedback.frequency", "Hz", "centre of the band that comes back", 20, 20000, 440, 0},
    {"feedback.q", "", "its quality: centre over width", 0.1f, 100, 1, 0},
    {"fine", "", "how much of the input's fine structure is kept beside the latents: partials, so its pitch", 0, 1, 0, 0},
    {"colour", "", "how much of the input's own colour is kept beside the latents, which the domain has not", 0, 1, 0, 0},
};

void Declarations::load(Arena& arena, int latents) {
    constexpr size_t NAME = 24;
    count_ = FIXED_COUNT + 2 * latents;
    list_ = arena.take<melisma_parameter>(static_cast<size_t>(count_));
    char* names = arena.take<char>(2 * NAME * static_cast<size_t>(latents));
    if (arena.planning()) return;
    std::memcpy(list_, FIXED, sizeof FIXED);
    for (int i = 0; i < 2 * latents; i++, names += NAME) {
        bool bias = i >= latents;
        std::snprintf(names, NAME, bias ? "bias.%d" : "scale.%d", i % latents + 1);
        list_[FIXED_COUNT + i] = {names,
                                  bias ? "σ" : "×",
                                  bias ? "added to the latent" : "multiplies the latent",
                                  -10,
                                  10,
                                  bias ? 0.0f : 1.0f,
                                  0};
    }
}

int Declarations::find(const char* name) const {
    for (int i = 0; i < count_; i++)
        if (std::strcmp(list_[i].name, name) == 0) return i;
    return -1;
}

}  // namespace melisma
