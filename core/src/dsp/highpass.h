// A highpass of first order below all sound, which takes out an offset (src/melisma/sound/highpass.py).
#pragma once

#include <cmath>

namespace melisma {

struct Highpass {
    double before = 0, after = 0;  // the last sample that went in, the last that came out

    // 3 dB down at the frequency, both in Hz
    static double pole(double frequency, double rate) {
        return std::exp(-2 * 3.14159265358979323846 * frequency / rate);
    }

    double step(double x, double pole) {
        after = x - before + pole * after;
        before = x;
        return after;
    }
};

}  // namespace melisma
