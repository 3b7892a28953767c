// Runs a model as a host would, roughly: random blocks, parameters turned from another thread, resets,
// several streams; and counts what must not happen in the audio thread. Prints one JSON line; run under
// sanitizers, too.
//
//     driver MODEL [seconds]
//     driver swap MODEL MODEL [seconds]
//     driver --replay FILE...      opens files that may hold anything, if core/tests/fuzz.cpp is linked in,
//     too
#include <melisma.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atomic>
#include <cmath>

#include "counting.h"
#include "swap.h"

static uint32_t state = 1;
static uint32_t next() { return state = state * 1664525u + 1013904223u, state >> 8; }
static float noise() { return static_cast<float>(next()) / 8388608.0f - 1.0f; }

struct Turner {
    melisma_stream* streams[3];
    int parameters;
    const melisma_model* model;
    std::atomic<bool> stop{false};
};

// Another thread turns everything all the time.
static void* turn(void* given) {
    Turner& t = *static_cast<Turner*>(given);
    uint32_t s = 7;
    while (!t.stop.load()) {
        s = s * 1664525u + 1013904223u;
        int index = static_cast<int>((s >> 8) % static_cast<uint32_t>(t.parameters + 2)) - 1;
        float share = static_cast<float>(s >> 8 & 0xffff) / 65535.0f;
        const melisma_parameter* p = melisma_parameter_at(t.model, index);
        float value = p ? p->minimum + share * (p->maximum - p->minimum) : share;
        if ((s >> 28) == 0) value = NAN;
        melisma_set(t.streams[s >> 30 == 3 ? 0 : s >> 30], index, value);
        (void)melisma_get(t.streams[0], index);
    }
    return nullptr;
}

extern "C" __attribute__((weak)) int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static int replay(int count, char** paths) {
    for (int i = 0; i < count; i++) {
        FILE* file = fopen(paths[i], "rb");
        if (!file || !LLVMFuzzerTestOneInput) return fprintf(stderr, "%s cannot be replayed\n", paths[i]), 1;
        fseek(file, 0, SEEK_END);
        size_t size = static_cast<size_t>(ftell(file));
        rewind(file);
        uint8_t* data =
            static_cast<uint8_t*>(malloc(size ? size : 1));  // exact, so that sanitizers see its end
        size_t got = fread(data, 1, size, file);
        fclose(file);
        LLVMFuzzerTestOneInput(data, got);
        free(data);
    }
    printf("{\"replayed\": %d}\n", count);
    return 0;
}

