// What a musician may turn while a stream runs: declared once, set from any thread, reached smoothly.
#pragma once

#include <atomic>

#include <melisma.h>
#include "base/memory.h"

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
    FINE,
    COLOUR,
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

}  // namespace melisma
