#include "dsp/analysis.h"

#include <cmath>

namespace melisma {

bool Analysis::fits(const Config& config, Reason& reason) {
    const AnalysisConfig& c = config.analysis;
    if (c.hop * 2 > c.frame || c.frame % c.hop)
        return reason.say("a frame of %d samples does not hold two or more whole hops of %d", c.frame, c.hop);
    double top = std::fmin(c.fmax, c.sample_rate / 2.0);
    if (!(c.fmin > 0 && c.fmin < top))
        return reason.say("fmin %g Hz must lie between 0 and %g Hz", c.fmin, top);
    return count_bands(config) > 0 || reason.say("none of its mel bands holds a frequency of the transform");
}

void Analysis::load(const Loader& from) {
    const Config& c = from.file.config;
    frame_ = c.analysis.frame;
    hop_ = c.analysis.hop;
    bins_ = c.bins();
    pole_ = c.analysis.highpass > 0 ? Highpass::pole(c.analysis.highpass, c.analysis.sample_rate) : 0;
    make_bank(from.arena, c, bank_);
    make_fft(from.arena, frame_, fft_);
    double* exact = from.arena.take<double>(static_cast<size_t>(frame_));
    float* window = from.arena.take<float>(static_cast<size_t>(frame_));
    float* weights = from.arena.take<float>(static_cast<size_t>(bins_));
    double* work = from.arena.take<double>(2 * static_cast<size_t>(bins_));
    float* log_weights = from.arena.take<float>(static_cast<size_t>(bank_.bands));
    window_ = window;
    weights_ = weights;
    log_band_weights_ = log_weights;
    if (from.arena.planning()) return;
    double sum, squares;
    hann(c, exact, &sum, &squares);
    for (int n = 0; n < frame_; n++) window[n] = static_cast<float>(exact[n]);
    loudness_weights(c, sum, squares, work);
    for (int k = 0; k < bins_; k++) weights[k] = static_cast<float>(work[k]);
    log_band_weights(c, bank_, work, log_weights);
    scale_ = static_cast<float>(2 / sum);
}

void Analysis::plan(Arena& arena, State& state) const {
    size_t bins = static_cast<size_t>(bins_);
    state.samples = arena.take<float>(static_cast<size_t>(frame_ - hop_ + MOST_FRAMES * hop_));
    state.frame = arena.take<float>(static_cast<size_t>(frame_));
    state.re = arena.take<float>(bins);
    state.im = arena.take<float>(bins);
    state.magnitude = arena.take<float>(bins + ROW);  // zeros at its end, see BankView
    state.work = arena.take<float>(fft_work(fft_));
}

void Analysis::clear(State& state) const {
    state.filled = 0;
    state.highpass = {};
    std::memset(state.samples, 0, static_cast<size_t>(frame_ - hop_) * sizeof(float));
}

void Analysis::push(State& state, const float* x, int n) const {
    float* to = state.samples + frame_ - hop_ + state.filled;
    for (int i = 0; i < n; i++) {
        float v = x[i];
        bool finite = v - v == 0;  // false for NaN and both infinities
        v = finite ? v : 0;
        v = v > LOUDEST_SAMPLE ? LOUDEST_SAMPLE : v;
        v = v < -LOUDEST_SAMPLE ? -LOUDEST_SAMPLE : v;
        to[i] = pole_ > 0 ? static_cast<float>(state.highpass.step(v, pole_)) : v;
    }
    state.filled += n;
}

int Analysis::pull(const Kernels& kernels, State& state, float* mel, float* loudness, float* spectra) const {
    const size_t bins = static_cast<size_t>(bins_);
    int frames = state.filled / hop_;
    FftPlan fft = fft_;
    fft.work = state.work;
    for (int l = 0; l < frames; l++) {
        kernels.multiply_vectors(state.samples + l * hop_, window_, frame_, state.frame);
        kernels.forward(fft, state.frame, state.re, state.im);
        if (spectra) {
            std::memcpy(spectra, state.re, bins * sizeof(float));
            std::memcpy(spectra + bins, state.im, bins * sizeof(float));
            spectra += 2 * bins;
        }
        kernels.magnitude(state.re, state.im, scale_, bins_, state.magnitude);
        kernels.logmel(view(), state.magnitude, mel + static_cast<int64_t>(l) * bank_.bands);
        double sums[4] = {};  // one alone would wait for each addition
        for (int k = 0; k < bins_; k++)
            sums[k & 3] += static_cast<double>(weights_[k]) * state.magnitude[k] * state.magnitude[k];
        double power = (sums[0] + sums[1]) + (sums[2] + sums[3]);
        float level = static_cast<float>(10 * std::log10(power > 1e-20 ? power : 1e-20));
        loudness[l] = level > LOUDNESS_FLOOR ? level : LOUDNESS_FLOOR;
    }
    if (frames) {
        state.filled -= frames * hop_;
        std::memmove(state.samples, state.samples + frames * hop_,
                     static_cast<size_t>(frame_ - hop_ + state.filled) * sizeof(float));
    }
    return frames;
}

}  // namespace melisma
