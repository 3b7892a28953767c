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
    // pitch: how far the latents of pitch need not hold it, since the sound's own fine structure does.
    void step(float* z, float loudness, float amount, float pitch, float seconds, double frame_seconds,
              bool keep);

  private:
    void follow(float share);
    void whiten();

    int latents_ = 0;
    const int* order_ = nullptr;
    const uint8_t* timbre_ = nullptr;
    // latents without their flutter; mean and covariance of those lately, in that order; room
    float *steady_ = nullptr, *mean_ = nullptr, *covariance_ = nullptr, *factor_ = nullptr,
          *whitened_ = nullptr;
    bool begun_ = false;
};

}  // namespace melisma
