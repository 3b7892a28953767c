#include "dsp/loop.h"

#include <cmath>
#include <cstdlib>
#include <new>

#include "base/denormals.h"

namespace melisma {

constexpr int TUNED_EVERY = 16;     // samples; the filter's coefficients follow in steps of this length
constexpr double SMOOTHING = 0.02;  // seconds in which a setting goes most of its way

namespace {
struct Range {
    float minimum, maximum;
};
#include "dsp/loop.inc"
constexpr float NO_BREATH = BREATH_RANGE.minimum;  // dBFS

// NaN changes nothing
void aim(Smooth& value, float to, const Range& range, bool logarithmic) {
    if (!(to == to)) return;
    to = to < range.minimum ? range.minimum : to > range.maximum ? range.maximum : to;
    value.target = logarithmic ? std::log(to) : to;
}
}  // namespace

Loop* Loop::make(int host_rate) {
    if (host_rate < 1000) return nullptr;
    void* place = std::calloc(1, sizeof(Loop));
    if (!place) return nullptr;
    Loop* loop = new (place) Loop();
    loop->rate_ = host_rate;
    loop->share_ = static_cast<float>(1 - std::exp(-TUNED_EVERY / (SMOOTHING * host_rate)));
    loop->frequency_.jump(std::log(440.0f));
    loop->q_.jump(0);
    loop->breath_.jump(NO_BREATH);
    loop->reset(0);
    return loop;
}

void Loop::free() {
    this->~Loop();
    std::free(static_cast<void*>(this));
}

void Loop::reset(uint32_t seed) {
    done_ = 0;
    noise_ = seed * 2654435761u | 1u;
    feedback_.reset(rate_);
}

void Loop::process(const melisma_loop_settings& settings, const float* in, float* out, int64_t n) {
    NoDenormals guard;
    aim(frequency_, settings.frequency, FREQUENCY_RANGE, true);
    aim(q_, settings.q, Q_RANGE, true);
    aim(gain_, settings.gain, GAIN_RANGE, false);
    aim(breath_, settings.breath, BREATH_RANGE, false);
    float level = 0;
    for (int64_t i = 0; i < n; i++, done_++) {
        if (done_ % TUNED_EVERY == 0) {
            Smooth* const all[] = {&frequency_, &q_, &gain_, &breath_};
            for (Smooth* value : all)
                done_ ? static_cast<void>(value->advance(share_)) : value->jump(value->target);
            feedback_.tune(std::exp(frequency_.value), std::exp(q_.value));
        }
        if (done_ % TUNED_EVERY == 0 || i == 0)
            level = breath_.value <= NO_BREATH ? 0 : std::pow(10.0f, breath_.value / 20);
        // uniform noise of that RMS; xorshift (Marsaglia 2003)
        noise_ ^= noise_ << 13, noise_ ^= noise_ >> 17, noise_ ^= noise_ << 5;
        float hiss = level * 1.7320508f * (static_cast<float>(noise_ >> 8) / 8388608.0f - 1);
        float x = in[i];
        x = x - x == 0 ? x : 0;
        x = x < -10000 ? -10000 : x > 10000 ? 10000 : x;
        out[i] = feedback_.step(x, gain_.value) + hiss;
    }
}

}  // namespace melisma
