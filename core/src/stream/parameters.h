// What a musician may turn while a stream runs: declared once, set from any thread, reached smoothly.
#pragma once

#include <atomic>

#include <melisma.h>
#include "base/memory.h"

namespace melisma {

#include "stream/parameters.inc"

// The declarations of a model with so many latents.
class Declarations {
  public:
    void load(Arena& arena, int latents);
    int count() const { return count_; }
    const melisma_parameter& at(int index) const { return list_[index]; }
    int find(const char* name) const;
    // Where scale.1 or bias.1 is
    static int of_latents(OfLatents kind, int latents) { return FIXED_COUNT + kind * latents; }

  private:
    melisma_parameter* list_ = nullptr;
    int count_ = 0;
};

}  // namespace melisma
