// Phases integrated over frames: src/melisma/training/vocoders/integration.py, loop for loop.

namespace melisma {
namespace {

constexpr int ROUNDS = 3;
constexpr double PI = 3.14159265358979323846;
// of a bin's magnitude, how much must have been heard there for the phase to begin to count, and to count
// whole: −20 and −10 dB (docs/lab/lows.md)
constexpr double HEARD_LEAST = 0.1, HEARD_MOST = 0.3;
// What lies below a sound's lowest partial (the first bin that is as loud as the loudest but for 25 to 15 dB,
// beyond two bins, the width of a partial) is lifted by 15 dB at most (docs/lab/transfer.md)
constexpr float PARTIAL_LEAST = 0.0562f, PARTIAL_MOST = 0.178f, LIFT_MOST = 5.62f;
constexpr int PARTIAL_WIDTH = 2;
// what is left is raised to the loudness that the whole had: by 12 dB at most
constexpr float RAISED_MOST = 4;
constexpr double LOUDEST = 1e6;  // magnitude; only a damaged model goes beyond, or gives no number at all

// Magnitudes of a frame → their energies and logarithms, and how far each phase goes on in a hop.
void slopes(const Phases& state, const float* magnitude) {
    const int bins = state.bins;
    double* __restrict log = state.log;
    double* __restrict weight = state.weight;
    double* __restrict advance = state.advance;
    for (int m = 0; m < bins; m++) {
        double v = static_cast<double>(magnitude[m]);
        v = v > FLOOR ? v : FLOOR;  // NaN, too, becomes silence
        v = v < LOUDEST ? v : LOUDEST;
        weight[m] = v * v;
        log[m] = logarithm(v);
    }
    const double half = state.per_time * 0.5;
    advance[0] = fused(state.per_time, log[1] - log[0], state.steady[0]);
    for (int m = 1; m < bins - 1; m++) advance[m] = fused(half, log[m + 1] - log[m - 1], state.steady[m]);
    advance[bins - 1] = fused(state.per_time, log[bins - 1] - log[bins - 2], state.steady[bins - 1]);
}

// What each bin is told by its past and its neighbours → its phase.
void ask(const Phases& state) {
    const int bins = state.bins;
    double* __restrict cosine = state.cosine;
    double* __restrict sine = state.sine;
    double* __restrict last = state.last;
    double* __restrict older = state.older;
    double* __restrict before = state.before;
    double* __restrict energy = state.energy;
    double* __restrict log = state.log;
    double* __restrict weight = state.weight;
    double* __restrict advance = state.advance;
    double* __restrict turn_c = state.turn_c;
    double* __restrict turn_s = state.turn_s;
    double* __restrict past_c = state.past_c;
    double* __restrict past_s = state.past_s;
    double* __restrict told_c = state.told_c;
    double* __restrict told_s = state.told_s;
    double* __restrict says_c = state.says_c;
    double* __restrict says_s = state.says_s;
    // the past, advanced, speaks with the energy its bin had
    for (int m = 0; m < bins; m++) {
        double c, s;
        turn((before[m] + advance[m]) * 0.5, c, s);
        told_c[m] = past_c[m] = energy[m] * fused(cosine[m], c, -(sine[m] * s));
        told_s[m] = past_s[m] = energy[m] * fused(cosine[m], s, sine[m] * c);
    }
    for (int m = 0; m < bins; m++)
        says_c[m] = fused(3.0, log[m], -(4 * last[m])) + older[m];  // twice the slope over time
    for (int m = 0; m < bins - 1; m++)
        turn(fused(state.per_bin * -0.25, says_c[m] + says_c[m + 1], -PI), turn_c[m], turn_s[m]);
    turn_c[bins - 1] = turn_s[bins - 1] = 0;
    says_c[-1] = says_s[-1] = says_c[bins] = says_s[bins] = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int m = 0; m < bins; m++) {
            double size = std::sqrt(fused(told_c[m], told_c[m], told_s[m] * told_s[m])) + 1e-30;
            double share = weight[m] / size;
            share = share < 1.0 ? share : 1.0;
            says_c[m] = told_c[m] * share;
            says_s[m] = told_s[m] * share;
        }
        for (int m = 0; m < bins; m++) {
            double lc = turn_c[m - 1], ls = turn_s[m - 1], hc = turn_c[m], hs = turn_s[m];
            told_c[m] = past_c[m] + fused(says_c[m - 1], lc, -(says_s[m - 1] * ls)) +
                        fused(says_c[m + 1], hc, says_s[m + 1] * hs);
            told_s[m] = past_s[m] + fused(says_c[m - 1], ls, says_s[m - 1] * lc) +
                        fused(says_s[m + 1], hc, -(says_c[m + 1] * hs));
        }
    }
    for (int m = 0; m < bins; m++) {
        double size = std::sqrt(fused(told_c[m], told_c[m], told_s[m] * told_s[m]));
        double inverse = 1.0 / (size > 1e-30 ? size : 1.0);
        cosine[m] = size > 1e-30 ? told_c[m] * inverse : cosine[m];
        sine[m] = size > 1e-30 ? told_s[m] * inverse : sine[m];
    }
}

