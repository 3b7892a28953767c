// The vocoders, behind one interface: log-mel (frames, M), at least 0 → hop samples a frame.
#pragma once

#include "dsp/analysis.h"
#include "nn/layers.h"

namespace melisma {

// Phases from mathematics, magnitudes from a network (src/melisma/training/vocoders/phase.py).
class PhaseVocoder {
  public:
    struct State {
        Network::State network;
        Phases phases;
        double* draft;
        float *features, *correction, *turn, *magnitude, *level, *re, *im, *frame, *work;
        float* tail;  // frame samples: what later frames add to
    };

    void load(const Loader& from, const Analysis& analysis);
    void plan(Arena& arena, State& state) const;
    void clear(State& state) const;
    void step(const Kernels& kernels, State& state, const float* mel, int frames, float* out) const;

  private:
    int frame_ = 0, hop_ = 0, bins_ = 0, width_ = 0, rounds_ = 0;
    bool turns_ = false;
    Network network_;
    const float *norm_ = nullptr, *norm_bias_ = nullptr, *window_ = nullptr;
    const double *total_ = nullptr, *steady_ = nullptr;
    Matrix magnitude_ = {}, turn_ = {};
    BankView bank_ = {};
    FftPlan fft_ = {};
};

// MelGAN's generator, causal (src/melisma/training/vocoders/melgan.py).
class MelganVocoder {
  public:
    static constexpr int MOST_LAYERS = MOST_RATIOS * (1 + 2 * MOST_RATIOS) + 2;

    struct State {
        Conv::State*
            layers;  // first, then for each ratio the upsampling and two of each residual, then the last
        float *x, *y;
    };

    ~MelganVocoder();
    bool load(const Loader& from);  // false: no memory
    void plan(Arena& arena, State& state) const;
    void clear(State& state) const;
    void step(const Kernels& kernels, State& state, const float* mel, int frames, float* out) const;

  private:
    Conv* layers_ = nullptr;
    int count_ = 0, ratios_ = 0, dilations_ = 0, hop_ = 0;
    int ratio_[MOST_RATIOS] = {};
};

}  // namespace melisma
