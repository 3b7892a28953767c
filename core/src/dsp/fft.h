// Tables of the real Fourier transform; the passes themselves are kernels.
#pragma once

#include "nn/kernels/kernels.h"
#include "base/memory.h"

namespace melisma {

// Any size ≥ 2; fast where it is a product of few small primes. The plan's `work` is the stream's: see
// fft_work.
void make_fft(Arena& arena, int size, FftPlan& plan);
size_t fft_work(const FftPlan& plan);  // floats

}  // namespace melisma
