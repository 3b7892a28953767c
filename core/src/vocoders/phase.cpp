// Phases from mathematics, magnitudes from a network (src/melisma/training/vocoders/phase.py).
#include <cmath>

#include "vocoders/vocoder.h"

namespace melisma {

namespace {

constexpr double PI = 3.14159265358979323846;
constexpr double HANN_GAMMA =
    0.25645;  // of the Gaussian nearest to a Hann window of L samples: gamma = 0.25645 L²
constexpr double FLOOR = 1e-7;
constexpr float LOUDEST_MEL = 2.2f;  // +120 dBFS

class Phase {
  public:
    struct State {
        Network::State network;
        Phases phases;
        double* draft;
        float *features, *correction, *turn, *magnitude, *level, *re, *im, *frame, *work;
        float* mean;  // magnitudes of two channels
        float* tail;  // frame samples: what later frames add to
    };

    static bool fits(const Config&, Reason&) { return true; }
    void load(const Loader& from, const Analysis& analysis);
    void plan(Arena& arena, State& state, int channels) const;
    void clear(State& state) const;
    void step(const Kernels& kernels, State* states, int channels, const float* mel, const Heard& heard,
              int frames, float* const* out) const;

  private:
    // of one channel the magnitudes of all frames; of one frame the spectra of two channels; of one its
    // samples
    void magnitudes(const Kernels& kernels, State& state, int frames, const float* mel,
                    const float* correction) const;
    void together(const Kernels& kernels, State* states, int64_t at, const float* first, const float* second,
                  const float* heard, float follow, float low,
                  const float* ipd) const;  // at: of the frame's magnitudes
    void give(const Kernels& kernels, State& state, float* out) const;

