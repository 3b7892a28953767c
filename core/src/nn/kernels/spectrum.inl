// Spectra: magnitudes, mel bands, and the first draft of magnitudes from a mel.

namespace melisma {
namespace {

void multiply_vectors(const float* a, const float* b, int n, float* y) {
    for (int i = 0; i < n; i++) y[i] = a[i] * b[i];
}

void magnitude(const float* re, const float* im, float scale, int n, float* y) {
    for (int i = 0; i < n; i++) y[i] = std::sqrt(fused(re[i], re[i], im[i] * im[i])) * scale;
}

// A band's weights end with zeros up to a whole row of eight: so no loop counts to a width of its own, which
// a processor would guess wrongly band after band.
typedef float Row __attribute__((vector_size(ROW * 4)));
typedef double Wide __attribute__((vector_size(ROW * 8)));

INLINE Row row_at(const float* p) {
    Row v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
INLINE Wide row_at(const double* p) {
    Wide v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
INLINE void row_to(double* p, Wide v) { std::memcpy(p, &v, sizeof v); }
INLINE Wide widened_row(const float* p) { return __builtin_convertvector(row_at(p), Wide); }

template <class T, class Rows>
INLINE T sum_of(Rows v) {
    T s[ROW];
    std::memcpy(s, &v, sizeof s);
    for (int half = ROW / 2; half; half /= 2)
        for (int k = 0; k < half; k++) s[k] += s[k + half];
    return s[0];
}

void logmel(const BankView& bank, const float* magnitude, float* mel) {
    for (int j = 0; j < bank.bands; j++) {
        const float *w = bank.weights + bank.offset[j], *x = magnitude + bank.start[j];
        Row sums = {};
        for (int i = 0; i < bank.width[j]; i += ROW) sums += row_at(w + i) * row_at(x + i);
        float s = sum_of<float>(sums);
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

// ---- the first draft of magnitudes
//
// value ← value · target / (bankᵀ bank value), over and over. One frame goes along the bins; of several, each
// has a place of its own in vectors that stand for one bin, so that nothing is summed across. Both in the
// same order, so that neither is heard.

INLINE double linear(float mel) {
    double v =
        exponential(11.512925464970228420 * (static_cast<double>(mel) - 1.0)) - 1e-5;  // 10^(5 (v − 1))
    return v > 0 ? v : 0;  // 0 is silence, not noise at −100 dBFS
}

void draft_one(const BankView& bank, const double* total, int rounds, const float* mel, double* work,
               float* __restrict out) {
    const int bins = bank.bins, bands = bank.bands, room = bins + ROW;
    // A bin lies in two bands at most, neighbours, whose shares are put down apart: so that none is read soon
    // after it was written, by another cut.
    double* __restrict value = work;
    double* __restrict target = value + room;
    double* __restrict even = target + room;
    double* __restrict odd = even + room;
    double* __restrict have = odd + room;
    std::memset(even, 0, static_cast<size_t>(2 * room) * sizeof(double));
    for (int j = 0; j < bands; j++) have[j] = linear(mel[j]);
    for (int j = 0; j < bands; j++) {
        const float* w = bank.weights + bank.offset[j];
        double* to = (j & 1 ? odd : even) + bank.start[j];
        for (int i = 0; i < bank.width[j]; i += ROW) row_to(to + i, widened_row(w + i) * have[j]);
    }
    for (int m = 0; m < bins; m++) {
        target[m] = even[m] + odd[m];
        double v = target[m] / (total[m] > 0 ? total[m] : 1);
        value[m] = total[m] > 0 ? (v > FLOOR ? v : FLOOR) : 0;
    }
    for (int k = 0; k < ROW; k++) value[bins + k] = 0;
    for (int n = 0; n < rounds; n++) {
        for (int j = 0; j < bands; j++) {
            const float* w = bank.weights + bank.offset[j];
            const double* from = value + bank.start[j];
            double* to = (j & 1 ? odd : even) + bank.start[j];
            Wide sums = {};
            for (int i = 0; i < bank.width[j]; i += ROW) sums += widened_row(w + i) * row_at(from + i);
            double s = sum_of<double>(sums);
            for (int i = 0; i < bank.width[j]; i += ROW) row_to(to + i, widened_row(w + i) * s);
        }
        for (int m = 0; m < bins; m++) value[m] *= target[m] / (even[m] + odd[m] + 1e-20);
    }
    for (int m = 0; m < bins; m++) out[m] = static_cast<float>(value[m] > FLOOR ? value[m] : FLOOR);
}

// Each bin that the bands up to j have all to say of, and those before did not: what they say.
template <class Say>
INLINE void told_by(const BankView& bank, int j, Wide last, Wide now, Say&& say) {
    const int from = bank.start[j], end = from + bank.width[j],
              next = j + 1 < bank.bands && bank.start[j + 1] < end ? bank.start[j + 1] : end;
    const float *w = bank.weights + bank.offset[j], *v = w;
    int both = from;
    if (j) {
        v = bank.weights + bank.offset[j - 1] - bank.start[j - 1];
        both = bank.start[j - 1] + bank.width[j - 1];
        both = both < next ? both : next;
    }
    int m = from;
    for (; m < both; m++) say(m, last * static_cast<double>(v[m]) + now * static_cast<double>(w[m - from]));
    for (; m < next; m++) say(m, now * static_cast<double>(w[m - from]));
}

void draft_eight(const BankView& bank, const double* total, int rounds, const double* have, double* value,
                 double* target) {
    const Wide least = Wide{} + FLOOR;
    std::memset(value, 0, static_cast<size_t>((bank.bins + ROW) * ROW) * sizeof(double));
    Wide last = {};
    for (int j = 0; j < bank.bands; j++) {
        Wide now = row_at(have + j * ROW);
        told_by(bank, j, last, now, [&](int m, Wide t) {
            row_to(target + m * ROW, t);
            Wide v = t / total[m];
            row_to(value + m * ROW, v > least ? v : least);
        });
        last = now;
    }
    for (int n = 0; n < rounds; n++)
        for (int j = 0; j < bank.bands; j++) {
            const float* w = bank.weights + bank.offset[j];
            const double* from = value + bank.start[j] * ROW;
            Wide sums[ROW] = {};
            for (int i = 0; i < bank.width[j]; i += ROW, w += ROW, from += ROW * ROW) {
                UNROLL
                for (int k = 0; k < ROW; k++) sums[k] += row_at(from + k * ROW) * static_cast<double>(w[k]);
            }
            Wide now =
                ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
            told_by(bank, j, last, now, [&](int m, Wide seen) {
                double* v = value + m * ROW;
                row_to(v, row_at(v) * (row_at(target + m * ROW) / (seen + 1e-20)));
            });
            last = now;
        }
}

void draft(const BankView& bank, const double* total, int rounds, int frames, const float* mel, double* work,
           float* out) {
    const int bins = bank.bins, bands = bank.bands;
    double *value = work, *target = value + (bins + ROW) * ROW, *have = target + (bins + ROW) * ROW;
    for (; frames > 0; frames -= ROW, mel += ROW * bands, out += ROW * bins) {
        const int n = frames < ROW ? frames : ROW;
        if (n < 3) {
            for (int t = 0; t < n; t++) draft_one(bank, total, rounds, mel + t * bands, work, out + t * bins);
            continue;
        }
        for (int t = 0; t < ROW; t++)
            for (int j = 0; j < bands; j++) have[j * ROW + t] = t < n ? linear(mel[t * bands + j]) : 0;
        draft_eight(bank, total, rounds, have, value, target);
        for (int t = 0; t < n; t++)
            for (int m = 0; m < bins; m++) {
                double v = value[m * ROW + t];
                out[t * bins + m] = static_cast<float>(v > FLOOR ? v : FLOOR);
            }
    }
}

void refine(const float* correction, int n, float* magnitude) {
    for (int m = 0; m < n; m++)
        magnitude[m] *= exponential(3.0f * hyperbolic_tangent(correction[m] * (1.0f / 3.0f)));
}

}  // namespace
}  // namespace melisma
