// Spectra: magnitudes, mel bands, and the first draft of magnitudes from a mel.

namespace melisma {
namespace {

void multiply_vectors(const float* a, const float* b, int n, float* y) {
    for (int i = 0; i < n; i++) y[i] = a[i] * b[i];
}

void magnitude(const float* re, const float* im, float scale, int n, float* y) {
    for (int i = 0; i < n; i++) y[i] = std::sqrt(fused(re[i], re[i], im[i] * im[i])) * scale;
}

// Σ a b in four sums side by side: one alone would wait for each addition.
template <class T>
INLINE T products(const float* a, const T* b, int n) {
    T sums[4] = {};
    int i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++) sums[k] = fused(static_cast<T>(a[i + k]), b[i + k], sums[k]);
    for (; i < n; i++) sums[0] = fused(static_cast<T>(a[i]), b[i], sums[0]);
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

void logmel(const BankView& bank, const float* magnitude, float* mel) {
    for (int j = 0; j < bank.bands; j++) {
        float s = products(bank.weights + bank.offset[j], magnitude + bank.start[j], bank.width[j]);
        mel[j] = s > 1e-8f ? s : 1e-8f;
    }
    for (int j = 0; j < bank.bands; j++)
        mel[j] = static_cast<float>(
            fused(logarithm(static_cast<double>(mel[j])), 0.43429448190325182765 / 5, 1.0));
}

void level(const float* log_weights, int bands, float* mel) {
    constexpr float PER_BEL =
        23.0258509f;  // 10 ln 10: natural logarithms of power in a relative mel's unit of 100 dB
    float most = -1e30f;
    for (int j = 0; j < bands; j++) {
        float power = fused(PER_BEL, mel[j] - 0.7f, log_weights[j]);
        most = power > most ? power : most;
    }
    double total = 0;
    for (int first = 0; first < bands; first += 64) {
        int n = bands - first < 64 ? bands - first : 64;
        float powers[64];
        for (int j = 0; j < n; j++)
            powers[j] = exponential(fused(PER_BEL, mel[first + j] - 0.7f, log_weights[first + j]) - most);
        for (int j = 0; j < n; j++) total += static_cast<double>(powers[j]);
    }
    float implied =
        static_cast<float>((static_cast<double>(most) + logarithm(total)) / static_cast<double>(PER_BEL));
    for (int j = 0; j < bands; j++) mel[j] -= implied;
}

constexpr double FLOOR = 1e-7;  // magnitude below which nothing is audible

void draft(const BankView& bank, const double* total, int rounds, const float* mel, double* work,
           float* out) {
    int bins = bank.bins, bands = bank.bands;
    double *value = work, *target = value + bins, *seen = target + bins, *have = seen + bins;
    for (int m = 0; m < bins; m++) target[m] = 0;
    for (int j = 0; j < bands; j++) {
        double linear = exponential(11.512925464970228420 * (static_cast<double>(mel[j]) - 1.0)) -
                        1e-5;               // 10^(5 (v − 1))
        have[j] = linear > 0 ? linear : 0;  // 0 is silence, not noise at −100 dBFS
    }
    for (int j = 0; j < bands; j++) {
        const float* w = bank.weights + bank.offset[j];
        double* t = target + bank.start[j];
        for (int i = 0; i < bank.width[j]; i++) t[i] = fused(static_cast<double>(w[i]), have[j], t[i]);
    }
    for (int m = 0; m < bins; m++) {
        double v = target[m] / (total[m] > 0 ? total[m] : 1);
        value[m] = total[m] > 0 ? (v > FLOOR ? v : FLOOR) : 0;
    }
    for (int n = 0; n < rounds; n++) {
        for (int m = 0; m < bins; m++) seen[m] = 1e-20;
        for (int j = 0; j < bands; j++) {
            const float* w = bank.weights + bank.offset[j];
            double s = products(w, value + bank.start[j], bank.width[j]);
            double* t = seen + bank.start[j];
            for (int i = 0; i < bank.width[j]; i++) t[i] = fused(static_cast<double>(w[i]), s, t[i]);
        }
        for (int m = 0; m < bins; m++) value[m] *= target[m] / seen[m];
    }
    for (int m = 0; m < bins; m++) out[m] = static_cast<float>(value[m] > FLOOR ? value[m] : FLOOR);
}

void refine(const float* correction, int n, float* magnitude) {
    for (int m = 0; m < n; m++)
        magnitude[m] *= exponential(3.0f * hyperbolic_tangent(correction[m] * (1.0f / 3.0f)));
}

}  // namespace
}  // namespace melisma
