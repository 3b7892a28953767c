// What no sound of a model goes beyond: latents pulled far out must not hurt ears. The decoder bounds each
// band, but many bands together, or low ones, which A-weighting hardly counts, are louder than any of them:
// up to +41 dBFS was heard.
#pragma once

#include <cmath>

namespace melisma {

// At once down, slowly up; below the ceiling it changes nothing, to the bit. The same for any block.
class Ceiling {
  public:
    static constexpr float MOST = 4;  // +12 dBFS, the highest level that can be asked for by hand

    void reset(double rate) {
        envelope_ = MOST;
        release_ = std::exp(-1 / (0.1 * rate));
    }

    void bound(float* x, int n) {
        float peak = 0;
        for (int i = 0; i < n; i++) {
            float size = std::fabs(x[i]);
            peak = size > peak ? size : peak;
        }
        if (peak <= MOST && envelope_ == MOST) return;
        for (int i = 0; i < n; i++) {
            double size = std::fabs(static_cast<double>(x[i]));
            envelope_ *= release_;
            envelope_ = size > envelope_ ? size : envelope_;
            envelope_ = envelope_ > MOST ? envelope_ : MOST;
            x[i] = static_cast<float>(MOST * (x[i] / envelope_));  // a share of at most 1, so never beyond
        }
    }

  private:
    double envelope_ = MOST, release_ = 0;
};

}  // namespace melisma
