// What the latents leave out of a sound's mel, parted into two layers: `fine` and `colour`
// (docs/lab/residual.md, src/melisma/training/residual.py).
//
// Where a frame sounds, its relative mel minus the one that its latents decode to is written as cosines over
// the bands and rounded to steps. Nothing is smoothed: a low note's partials beat within a band, from frame
// to frame, and without their beats it has no pitch. The first cosines are colour, the spectrum's envelope;
// the others are fine structure, partials above all.
#pragma once

#include "base/memory.h"

namespace melisma {

namespace residual {
#include "latent/residual.inc"
}
using residual::FINE_FROM, residual::LAYER_STEP, residual::LAYER_MOST, residual::SINKS;
constexpr int COLOUR_FROM = 1;  // cosine; the first, level, is the loudness's alone

class Residual {
  public:
    struct State {
        float* gathered;       // (bands,) of cosines: scratch
        int8_t* steps;         // (bands,) of cosines, of the frame before
        float *fine, *colour;  // (bands,): what that is in bands
    };

    void load(Arena& arena, int bands);
    void plan(Arena& arena, State& state) const;
    void clear(State& state) const;  // nothing is left over, and a new sound begins

    // One frame: its log-mel, loudness and what it decodes to, a relative mel.
    void follow(State& state, const float* mel, float loudness, const float* decoded) const;
    // Steps (bands,) that a host brings.
    void take(State& state, const int8_t* steps) const;
    // shape (bands,) += so much of the two.
    void add(const State& state, float fine, float colour, float* shape) const;
    // shape (bands,) += so much of the fine structure of `from` less its own.
    void keep(float amount, const float* from, float* shape) const;
    // The same for steps (bands,) that were left out of `from`: with them `shape` has the fine structure that
    // `from` had.
    void keep(const float* from, const float* shape, int8_t* steps) const;

  private:
    void spread(State& state) const;

    int bands_ = 0;
    const float *cosines_ = nullptr,
                *turned_ = nullptr;  // (bands, bands): an orthonormal basis, in rows and in columns
};

}  // namespace melisma
