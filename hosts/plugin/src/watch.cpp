#include "watch.h"

#include <string.h>

bool watch_next(Watch* watch, uint32_t* seen, Frame* frame) {
    for (;;) {
        uint32_t written = watch->written.load(std::memory_order_acquire);
        if (*seen == written) return false;
        if (written - *seen > WATCH_FRAMES - 8) *seen = written - WATCH_FRAMES / 2;
        Slot& slot = watch->slots[*seen % WATCH_FRAMES];
        auto get = [](const auto& value) { return value.load(std::memory_order_relaxed); };
        frame->number = get(slot.number);
        frame->latents = get(slot.latents);
        frame->bands = get(slot.bands);
        frame->level = get(slot.level);
        frame->loudness = get(slot.loudness);
        for (int i = 0; i < frame->latents && i < MOST_LATENTS; i++) frame->latent[i] = get(slot.latent[i]);
        for (int i = 0; i < frame->bands && i < MOST_BANDS; i++) frame->mel[i] = get(slot.mel[i]);
        std::atomic_thread_fence(std::memory_order_acquire);
        if (watch->written.load(std::memory_order_relaxed) - *seen >= WATCH_FRAMES) continue;  // written over
        ++*seen;
        return true;
    }
}

void watch_press(Watch* watch, int note, int velocity) {
    uint32_t at = watch->keys_in.load(std::memory_order_relaxed);
    if (at - watch->keys_out.load(std::memory_order_acquire) == WATCH_KEYS) return;
    watch->keys[at % WATCH_KEYS] = static_cast<uint32_t>((note & 127) | (velocity & 127) << 8);
    watch->keys_in.store(at + 1, std::memory_order_release);
}
