// Between the host's rate and the model's: a polyphase windowed sinc, sample by sample the same for any block
// size.
#pragma once

#include "nn/kernels/kernels.h"
#include "base/memory.h"

namespace melisma {

class Resampler {
  public:
    // Output k lies at (k · from − offset) / to input samples; offset in units of 1 / to input sample.
    void plan(Arena& arena, int from, int to, int64_t offset, int most_in);
    void reset();

    // Take n ≤ most_in samples, give at most `most` outputs of those that are due. → how many
    int run(const Kernels& kernels, const float* in, int n, float* out, int most);
    // How many outputs n more inputs would make due; for keeping time without sound.
    int count(int n);

    // Input samples by which an output waits for what comes after its own place.
    static int reach(int from, int to);
    static int gcd(int a, int b);

  private:
    int from_ = 1, to_ = 1, half_ = 0, taps_ = 0, phases_ = 0;
    bool exact_ = true;
    float *table_ = nullptr, *window_ = nullptr;
    int kept_ = 0;  // samples in the window
    int64_t place_ =
        0;  // of the next output: whole input samples after the first of the window that it reads, …
    int64_t rest_ = 0;  // … and the rest in 1 / to
    int64_t floor_ = 0;
    int64_t rest_first_ = 0;
};

}  // namespace melisma
