// The arithmetic, compiled once for each instruction set and chosen when a model is opened.
//
// Activations lie frame by frame: x[frame * channels + channel]. Every kernel treats each frame alone and in
// the same order of operations, however many frames a call brings: so results do not depend on how a sound is
// cut into blocks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/limits.h"

namespace melisma {

// A matrix or convolution kernel, packed by `pack` (matrix.h) in panels of PANEL vectors of outputs:
// data[panel][tap][input][output in panel].
constexpr int PANEL = 8;

// 8-bit weights lie in narrower panels, two inputs beside each other, since these are multiplied together:
// data[panel][pair of inputs, over all taps][output in panel][2].
constexpr int BYTE_PANEL = 4;

constexpr int MOST_LANES = 16;  // floats in a vector of any of them

// The largest whole number that an input may become, of so many: sums of products with 8 bits stay within 32.
constexpr int byte_span(int inputs) {
    return inputs < 512 ? 32767 : static_cast<int>(0x7fffffffLL / (128LL * inputs));
}

enum class Weights { FLOAT32, FLOAT16, INT8 };  // the shorter are widened in registers

struct Matrix {
    const void* data;
    const float* bias;
    const float* scale;  // of bytes: what 1 stands for, for each output and zeros up to a whole vector
    int outputs, inputs, taps;
    Weights weights;
};

// y = (W x + bias) · scale + add; scale (outputs) and add (frames, outputs) may be null; add may be y.
struct Epilogue {
    const float* scale;
    const float* add;
};

struct FftStage {
    int radix, m, stride;                   // m = length left / radix
    const float *cosine, *sine;             // twiddles (radix − 1, m)
    const double *root_cosine, *root_sine;  // of the radix, for those but 2 and 4
};

struct FftPlan {
    int size;    // real samples
    int length;  // of the complex transform: size / 2, or size where that is odd
    int stages;
    FftStage stage[32];
    const float *cosine, *sine;  // exp(−2πi k / size), k = 0 … length / 2
    float* work;                 // 4 · (length + 16), of the stream
};

// A filterbank. A band's weights lie from a whole ROW on and end with zeros up to one: so magnitudes that are
// read by them end with as many finite numbers beyond the last bin.
constexpr int ROW = 8;

struct BankView {
    int bands, bins;
    const int *start, *width, *offset;
    const float* weights;
};

constexpr size_t draft_work(int bins, int bands) {
    return (2 * static_cast<size_t>(bins + ROW) + static_cast<size_t>(bands)) * ROW;
}

// What integration needs of a frame: arrays over bins, each with one zero before and after.
struct Phases {
    int bins;
    double per_time, per_bin;
    const double* steady;  // advance of a steady sine in the middle of each bin
    const float* loud;     // of a squared magnitude, how much it counts for the loudness
    double *cosine, *sine, *last, *older, *before, *energy;              // state
    double *log, *weight, *advance, *turn_c, *turn_s, *past_c, *past_s;  // scratch
    double *told_c, *told_s, *says_c, *says_s;
};

typedef void Multiply(const Matrix& w, const float* x, int64_t step, int frames, const Epilogue& epilogue,
                      float* y);

struct Kernels {
    const char* name;
    int lanes;    // floats in a vector
    bool halves;  // reads 16-bit weights

    // y (frames, outputs) from x: tap k of frame t reads x[t * inputs + k * step …], `inputs` numbers each.
    Multiply* multiply_floats;  // weights of 32 or 16 bits
    Multiply* multiply_bytes;   // of 8
    void multiply(const Matrix& w, const float* x, int64_t step, int frames, const Epilogue& epilogue,
                  float* y) const {
        (w.weights == Weights::INT8 ? multiply_bytes : multiply_floats)(w, x, step, frames, epilogue, y);
    }
    // one output and taps without dilation: weights (taps * inputs) as floats
    void (*dot)(const float* w, float bias, const float* x, int inputs, int taps, int frames, float* y);
    // y[t][c] = bias[c] + Σ_k w[k][c] · x[t + k][c]
    void (*depthwise)(const float* w, const float* bias, const float* x, int channels, int taps, int frames,
                      float* y);
    void (*norm)(const float* weight, const float* bias, int channels, int frames, const float* x, float* y);
    void (*gelu)(float* x, int channels, int frames);
    void (*leaky)(const float* x, int64_t n, float* y);
    void (*tanh)(float* x, int64_t n);

    // real samples (size) → spectrum (size / 2 + 1) and back, without the factor 1 / size
    void (*forward)(const FftPlan& plan, const float* x, float* re, float* im);
    void (*inverse)(const FftPlan& plan, const float* re, const float* im, float* x);

    void (*multiply_vectors)(const float* a, const float* b, int n, float* y);
    void (*magnitude)(const float* re, const float* im, float scale, int n, float* y);
    void (*logmel)(const BankView& bank, const float* magnitude, float* mel);
    // a relative mel (bands) moved so that the loudness it implies is the one it is relative to
    void (*level)(const float* log_weights, int bands, float* mel);
    // log-mels (frames, bands) → linear magnitudes (frames, bins), by non-negative least squares; work:
    // `draft_work` doubles; total (bins): bankᵀ 1
    void (*draft)(const BankView& bank, const double* total, int rounds, int frames, const float* mel,
                  double* work, float* magnitude);
    // magnitude · exp(3 tanh(c / 3))
    void (*refine)(const float* correction, int n, float* magnitude);
    // one frame: magnitudes (bins) → spectrum with integrated phases, and the state after it. heard (3,
    // bins): cosines and sines of other phases, which are taken instead as far as `follow`, from 0 to 1, and
    // the magnitudes that they had: what is made much louder in a bin than it was there is not theirs. As
    // far as `low`, not much is made louder below the lowest partial that was heard
    void (*integrate)(const Phases& phases, const float* magnitude, const float* heard, float follow,
                      float low, float* re, float* im);
    void (*rotate)(const float* angles, int n, float* re, float* im);           // radians
    void (*overlap)(const float* frame, const float* window, int n, float* y);  // y += frame · window
};

const Kernels* plain_kernels();
const Kernels* avx2_kernels();  // null where the build has none
const Kernels* avx512_kernels();
const Kernels* neon_kernels();
Multiply* avx512vnni_multiply();  // in the place of avx512's `multiply_bytes`, where the machine has VNNI

// The best that this machine runs, or those of that name; null if it does not run them.
const Kernels* choose_kernels(const char* name);

}  // namespace melisma
