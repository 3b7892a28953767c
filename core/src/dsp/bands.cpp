#include "dsp/bands.h"

#include <cmath>

namespace melisma {

constexpr double PI = 3.14159265358979323846;
constexpr double LEAST_TOTAL = 1e-3;  // bands whose weights add up to no more hold no bin

static double hz_to_mel(double hz) {
    return hz < 1000 ? hz * 3 / 200 : 15 + 27 * std::log(hz / 1000) / std::log(6.4);
}
static double mel_to_hz(double mel) {
    return mel < 15 ? mel * 200 / 3 : 1000 * std::exp(std::log(6.4) * (mel - 15) / 27);
}

namespace {
// The triangles as asked for, before empty ones are dropped.
struct Triangles {
    double least, most;
    int asked, bins;
    double per_bin;

    explicit Triangles(const Config& config)
        : asked(config.analysis.bands),
          bins(config.bins()),
          per_bin(static_cast<double>(config.analysis.sample_rate)) {
        double top = std::fmin(config.analysis.fmax, config.analysis.sample_rate / 2.0);
        least = hz_to_mel(config.analysis.fmin);
        most = hz_to_mel(top);
        frame = config.analysis.frame;
    }

    int frame;
    double hz(int bin) const { return bin * per_bin / frame; }
    double edge(int i) const {
        return mel_to_hz(i == asked + 1 ? most : least + i * ((most - least) / (asked + 1)));
    }

    // weight(bin) of band j for all bins where it is above zero → their sum
    template <class F>
    double band(int j, F&& each) const {
        double low = edge(j), middle = edge(j + 1), high = edge(j + 2), total = 0;
        int first = static_cast<int>(low * frame / per_bin),
            last = static_cast<int>(high * frame / per_bin) + 1;
        for (int bin = first > 0 ? first - 1 : 0; bin <= last && bin < bins; bin++) {
            double rise = (hz(bin) - low) / (middle - low), fall = (high - hz(bin)) / (high - middle);
            double weight = std::fmin(rise, fall);
            if (weight > 0) total += weight, each(bin, weight);
        }
        return total;
    }
};
}  // namespace

int count_bands(const Config& config) {
    double top = std::fmin(config.analysis.fmax, config.analysis.sample_rate / 2.0);
    if (!(config.analysis.fmin > 0 && config.analysis.fmin < top)) return 0;
    Triangles triangles(config);
    int bands = 0;
    for (int j = 0; j < config.analysis.bands; j++)
        bands += triangles.band(j, [](int, double) {}) > LEAST_TOTAL;
    return bands;
}

void make_bank(Arena& arena, const Config& config, Bank& bank) {
    bank.bands = count_bands(config);
    size_t bands = static_cast<size_t>(bank.bands);
    bank.start = arena.take<int>(bands);
    bank.width = arena.take<int>(bands);
    bank.offset = arena.take<int>(bands);
    // a bin lies in two triangles at most
    bank.weights = arena.take<float>(2 * static_cast<size_t>(config.bins()) + bands * ROW);
    if (arena.planning()) return;
    Triangles triangles(config);
    int row = 0, used = 0;
    for (int j = 0; j < config.analysis.bands; j++) {
        double total = triangles.band(j, [](int, double) {});
        if (!(total > LEAST_TOTAL)) continue;
        bank.offset[row] = used;
        bank.width[row] = 0;
        triangles.band(j, [&](int bin, double weight) {
            if (bank.width[row] == 0) bank.start[row] = bin;
            bank.width[row]++;
            bank.weights[used++] = static_cast<float>(weight / total);
        });
        used = (used + ROW - 1) / ROW * ROW;
        row++;
    }
}

void hann(const Config& config, double* window, double* sum, double* squares) {
    *sum = *squares = 0;
    for (int n = 0; n < config.analysis.frame; n++) {
        double w = 0.5 - 0.5 * std::cos(2 * PI * n / config.analysis.frame);
        window[n] = w;
        *sum += w;
        *squares += w * w;
    }
}

void loudness_weights(const Config& config, double sum, double squares, double* weights) {
    int bins = config.bins();
    double whole = (sum / 2) * (sum / 2) / (config.analysis.frame * squares);
    for (int k = 0; k < bins; k++) {
        double hz = static_cast<double>(k) * config.analysis.sample_rate / config.analysis.frame,
               f2 = hz * hz;
        double a = 12194.0 * 12194.0 * f2 * f2 /
                   ((f2 + 20.6 * 20.6) * std::sqrt((f2 + 107.7 * 107.7) * (f2 + 737.9 * 737.9)) *
                    (f2 + 12194.0 * 12194.0));
        a *= std::pow(10.0, 2.0 / 20);
        weights[k] = a * a * (k == 0 || k == bins - 1 ? 1 : 2) * whole;
    }
}

void log_band_weights(const Config& config, const Bank& bank, double* work, float* weights) {
    double *total = work, *power = work + config.bins(), sum = 0, squares = 0;
    for (int n = 0; n < config.analysis.frame; n++) {
        double w = 0.5 - 0.5 * std::cos(2 * PI * n / config.analysis.frame);
        sum += w;
        squares += w * w;
    }
    loudness_weights(config, sum, squares, power);
    for (int k = 0; k < config.bins(); k++) total[k] = 0;
    for (int j = 0; j < bank.bands; j++)
        for (int i = 0; i < bank.width[j]; i++)
            total[bank.start[j] + i] += static_cast<double>(bank.weights[bank.offset[j] + i]);
    // a bin's power is shared among the bands that read it, in proportion
    for (int j = 0; j < bank.bands; j++) {
        double share = 0;
        for (int i = 0; i < bank.width[j]; i++) {
            int k = bank.start[j] + i;
            share += power[k] * static_cast<double>(bank.weights[bank.offset[j] + i]) /
                     (total[k] > 1e-9 ? total[k] : 1e-9);
        }
        weights[j] = static_cast<float>(std::log(share + 1e-20));
    }
}

}  // namespace melisma
