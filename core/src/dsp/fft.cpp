#include "dsp/fft.h"

#include <cmath>

namespace melisma {

constexpr double TURN = 6.28318530717958647692;

// The largest radix first, while neighbours are far apart; 4 by preference.
static int next_radix(int length) {
    if (length % 4 == 0) return 4;
    for (int radix = 2; radix * radix <= length; radix++)
        if (length % radix == 0) return radix;
    return length;
}

void make_fft(Arena& arena, int size, FftPlan& plan) {
    plan.size = size;
    plan.length = size % 2 ? size : size / 2;
    plan.stages = 0;
    plan.work = nullptr;
    for (int left = plan.length, stride = 1; left > 1;) {
        int radix = next_radix(left), m = left / radix;
        size_t entries = static_cast<size_t>(radix - 1) * m;
        float *cosine = arena.take<float>(entries), *sine = arena.take<float>(entries);
        size_t roots = radix == 2 || radix == 4 ? 0 : static_cast<size_t>(radix);
        double *root_cosine = arena.take<double>(roots), *root_sine = arena.take<double>(roots);
        if (!arena.planning()) {
            for (int j = 1; j < radix; j++)
                for (int p = 0; p < m; p++) {
                    double angle = -TURN * (static_cast<double>(j) * p / left);
                    cosine[(j - 1) * m + p] = static_cast<float>(std::cos(angle));
                    sine[(j - 1) * m + p] = static_cast<float>(std::sin(angle));
                }
            for (size_t j = 0; j < roots; j++) {
                root_cosine[j] = std::cos(-TURN * static_cast<double>(j) / radix);
                root_sine[j] = std::sin(-TURN * static_cast<double>(j) / radix);
            }
        }
        plan.stage[plan.stages++] = {radix, m, stride, cosine, sine, root_cosine, root_sine};
        left = m;
        stride *= radix;
    }
    size_t bins = static_cast<size_t>(plan.length) + 1;
    float *cosine = arena.take<float>(bins), *sine = arena.take<float>(bins);
    if (!arena.planning())
        for (size_t k = 0; k < bins; k++) {
            cosine[k] = static_cast<float>(std::cos(-TURN * static_cast<double>(k) / size));
            sine[k] = static_cast<float>(std::sin(-TURN * static_cast<double>(k) / size));
        }
    plan.cosine = cosine;
    plan.sine = sine;
}

size_t fft_work(const FftPlan& plan) { return 4 * (static_cast<size_t>(plan.length) + 16); }

}  // namespace melisma
