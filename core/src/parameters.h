// What a musician may turn while a stream runs: declared once, set from any thread, reached smoothly.
#pragma once

#include <atomic>

#include "../include/melisma.h"
#include "memory.h"

namespace melisma {

enum Fixed : int {
    MIX,
    LOUDNESS_BY_HAND,
    LOUDNESS_LEVEL,
    LOUDNESS_OFFSET,
    FREEZE,
    FREEZE_LOUDNESS,
    MATCH,
    MATCH_SECONDS,
    NOISE,
    NOISE_RATE,
    NOISE_SEED,
    FEEDBACK,
    FEEDBACK_FREQUENCY,
    FEEDBACK_Q,
    FIXED_COUNT,  // scale of each latent, then bias of each, follow
};

// The declarations of a model with so many latents.
class Declarations {
  public:
    void load(Arena& arena, int latents);
    int count() const { return count_; }
    const melisma_parameter& at(int index) const { return list_[index]; }
    int find(const char* name) const;

  private:
    melisma_parameter* list_ = nullptr;
    int count_ = 0;
};

// A value and where it is going. `advance` moves it by the share a step covers.
struct Smooth {
    float value, target;

    void jump(float to) { value = target = to; }
    float advance(float share) {
        float gap = target - value;
        // the last bit of the way at once, so that a parameter at rest changes nothing at all
        value = gap * gap < 1e-10f * (1e-6f + target * target) ? target : value + gap * share;
        return value;
    }
    bool is(float x) const { return value == x && target == x; }
};

}  // namespace melisma
