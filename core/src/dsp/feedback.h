// What comes back from the output to the input: DC blocker, bandpass, gain, limiter. Cannot run away,
// whatever is turned.
#pragma once

#include <cmath>
#include <cstdint>

#include "dsp/highpass.h"

namespace melisma {

class Feedback {
  public:
    void reset(double rate) {
        rate_ = rate;
        blocker_ = {};
        low_ = band_ = envelope_ = 0;
        random_ = 1;
        block_ = Highpass::pole(10, rate);
        release_ = std::exp(-1 / (0.1 * rate));
    }

    // The band, state variable filter of trapezoidal steps (Simper): stable while its frequency moves.
    void tune(double frequency, double q) {
        double most = 0.45 * rate_;
        g_ = std::tan(PI * (frequency < most ? frequency : most) / rate_);
        k_ = 1 / q;
        a1_ = 1 / (1 + g_ * (g_ + k_));
        a2_ = g_ * a1_;
    }

    float step(float output, float gain) {
        double v = blocker_.step(output, block_) - low_, b = a1_ * band_ + a2_ * v, l = low_ + g_ * b;
        band_ = 2 * b - band_;
        low_ = 2 * l - low_;
        double y = k_ * b * gain;
        // limiter: never beyond the ceiling, at once down and slowly up
        double size = y < 0 ? -y : y;
        envelope_ = size > envelope_ * release_ ? size : envelope_ * release_;
        if (envelope_ > CEILING) y *= CEILING / envelope_;
        return static_cast<float>(y);
    }

    // What every amplifier adds of its own: by it a loop starts out of silence.
    float hiss(float gain) {
        random_ = random_ * 1664525u + 1013904223u;
        double noise = HISS * (static_cast<double>(random_) / 2147483648.0 - 1);
        return static_cast<float>(noise * (gain < 1 ? gain : 1.0f));
    }

  private:
    static constexpr double PI = 3.14159265358979323846, CEILING = 0.7,
                            HISS = 0.002;  // −59 dBFS (RMS): what a model still answers
    double rate_ = 44100, low_ = 0, band_ = 0, envelope_ = 0;
    Highpass blocker_;
    uint32_t random_ = 1;
    double block_ = 0, release_ = 0, g_ = 0, k_ = 1, a1_ = 1, a2_ = 0;
};

}  // namespace melisma