int main(int count, char** words) {
    if (count > 1 && !strcmp(words[1], "swap")) return swap(count - 1, words + 1);
    char error[600];
    if (count > 1 && !strcmp(words[1], "--replay")) return replay(count - 2, words + 2);
    if (count < 2) return fprintf(stderr, "driver MODEL [seconds]\n"), 2;
    double seconds = count > 2 ? atof(words[2]) : 1;
    melisma_model* model = melisma_open(words[1], nullptr, error, sizeof error);
    if (!model) return fprintf(stderr, "%s\n", error), 1;
    melisma_info info;
    melisma_describe(model, &info, sizeof info);
    const int rates[] = {0, info.sample_rate == 48000 ? 44100 : 48000, 44101};
    constexpr int MOST = 4000;
    static float in[MOST], out[MOST];
    float* frames = static_cast<float*>(calloc(static_cast<size_t>(MOST) * (512 + 2), sizeof(float)));
    float* level = static_cast<float*>(calloc(MOST, sizeof(float)));
    float* signals[130];
    for (float*& s : signals) s = static_cast<float*>(calloc(MOST, sizeof(float)));
    Turner turner;
    turner.parameters = melisma_parameter_count(model);
    turner.model = model;
    for (int i = 0; i < 3; i++) {
        turner.streams[i] = melisma_stream_new(model, rates[i], error, sizeof error);
        if (!turner.streams[i]) return fprintf(stderr, "%s\n", error), 1;
    }
    melisma_stream* part = melisma_stream_new(model, 0, error, sizeof error);
    melisma_stream* other = melisma_stream_new(model, rates[1], error, sizeof error);
    melisma_stream* pair = melisma_stream_new_channels(model, rates[2], 2, error, sizeof error);
    melisma_slot* slot = melisma_slot_new(rates[1]);
    melisma_exciter* exciter = melisma_exciter_new(rates[1]);
    if (!pair || !slot || !exciter ||
        !melisma_slot_put(slot, melisma_stream_new_channels(model, rates[1], 2, error, sizeof error)))
        return fprintf(stderr, "%s\n", error), 1;
    melisma_close(model);  // the streams hold it; turner.model stays valid as long as they do
    pthread_t thread;
    pthread_create(&thread, nullptr, turn, &turner);

    long blocks = 0, bad = 0;
    double peak = 0;
    for (double done = 0; done < seconds; blocks++) {
        int n = static_cast<int>(next() % (blocks % 7 == 0 ? MOST : 700));
        if (blocks % 11 == 0) n = 0;
        for (int i = 0; i < n; i++) in[i] = 0.3f * noise();
        if (blocks % 5 == 0 && n) in[next() % static_cast<uint32_t>(n)] = blocks % 2 ? NAN : INFINITY;
        if (blocks % 13 == 0 && n) in[0] = 3e38f;
        melisma_stream* stream = turner.streams[blocks % 3];
        armed = true;
        if (blocks % 97 == 96) melisma_reset(stream);
        bool same = blocks % 4 == 0;  // in place
        if (same) memcpy(out, in, static_cast<size_t>(n) * sizeof(float));
        melisma_process(stream, same ? out : in, out, n);
        for (int i = 0; i < n; i++) {
            if (!std::isfinite(out[i])) bad++;
            peak = std::fmax(peak, std::fabs(static_cast<double>(out[i])));
        }
        if (blocks % 10 == 0) {
            melisma_reset(part);
            int64_t l = melisma_encode(part, in, n, frames, level);
            melisma_decode(part, frames, level, l < 8 ? l : 8, out);
            l = melisma_analyse(part, in, n, frames, level);
            melisma_synthesize(part, frames, l < 8 ? l : 8, out);
            static int8_t layers[MOST * 512];
            melisma_reset(part);
            l = melisma_encode_layers(part, in, n, frames, level, info.bands <= 512 ? layers : nullptr);
            for (int i = 0; i < 40; i++) layers[next() % sizeof layers] = static_cast<int8_t>(next());
            melisma_decode_layers(part, frames, level, info.bands <= 512 ? layers : nullptr, noise(), 1,
                                  l < 8 ? l : 8, nullptr, out);
            melisma_posterior(part, in, n, frames, nullptr);
            melisma_decode_mel(part, frames, level, 1, out + 600);
            melisma_reset(other);
            melisma_encode_signals(other, in, signals, n);
            melisma_decode_signals(other, signals, out, n);
            melisma_latency(other);
        }
        // two channels, in place and crossed, of an exciter that hears anything
        for (int i = 0; i < 6; i++) {
            uint8_t message[3];
            for (uint8_t& byte : message) byte = static_cast<uint8_t>(next());
            message[0] = static_cast<uint8_t>(0x80 | message[0]);
            melisma_exciter_midi(exciter, message, static_cast<int>(next() % 4));
        }
        melisma_exciter_note_on(exciter, static_cast<int>(next() % 16), static_cast<int>(next() % 128), 0.5f);
        const melisma_parameter* p = melisma_exciter_parameter_at(
            static_cast<int>(next() % static_cast<uint32_t>(melisma_exciter_parameter_count())));
        melisma_exciter_set(exciter, p->name, p->minimum + (noise() + 1) / 2 * (p->maximum - p->minimum));
        if (blocks % 51 == 50) melisma_exciter_reset(exciter);
        melisma_exciter_process(exciter, in, n);
        memcpy(out, in, static_cast<size_t>(n) * sizeof(float));
        float* const both[] = {out, in};
        float* const crossed[] = {in, out};
        melisma_process_channels(pair, both, blocks % 2 ? both : crossed, n);
        melisma_slot_process_channels(slot, 2, both, both, n);
        for (int i = 0; i < n; i++)
            if (!std::isfinite(out[i]) || !std::isfinite(in[i])) bad++;
        armed = false;
        done += static_cast<double>(n) / info.sample_rate;
    }
    turner.stop = true;
    pthread_join(thread, nullptr);
    for (melisma_stream* stream : turner.streams) melisma_stream_free(stream);
    melisma_stream_free(part);
    melisma_stream_free(other);
    melisma_stream_free(pair);
    melisma_slot_free(slot);
    melisma_exciter_free(exciter);
    free(frames);
    free(level);
    for (float* s : signals) free(s);
    printf(
        "{\"blocks\": %ld, \"allocations\": %ld, \"locks\": %ld, \"counted\": %d, \"not_finite\": %ld, "
        "\"peak\": %g}\n",
        blocks, allocations.load(), locks.load(), COUNTS, bad, peak);
    return bad || allocations || locks;
}