// The phases go over to those heard, bin by bin: not where so little was heard that its phase is what leaks
// from louder ones, or noise.
void take(const Phases& state, const float* magnitude, const float* heard, double follow) {
    const int bins = state.bins;
    double* __restrict cosine = state.cosine;
    double* __restrict sine = state.sine;
    for (int m = 0; m < bins; m++) {
        double v = static_cast<double>(magnitude[m]);
        v = v > FLOOR ? v : FLOOR;
        double share =
            (static_cast<double>(heard[2 * bins + m]) / v - HEARD_LEAST) / (HEARD_MOST - HEARD_LEAST);
        share = share > 0 ? share : 0;
        share = follow * (share < 1 ? share : 1);
        double c = fused(share, static_cast<double>(heard[m]) - cosine[m], cosine[m]);
        double s = fused(share, static_cast<double>(heard[bins + m]) - sine[m], sine[m]);
        double size = std::sqrt(fused(c, c, s * s));
        double inverse = 1.0 / (size > 1e-30 ? size : 1.0);
        cosine[m] = size > 1e-30 ? c * inverse : cosine[m];
        sine[m] = size > 1e-30 ? s * inverse : sine[m];
    }
}

// Below its lowest partial a sound has nothing but noise, or what leaks from it: lifted to where a domain's
// sounds have partials, it would be a lower note, or drone. The frame stays as loud as it was.
void lower(const Phases& state, const float* magnitude, const float* heard, float low, float* lowered) {
    const int bins = state.bins;
    const float* size = heard + 2 * bins;
    float top = 0, met = 0;
    for (int m = 0; m < bins; m++) top = top > size[m] ? top : size[m];
    std::memcpy(lowered, magnitude, static_cast<size_t>(bins) * sizeof(float));
    for (int m = 0; m < PARTIAL_WIDTH && m < bins; m++) met = met > size[m] ? met : size[m];
    const float least = PARTIAL_LEAST * top, range = (PARTIAL_MOST - PARTIAL_LEAST) * top;
    double taken = 0, left = 0;
    for (int m = 0; m + PARTIAL_WIDTH < bins; m++) {
        met = met > size[m + PARTIAL_WIDTH] ? met : size[m + PARTIAL_WIDTH];
        float within = met - least;
        if (!(within < range)) break;
        float share = within > 0 ? 1 - within / range : 1, over = magnitude[m] - LIFT_MOST * size[m];
        if (!(over > 0)) continue;
        lowered[m] = magnitude[m] - low * share * over;
        double v = static_cast<double>(magnitude[m]), less = static_cast<double>(lowered[m]);
        taken += static_cast<double>(state.loud[m]) * (v * v - less * less);
    }
    if (!(taken > 0)) return;
    for (int m = 0; m < bins; m++) {
        double v = static_cast<double>(lowered[m]);
        left += static_cast<double>(state.loud[m]) * v * v;
    }
    double raised = std::sqrt((left + taken) / (left > 1e-30 ? left : 1e-30));
    float gain = raised < static_cast<double>(RAISED_MOST) ? static_cast<float>(raised) : RAISED_MOST;
    for (int m = 0; m < bins; m++) lowered[m] *= gain;
}

void integrate(const Phases& state, const float* magnitude, const float* heard, float follow, float low,
               float* re, float* im) {
    const int bins = state.bins;
    if (follow > 0 && low > 0) {
        lower(state, magnitude, heard, low < 1 ? low : 1.0f, re);
        magnitude = re;
    }
    slopes(state, magnitude);
    ask(state);
    if (follow > 0) take(state, magnitude, heard, follow < 1 ? static_cast<double>(follow) : 1.0);
    for (int m = 0; m < bins; m++) {
        state.older[m] = state.last[m];
        state.last[m] = state.log[m];
        state.before[m] = state.advance[m];
        state.energy[m] = state.weight[m];
        float v = magnitude[m] > 0 ? magnitude[m] : 0;
        v = v < static_cast<float>(LOUDEST) ? v : static_cast<float>(LOUDEST);
        re[m] = v * static_cast<float>(state.cosine[m]);
        im[m] = v * static_cast<float>(state.sine[m]);
    }
}

void rotate(const float* angles, int n, float* re, float* im) {
    for (int m = 0; m < n; m++) {
        double c, s;
        double angle = static_cast<double>(angles[m]);
        turn(angle > -1e6 && angle < 1e6 ? angle : 0, c, s);
        float a = re[m], b = im[m], fc = static_cast<float>(c), fs = static_cast<float>(s);
        re[m] = fused(a, fc, -(b * fs));
        im[m] = fused(a, fs, b * fc);
    }
}

void overlap(const float* frame, const float* window, int n, float* y) {
    for (int i = 0; i < n; i++) y[i] = fused(frame[i], window[i], y[i]);
}

}  // namespace
}  // namespace melisma
