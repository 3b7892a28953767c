// Waveform → log-mel and loudness, frame by frame (src/melisma/training/mel.py).
#pragma once

#include "dsp/bands.h"
#include "dsp/fft.h"
#include "dsp/highpass.h"
#include "nn/layers.h"

namespace melisma {

#include "dsp/mel.inc"
constexpr float LOUDEST_SAMPLE =
    1e4f;  // +80 dBFS: the absurd is merely loud, and stays within what floats hold

class Analysis {
  public:
    struct State {
        float* samples;  // the last frame − hop samples, then a place for MOST_FRAMES hops
        int filled;      // of that place
        Highpass highpass;
        float *frame, *re, *im, *magnitude, *work;
    };

    // Whether there is such an analysis; if not, the reason said.
    static bool fits(const Config& config, Reason& reason);
    void load(const Loader& from);
    void plan(Arena& arena, State& state) const;
    void clear(State& state) const;

    int capacity(const State& state) const { return MOST_FRAMES * hop_ - state.filled; }
    // Take n ≤ capacity samples. NaN and infinities are read as 0.
    void push(State& state, const float* x, int n) const;
    // All frames that are complete (at most MOST_FRAMES): mel (frames, M), loudness (frames). → how many
    // spectra, where not null: (frames, 2, bins), real and imaginary parts
    int pull(const Kernels& kernels, State& state, float* mel, float* loudness, float* spectra) const;
    int bins() const { return bins_; }
    float scale() const { return scale_; }  // from a spectrum to magnitudes

    const Bank& bank() const { return bank_; }
    const float* log_weights() const { return log_band_weights_; }
    // (bins), with which squared magnitudes add up to loudness
    const float* weights() const { return weights_; }
    const FftPlan& fft() const { return fft_; }
    BankView view() const {
        return {bank_.bands, bins_, bank_.start, bank_.width, bank_.offset, bank_.weights};
    }

  private:
    int frame_ = 0, hop_ = 0, bins_ = 0;
    double pole_ = 0;  // of the highpass; 0 for none
    float scale_ = 0;
    const float *window_ = nullptr, *weights_ = nullptr, *log_band_weights_ = nullptr;
    Bank bank_;
    FftPlan fft_ = {};
};

}  // namespace melisma
