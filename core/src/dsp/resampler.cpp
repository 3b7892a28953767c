#include "dsp/resampler.h"

#include <cmath>

namespace melisma {

constexpr double PI = 3.14159265358979323846;
constexpr int REACH = 32;          // samples, at the lower of the two rates, on each side
constexpr double CUTOFF = 0.48;    // of the lower rate: half amplitude, so that 19.4 kHz of 44.1 pass
constexpr double KAISER = 8.0;     // 80 dB
constexpr int MOST_PHASES = 1024;  // kept exactly; odder ratios interpolate between 512

int Resampler::gcd(int a, int b) {
    while (b) {
        int rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

int Resampler::reach(int from, int to) {
    return from <= to ? REACH : static_cast<int>((static_cast<int64_t>(REACH) * from + to - 1) / to);
}

static double bessel(double x) {
    double sum = 1, term = 1;
    for (int k = 1; k < 60; k++) {
        term *= (x / 2 / k) * (x / 2 / k);
        sum += term;
    }
    return sum;
}

void Resampler::plan(Arena& arena, int from, int to, int64_t offset, int most_in) {
    int common = gcd(from, to);
    half_ = reach(from, to);
    taps_ = 2 * half_;
    from_ = from / common;
    to_ = to / common;
    exact_ = to_ <= MOST_PHASES;
    phases_ = exact_ ? to_ : 512;
    // the first output's place: −offset / to = floor + rest / to
    floor_ = offset > 0 ? -((offset + to_ - 1) / to_) : -offset / to_;
    rest_first_ = -offset - floor_ * to_;
    // the window begins with the zeros that the first output reads
    int64_t zeros = half_ - 1 - floor_;
    table_ = arena.take<float>(static_cast<size_t>(phases_ + 1) * taps_);
    window_ = arena.take<float>(static_cast<size_t>(zeros + most_in + taps_ + 2 * (from_ / to_ + 2) + 64));
    if (arena.planning()) return;
    double cutoff = CUTOFF * (from_ <= to_ ? 1.0 : static_cast<double>(to_) / from_);
    const double whole = bessel(KAISER);
    for (int phase = 0; phase <= phases_; phase++) {
        float* row = table_ + static_cast<int64_t>(phase) * taps_;
        double total = 0;
        for (int k = 0; k < taps_; k++) {
            double t = k - (half_ - 1) - static_cast<double>(phase) / phases_, u = t / half_;
            double sinc = std::fabs(t) < 1e-9 ? 2 * cutoff : std::sin(2 * PI * cutoff * t) / (PI * t);
            double h = u * u < 1 ? sinc * bessel(KAISER * std::sqrt(1 - u * u)) / whole : 0;
            total += h;
            row[k] = static_cast<float>(h);
        }
        for (int k = 0; k < taps_; k++) row[k] = static_cast<float>(row[k] / total);
    }
}

void Resampler::reset() {
    kept_ = static_cast<int>(half_ - 1 - floor_);
    std::memset(window_, 0, static_cast<size_t>(kept_) * sizeof(float));
    place_ = 0;
    rest_ = rest_first_;
}

int Resampler::run(const Kernels& kernels, const float* in, int n, float* out, int most) {
    std::memcpy(window_ + kept_, in, static_cast<size_t>(n) * sizeof(float));
    kept_ += n;
    int made = 0;
    while (made < most && place_ + taps_ <= kept_) {
        const float* x = window_ + place_;
        if (exact_) {
            kernels.dot(table_ + rest_ * taps_, 0, x, taps_, 1, 1, out + made);
        } else {
            double phase = static_cast<double>(rest_) / to_ * phases_;
            int low = static_cast<int>(phase);
            float share = static_cast<float>(phase - low), a, b;
            kernels.dot(table_ + static_cast<int64_t>(low) * taps_, 0, x, taps_, 1, 1, &a);
            kernels.dot(table_ + static_cast<int64_t>(low + 1) * taps_, 0, x, taps_, 1, 1, &b);
            out[made] = a + share * (b - a);
        }
        made++;
        rest_ += from_;
        place_ += rest_ / to_;
        rest_ %= to_;
    }
    int done = place_ < kept_ ? static_cast<int>(place_) : kept_;
    std::memmove(window_, window_ + done, static_cast<size_t>(kept_ - done) * sizeof(float));
    kept_ -= done;
    place_ -= done;
    return made;
}

int Resampler::count(int n) {
    kept_ += n;
    int made = 0;
    while (place_ + taps_ <= kept_) {
        made++;
        rest_ += from_;
        place_ += rest_ / to_;
        rest_ %= to_;
    }
    int done = place_ < kept_ ? static_cast<int>(place_) : kept_;
    kept_ -= done;
    place_ -= done;
    return made;
}

}  // namespace melisma
