// Between a host and a model: their rates, and the host's own sound as late as the model's.
#pragma once

#include "dsp/resampler.h"
#include "dsp/smooth.h"
#include "stream/model.h"

namespace melisma {

class Host {
  public:
    // Host samples handled at once, larger blocks are cut: as many frames as share a pass over the weights.
    static constexpr int BLOCK = 2048;

    float* sound = nullptr;     // (BLOCK): the host's samples, put aside
    float* at_model = nullptr;  // room at the model's rate, where the rates differ

    void plan(Arena& arena, const Model& model, int rate);
    void clear();

    bool resamples() const { return resamples_; }
    int latency() const { return latency_; }
    int in(const float* x, int n) {
        return in_.run(*kernels_, x, n, at_model, most_ + 16);
    }  // → samples in at_model
    int due(int n) { return in_.count(n); }
    void out(int made, float* y, int n) { out_.run(*kernels_, at_model, made, y, n); }

    // y = y · amount + x, as late as the model, · (1 − amount)
    void mix(const float* x, float* y, int n, Smooth& amount);

  private:
    const Kernels* kernels_ = nullptr;
    bool resamples_ = false;
    int latency_ = 0, most_ = 0;
    float share_ = 1;
    Resampler in_, out_;
    float* dry_ = nullptr;
    int dry_at_ = 0;
};

}  // namespace melisma