    int frame_ = 0, hop_ = 0, bins_ = 0, width_ = 0, rounds_ = 0;
    Network network_;
    const float *norm_ = nullptr, *norm_bias_ = nullptr, *window_ = nullptr;
    const float* loud_ = nullptr;
    const double *total_ = nullptr, *steady_ = nullptr;
    Matrix magnitude_ = {}, turn_ = {};
    bool turns_ = false;  // older files may turn the phases, too
    BankView bank_ = {};
    FftPlan fft_ = {};
};

void Phase::load(const Loader& from, const Analysis& analysis) {
    const Config& c = from.file.config;
    frame_ = c.analysis.frame;
    hop_ = c.analysis.hop;
    bins_ = c.bins();
    width_ = c.phase.width;
    rounds_ = c.phase.draft_iterations;
    bank_ = analysis.view();
    fft_ = analysis.fft();
    loud_ = analysis.weights();
    network_.load(from, "vocoder", width_, c.phase.blocks, c.phase.kernel);
    norm_ = from.vector("vocoder", ".norm.weight");
    norm_bias_ = from.vector("vocoder", ".norm.bias");
    magnitude_ = from.matrix("vocoder", ".magnitude");
    turns_ = c.phase.turns_phase;
    if (turns_) turn_ = from.matrix("vocoder", ".turn");
    double* exact = from.arena.take<double>(static_cast<size_t>(frame_));
    float* window = from.arena.take<float>(static_cast<size_t>(frame_));
    double *total = from.arena.take<double>(static_cast<size_t>(bins_)),
           *steady = from.arena.take<double>(static_cast<size_t>(bins_));
    window_ = window;
    total_ = total;
    steady_ = steady;
    if (from.arena.planning()) return;
    double sum, squares;
    hann(c, exact, &sum, &squares);
    // the magnitudes' scale, the overlap's, and the transform's own
    double scale = sum / 2 / (squares / hop_) / frame_;
    for (int n = 0; n < frame_; n++) window[n] = static_cast<float>(exact[n] * scale);
    for (int j = 0; j < bank_.bands; j++)
        for (int i = 0; i < bank_.width[j]; i++)
            total[bank_.start[j] + i] += static_cast<double>(bank_.weights[bank_.offset[j] + i]);
    for (int m = 0; m < bins_; m++)
        steady[m] = 2 * PI * static_cast<double>(static_cast<int64_t>(hop_) * m % frame_) / frame_;
}

void Phase::plan(Arena& arena, State& state, int channels) const {
    size_t bins = static_cast<size_t>(bins_), frames = MOST_FRAMES * static_cast<size_t>(channels);
    network_.plan(arena, state.network, channels);
    Phases& p = state.phases;
    auto padded = [&] {
        return arena.take<double>(bins + 16) + (arena.planning() ? 0 : 8);
    };  // zeros on both sides
    double** arrays[] = {&p.cosine, &p.sine,   &p.last,    &p.older,  &p.before, &p.energy,
                         &p.log,    &p.weight, &p.advance, &p.turn_c, &p.turn_s, &p.past_c,
                         &p.past_s, &p.told_c, &p.told_s,  &p.says_c, &p.says_s};
    for (double** array : arrays) *array = padded();
    state.draft = arena.take<double>(draft_work(bins_, bank_.bands));
    state.features = arena.take<float>(frames * static_cast<size_t>(width_));
    state.correction = arena.take<float>(frames * bins);
    state.turn = arena.take<float>(turns_ ? frames * bins : 0);
    state.magnitude = arena.take<float>(MOST_FRAMES * bins);
    state.mean = arena.take<float>(bins);
    state.level = arena.take<float>(MOST_FRAMES * static_cast<size_t>(bank_.bands));
    state.re = arena.take<float>(bins);
    state.im = arena.take<float>(bins);
    state.frame = arena.take<float>(static_cast<size_t>(frame_));
    state.work = arena.take<float>(fft_work(fft_));
    state.tail = arena.take<float>(static_cast<size_t>(frame_));
}

void Phase::clear(State& state) const {
    network_.clear(state.network);
    std::memset(state.tail, 0, static_cast<size_t>(frame_) * sizeof(float));
    Phases& p = state.phases;
    p.bins = bins_;
    double gamma = HANN_GAMMA * frame_ * frame_;
    p.per_time = static_cast<double>(hop_) * frame_ / gamma;
    p.per_bin = gamma / (static_cast<double>(hop_) * frame_);
    p.steady = steady_;
    p.loud = loud_;
    for (int m = 0; m < bins_; m++) {
        p.cosine[m] = 1;
        p.sine[m] = p.before[m] = 0;
        p.last[m] = p.older[m] = std::log(FLOOR);
        p.energy[m] = FLOOR * FLOOR;
    }
}

void Phase::step(const Kernels& kernels, State* states, int channels, const float* mel, const Heard& heard,
                 int frames, float* const* out) const {
    int block = frames * bank_.bands, rows = channels * frames;
    Network::State networks[MOST_CHANNELS];
    for (int c = 0; c < channels; c++) {
        networks[c] = states[c].network;
        float* input = network_.input(networks[c]);
        for (int i = 0; i < block; i++) input[i] = 2 * mel[c * block + i] - 1;
    }
    const State& buffers = states[0];
    const float* features = network_.step(kernels, networks, channels, frames);
    kernels.norm(norm_, norm_bias_, width_, rows, features, buffers.features);
    kernels.multiply(magnitude_, buffers.features, 0, rows, {nullptr, nullptr}, buffers.correction);
    if (turns_) kernels.multiply(turn_, buffers.features, 0, rows, {nullptr, nullptr}, buffers.turn);
    for (int c = 0; c < channels; c++)
        magnitudes(kernels, states[c], frames, mel + c * block,
                   buffers.correction + static_cast<int64_t>(c) * frames * bins_);
    for (int l = 0; l < frames; l++) {
        const int64_t bins = bins_, here = l * bins;
        float follow = heard.follow ? heard.follow[l] : 0, low = heard.low ? heard.low[l] : 0;
        const float* phases = heard.phases ? heard.phases + 3 * here : nullptr;
        const float* turn = turns_ && follow < 1 ? buffers.turn + here : nullptr;
        if (channels == 1) {
            kernels.integrate(buffers.phases, buffers.magnitude + here, phases, follow, low, buffers.re,
                              buffers.im);
            if (turn) kernels.rotate(turn, bins_, buffers.re, buffers.im);
        } else {
            together(kernels, states, here, turn, turn ? turn + frames * bins : nullptr, phases, follow, low,
                     heard.ipd ? heard.ipd + 2 * here : nullptr);
        }
        for (int c = 0; c < channels; c++) give(kernels, states[c], out[c] + static_cast<int64_t>(l) * hop_);
    }
}

void Phase::magnitudes(const Kernels& kernels, State& state, int frames, const float* mel,
                       const float* correction) const {
    float* level = state.level;
    for (int j = 0; j < frames * bank_.bands; j++) level[j] = mel[j] < LOUDEST_MEL ? mel[j] : LOUDEST_MEL;
    kernels.draft(bank_, total_, rounds_, frames, level, state.draft, state.magnitude);
    kernels.refine(correction, frames * bins_, state.magnitude);
}

// Phases of two channels that are integrated apart drift apart, and with them goes the stage: a sound between
// the two becomes two sounds. So phases are those of the mean magnitude, and between the channels they differ
// as they did at the input, as parametric stereo codes it (Breebaart, van de Par, Kohlrausch and Schuijers,
// 2005).
void Phase::together(const Kernels& kernels, State* states, int64_t at, const float* first,
                     const float* second, const float* heard, float follow, float low,
                     const float* ipd) const {
    State &a = states[0], &b = states[1];
    const float *left = a.magnitude + at, *right = b.magnitude + at;
    float* mean = b.mean;
    for (int m = 0; m < bins_; m++) mean[m] = 0.5f * left[m] + 0.5f * right[m];
    kernels.integrate(a.phases, mean, heard, follow, low, a.re, a.im);
    if (first) {
        for (int m = 0; m < bins_; m++) b.re[m] = 0.5f * first[m] + 0.5f * second[m];
        kernels.rotate(b.re, bins_, a.re, a.im);
    }
    for (int m = 0; m < bins_; m++) {
        float c = ipd ? ipd[m] : 1, s = ipd ? ipd[bins_ + m] : 0, whole = mean[m] > 1e-30f ? mean[m] : 1e-30f;
        float one = left[m] / whole, other = right[m] / whole, re = a.re[m], im = a.im[m];
        a.re[m] = one * re;
        a.im[m] = one * im;
        b.re[m] = other * (re * c + im * s);
        b.im[m] = other * (im * c - re * s);
    }
}

void Phase::give(const Kernels& kernels, State& state, float* out) const {
    FftPlan fft = fft_;
    fft.work = state.work;
    kernels.inverse(fft, state.re, state.im, state.frame);
    kernels.overlap(state.frame, window_, frame_, state.tail);
    std::memcpy(out, state.tail, static_cast<size_t>(hop_) * sizeof(float));
    std::memmove(state.tail, state.tail + hop_, static_cast<size_t>(frame_ - hop_) * sizeof(float));
    std::memset(state.tail + frame_ - hop_, 0, static_cast<size_t>(hop_) * sizeof(float));
}
}  // namespace

const Vocoder vocoder_phase = vocoder<Phase>("phase");

}  // namespace melisma
