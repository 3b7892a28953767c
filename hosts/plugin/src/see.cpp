// The audio thread's side of watch.h, and what a window is told of the model.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <algorithm>

#include "control.h"
#include "models.h"

// The newest frame, if it is another; the caller has the player.
static void leave_frame(Instance* x) {
    Watch& w = x->watch;
    melisma_stream* stream = player_stream(&x->player);
    if (!stream || !x->player.model) return;
    melisma_info info;
    melisma_describe(x->player.model, &info, sizeof info);
    if (info.latents > MOST_LATENTS || info.bands > MOST_BANDS) return;
    Frame& f = w.frame;
    int64_t number = melisma_last_frame(stream, f.latent, &f.loudness, f.mel);
    if (number == f.number || number == 0) return;
    f.number = number;
    uint32_t at = w.written.load(std::memory_order_relaxed);
    Slot& slot = w.slots[at % WATCH_FRAMES];
    std::atomic_thread_fence(std::memory_order_release);
    auto put = [](auto& to, auto value) { to.store(value, std::memory_order_relaxed); };
    put(slot.number, number);
    put(slot.latents, info.latents);
    put(slot.bands, info.bands);
    put(slot.level, w.level);
    put(slot.loudness, f.loudness);
    for (int i = 0; i < info.latents; i++) put(slot.latent[i], f.latent[i]);
    for (int i = 0; i < info.bands; i++) put(slot.mel[i], f.mel[i]);
    w.level = 0;
    w.written.store(at + 1, std::memory_order_release);
}

void see_block(Instance* x, const float* const* out, int64_t n) {
    if (!x->watch.windows.load(std::memory_order_relaxed)) return;
    float level = x->watch.level;
    for (int c = 0; c < CHANNELS; c++)
        for (int64_t i = 0; i < n; i++) level = std::max(level, fabsf(out[c][i]));
    x->watch.level = level;
    if (!control_try(x)) return;  // at the next block
    leave_frame(x);
    control_leave(x);
}

void see_keys(Instance* x) {
    Watch& w = x->watch;
    uint32_t at = w.keys_out.load(std::memory_order_relaxed);
    for (uint32_t end = w.keys_in.load(std::memory_order_acquire); at != end; at++) {
        uint32_t key = w.keys[at % WATCH_KEYS];
        uint8_t bytes[3] = {0x90, static_cast<uint8_t>(key & 127), static_cast<uint8_t>(key >> 8)};
        instance_note(x, 0, bytes, sizeof bytes);
    }
    w.keys_out.store(at, std::memory_order_release);
}

void instance_look(Instance* x, Look* look) {
    pthread_mutex_lock(&x->control);  // not the player: the audio thread would have to come again
    memset(look, 0, sizeof *look);
    look->rate = x->player.rate;
    look->latency = x->latency;
    look->status = static_cast<Status>(x->status.load());
    snprintf(look->said, sizeof look->said, "%s", x->said);
    snprintf(look->file, sizeof look->file, "%s", x->file);
    const char* name = *x->player.wanted ? x->player.wanted : x->player.name;
    snprintf(look->name, sizeof look->name, "%s", name);
    if (x->player.model) {
        melisma_info info;
        melisma_describe(x->player.model, &info, sizeof info);
        snprintf(look->unusable, sizeof look->unusable, "%s", info.unusable ? info.unusable : "");
        look->latents = std::min(info.latents, MOST_LATENTS);
        look->bands = std::min(info.bands, MOST_BANDS);
        look->frames_per_second = static_cast<float>(info.sample_rate) / static_cast<float>(info.hop);
        if (info.percentiles) memcpy(look->percentiles, info.percentiles, sizeof(float) * 5 * look->latents);
    }
    pthread_mutex_unlock(&x->control);
}

void instance_known(Instance* x, Known* known) {
    pthread_mutex_lock(&x->control);
    *known = x->known;
    pthread_mutex_unlock(&x->control);
}

void instance_choose_file(Instance* x, const char* path) {
    Control control(x);
    instance_load(x, path);
    control_serve(x);
}
