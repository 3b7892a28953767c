// The latents with the mean and the covariance taken out that they have had lately, while something sounded:
// src/melisma/latent/edits.py's `match`, which knows the whole. A stream begins with those of the domain,
// zero and the identity.
#pragma once

#include "base/memory.h"

namespace melisma {

class Match {
  public:
    // pitch_first (latents): the order in which they are freed of each other; timbre (latents): 1 for those
    // of timbre
    void plan(Arena& arena, int latents, const int* pitch_first, const uint8_t* timbre);
    void clear();

    // One frame's latents come nearer to the domain by `amount`; `keep`: what is followed stays as it is.
    // Three frames are averaged, 1 : 2 : 1, as in the whole, so these latents come a frame late.
    void step(float* z, float loudness, float amount, float seconds, double frame_seconds, bool keep);

  private:
    void follow(const float* z, float share);
    void whiten(const float* z);

    int latents_ = 0;
    const int* order_ = nullptr;
    const uint8_t* timbre_ = nullptr;
    // mean and covariance lately, in that order; room; and where it moved them in this frame and the two
    // before, if it did
    float *mean_ = nullptr, *covariance_ = nullptr, *factor_ = nullptr, *whitened_ = nullptr,
          *moved_ = nullptr;
    bool moved_before_ = false;
};

}  // namespace melisma
