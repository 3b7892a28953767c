// Mel bands, A-weighting and windows: the tables that a reader computes from the configuration
// (src/melisma/files/bands.py).
#pragma once

#include "format/config.h"
#include "base/memory.h"
#include "nn/kernels/kernels.h"

namespace melisma {

// The filterbank, row by row: band j has `width[j]` weights from bin `start[j]` on, at weights[offset[j]],
// and zeros after them up to a whole ROW (kernels.h).
struct Bank {
    int bands = 0;
    int *start = nullptr, *width = nullptr, *offset = nullptr;
    float* weights = nullptr;
};

// Counts the bands that hold an FFT bin. 0 if fmin and fmax leave no room.
int count_bands(const Config& config);
void make_bank(Arena& arena, const Config& config, Bank& bank);

// Periodic Hann window (frame), its sum and its sum of squares.
void hann(const Config& config, double* window, double* sum, double* squares);

// Weights (bins) with which squared magnitudes add up to A-weighted power.
void loudness_weights(const Config& config, double sum, double squares, double* weights);

// The logarithm of the weights (bands) with which squared mel magnitudes add up to nearly the same; work: 2 ·
// bins doubles.
void log_band_weights(const Config& config, const Bank& bank, double* work, float* weights);

}  // namespace melisma
