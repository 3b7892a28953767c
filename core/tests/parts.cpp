// The core's inner parts behind C, for tests that compare them with the reference one by one.
#include <cmath>
#include <cstring>

#include "dsp/fft.h"
#include "nn/layers.h"

const melisma::Kernels* wide_kernels();

using namespace melisma;

#define EXPORT extern "C" __attribute__((visibility("default")))

static const Kernels* named(const char* name) {
    return std::strcmp(name, "wide") ? choose_kernels(name) : wide_kernels();
}

EXPORT int parts_has(const char* kernels) { return named(kernels) != nullptr; }

EXPORT void parts_fft(const char* kernels, int size, const float* x, float* re, float* im, float* back) {
    Arena measure;
    FftPlan plan;
    make_fft(measure, size, plan);
    measure.take<float>(fft_work(plan));
    Block block;
    block.allocate(measure.used());
    Arena arena(block.base());
    make_fft(arena, size, plan);
    plan.work = arena.take<float>(fft_work(plan));
    named(kernels)->forward(plan, x, re, im);
    named(kernels)->inverse(plan, re, im, back);
}

// weight (outputs, inputs, taps) → y (frames, outputs) of x (frames + (taps − 1) · dilation, inputs)
EXPORT void parts_multiply(const char* kernels, int outputs, int inputs, int taps, int dilation, int frames,
                           const float* weight, const float* bias, const float* scale, const float* add,
                           const float* x, float* y) {
    const Kernels& k = *named(kernels);
    int vectors = (outputs + k.lanes - 1) / k.lanes;
    Block block;
    block.allocate(static_cast<size_t>(vectors) * k.lanes * inputs * taps * 4);
    float* to = reinterpret_cast<float*>(block.base());
    for (int first = 0; first < vectors; first += PANEL) {
        int wide = (vectors - first < PANEL ? vectors - first : PANEL) * k.lanes;
        for (int t = 0; t < taps; t++)
            for (int i = 0; i < inputs; i++)
                for (int o = 0; o < wide; o++, to++)
                    if (first * k.lanes + o < outputs)
                        *to = weight[(static_cast<int64_t>(first * k.lanes + o) * inputs + i) * taps + t];
    }
    Matrix m = {block.base(), bias, nullptr, outputs, inputs, taps, Weights::FLOAT32};
    k.multiply(m, x, static_cast<int64_t>(dilation) * inputs, frames, {scale, add}, y);
}

// The same of 8-bit weights (outputs, inputs, taps) and their scales (outputs), without epilogue.
EXPORT void parts_multiply_bytes(const char* kernels, int outputs, int inputs, int taps, int dilation,
                                 int frames, const int8_t* weight, const float* bias, const float* scale,
                                 const float* x, float* y) {
    const Kernels& k = *named(kernels);
    const int vectors = (outputs + k.lanes - 1) / k.lanes, places = inputs * taps, pairs = (places + 1) / 2;
    Block block, scales;
    block.allocate(static_cast<size_t>(vectors) * k.lanes * pairs * 2);
    scales.allocate(static_cast<size_t>(vectors) * k.lanes * 4);
    std::memcpy(scales.base(), scale, static_cast<size_t>(outputs) * 4);
    int8_t* to = reinterpret_cast<int8_t*>(block.base());
    for (int first = 0; first < vectors; first += BYTE_PANEL) {
        int wide = (vectors - first < BYTE_PANEL ? vectors - first : BYTE_PANEL) * k.lanes;
        for (int pair = 0; pair < pairs; pair++)
            for (int o = 0; o < wide; o++)
                for (int place = 2 * pair; place < 2 * pair + 2; place++, to++)
                    if (first * k.lanes + o < outputs && place < places)
                        *to = weight[(static_cast<int64_t>(first * k.lanes + o) * inputs + place % inputs) *
                                         taps +
                                     place / inputs];
    }
    Matrix m = {block.base(), bias,         reinterpret_cast<float*>(scales.base()), outputs, inputs,
                taps,         Weights::INT8};
    k.multiply(m, x, static_cast<int64_t>(dilation) * inputs, frames, {nullptr, nullptr}, y);
}

EXPORT void parts_gelu(const char* kernels, float* x, int n) { named(kernels)->gelu(x, n, 1); }
EXPORT void parts_tanh(const char* kernels, float* x, int n) { named(kernels)->tanh(x, n); }
EXPORT void parts_norm(const char* kernels, const float* w, const float* b, int n, const float* x, float* y) {
    named(kernels)->norm(w, b, n, 1, x, y);
}

// state (5, bins) as integration.py has it; one frame
EXPORT void parts_integrate(const char* kernels, int bins, int frame, int hop, const float* magnitude,
                            double* state, float* re, float* im) {
    constexpr double PI = 3.14159265358979323846;
    Block block;
    block.allocate(static_cast<size_t>(18 * (bins + 16)) * sizeof(double));
    double* at = reinterpret_cast<double*>(block.base()) + 8;
    auto next = [&] {
        double* here = at;
        at += bins + 16;
        return here;
    };
    Phases p;
    p.bins = bins;
    double gamma = 0.25645 * frame * frame;
    p.per_time = static_cast<double>(hop) * frame / gamma;
    p.per_bin = gamma / (static_cast<double>(hop) * frame);
    double* steady = next();
    for (int m = 0; m < bins; m++) steady[m] = 2 * PI * (static_cast<int64_t>(hop) * m % frame) / frame;
    p.steady = steady;
    double** arrays[] = {&p.cosine, &p.sine,   &p.last,    &p.older,  &p.before, &p.energy,
                         &p.log,    &p.weight, &p.advance, &p.turn_c, &p.turn_s, &p.past_c,
                         &p.past_s, &p.told_c, &p.told_s,  &p.says_c, &p.says_s};
    for (double** array : arrays) *array = next();
    for (int i = 0; i < 5; i++)
        std::memcpy(*arrays[i], state + i * bins, static_cast<size_t>(bins) * sizeof(double));
    for (int m = 0; m < bins; m++) p.energy[m] = std::exp(2 * p.last[m]);
    named(kernels)->integrate(p, magnitude, nullptr, 0, 0, re, im);
    for (int i = 0; i < 5; i++)
        std::memcpy(state + i * bins, *arrays[i], static_cast<size_t>(bins) * sizeof(double));
}
