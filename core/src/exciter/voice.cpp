#include "exciter/voice.h"

#include <cmath>

namespace melisma {

constexpr double PI = 3.14159265358979323846;
constexpr float SILENCE = 1e-5f;  // −100 dB: a note that was let go ends here
constexpr double HIGHEST = 0.2;   // of the rate: no note is higher
constexpr double BREATH_Q = 30;   // of its bands
constexpr float BREATH_PARTIALS[] = {1, 0.6f, 0.35f};

void Voice::clear(uint32_t seed) {
    *this = {};
    noise_ = seed * 2654435761u | 1u;
}

void Voice::begin(int channel, int note, float velocity, int64_t order) {
    fresh_ = !sounds() || level_ == 0;
    if (fresh_) {
        level_ = 0;
        phase_ = 0.5;  // where a saw is 0
    }
    stage_ = Stage::ATTACK;
    channel_ = channel;
    note_ = note;
    velocity_ = velocity;
    order_ = order;
    pressure = 0;
    kept = false;
    pitch_ = -1;  // a new note is there at once; what bends it comes by and by
}

void Voice::aim(double semitones, float gain, const VoiceSettings& with) {
    bool jump = pitch_ < 0;
    semitones = semitones > 0 ? semitones : 0;
    pitch_ = jump ? semitones : pitch_ + (semitones - pitch_) * static_cast<double>(with.pitch_share);
    double frequency = 440 * std::exp2((pitch_ - 69) / 12);
    step_ = frequency / with.rate;
    step_ = step_ < HIGHEST ? step_ : HIGHEST;
    if (fresh_)
        gain_.jump(gain);
    else
        gain_.target = gain;
    fresh_ = false;
    if (with.breath == 0) return;
    // state variable filters of trapezoidal steps (Simper), stable while they move; white noise of variance 1
    // through one of them has the variance π f / (Q rate)
    double variance = 0;
    for (int i = 0; i < BANDS; i++) {
        double place = step_ * (i + 1);
        place = place < 0.45 ? place : 0.45;
        double g = std::tan(PI * place), k = 1 / BREATH_Q, a1 = 1 / (1 + g * (g + k));
        Band& b = bands_[i];
        b.g = g;
        b.a1 = a1;
        b.a2 = g * a1;
        variance += static_cast<double>(BREATH_PARTIALS[i]) * static_cast<double>(BREATH_PARTIALS[i]) * PI *
                    place / BREATH_Q;
    }
    breath_scale_ = static_cast<float>(1 / std::sqrt(variance));
}

// Linear up, exponential down.
float Voice::envelope(const VoiceSettings& with) {
    switch (stage_) {
        case Stage::ATTACK:
            level_ += with.attack;
            if (level_ >= 1) {
                level_ = 1;
                stage_ = Stage::DECAY;
            }
            break;
        case Stage::DECAY:
            level_ += (with.sustain - level_) * with.decay;
            break;
        case Stage::RELEASE:
        case Stage::HUSH:
            level_ -= level_ * (stage_ == Stage::HUSH ? with.hush : with.release);
            if (level_ < SILENCE) {
                level_ = 0;
                stage_ = Stage::OFF;
            }
            break;
        case Stage::OFF:
            break;
    }
    return level_;
}

// What a saw's step from 1 to −1 lacks where its band is limited, x samples after it (before it: negative):
// the integral of a cubic B-spline less the step itself (Välimäki, Pekonen and Nam, "Perceptually informed
// synthesis of bandlimited classical waveforms using integrated polynomial interpolation", JASA 131, 2012).
static double residual(double x) {
    double u = std::fabs(x);
    if (u >= 2) return 0;
    double rest = 2 - u;
    // the spline is even: what is left after x is what there was before −x
    double y = u >= 1 ? rest * rest * rest * rest / 24 : 0.5 - u * (2.0 / 3 - u * u * (1.0 / 3 - u / 8));
    return x < 0 ? y : -y;
}

static double saw(double phase, double step) {
    double y = 2 * phase - 1;
    if (phase < 2 * step) y -= 2 * residual(phase / step);
    if (phase > 1 - 2 * step) y -= 2 * residual((phase - 1) / step);
    return y;
}

float Voice::white() {  // of variance 1; xorshift (Marsaglia 2003)
    noise_ ^= noise_ << 13, noise_ ^= noise_ >> 17, noise_ ^= noise_ << 5;
    return 1.7320508f * (static_cast<float>(noise_ >> 8) / 8388608.0f - 1);
}

// Of variance 1, 3 dB down an octave within a decibel above 100 Hz (Kellet's filter of three poles, as the
// music-dsp list keeps it; made for 44.1 kHz, and a little darker or brighter at other rates).
float Voice::pink() {
    float x = white();
    pink_[0] = 0.99765f * pink_[0] + 0.0990460f * x;
    pink_[1] = 0.96300f * pink_[1] + 0.2965164f * x;
    pink_[2] = 0.57000f * pink_[2] + 1.0526913f * x;
    return 0.3357f * (pink_[0] + pink_[1] + pink_[2] + 0.1848f * x);
}

// Shapes of the same power (RMS 1).
float Voice::wave(const VoiceSettings& with) {
    double y = 0;
    if (with.saw > 0 || with.pulse > 0) {
        double rising = saw(phase_, step_);
        y = static_cast<double>(with.saw) * 1.7320508 * rising;
        if (with.pulse > 0) {  // two saws, one turned over
            double other = phase_ + with.width;
            other -= other >= 1 ? 1 : 0;
            y += static_cast<double>(with.pulse) * (rising - saw(other, step_)) /
                 (2 * std::sqrt(with.width * (1 - with.width)));
        }
    }
    phase_ += step_;
    if (phase_ >= 1) phase_ -= 1;
    float sum = static_cast<float>(y);
    if (with.air > 0) sum += with.air * pink();
    if (with.noise > 0 || with.breath > 0) {
        float x = white();
        sum += with.noise * x;
        if (with.breath > 0) {
            double breath = 0;
            for (int i = 0; i < BANDS; i++) {
                Band& b = bands_[i];
                double v = static_cast<double>(x) - b.low, band = b.a1 * b.band + b.a2 * v,
                       low = b.low + b.g * band;
                b.band = 2 * band - b.band;
                b.low = 2 * low - b.low;
                breath += static_cast<double>(BREATH_PARTIALS[i]) / BREATH_Q * band;
            }
            sum += with.breath * breath_scale_ * static_cast<float>(breath);
        }
    }
    return sum;
}

void Voice::add(const VoiceSettings& with, float* out, int n) {
    for (int i = 0; i < n && sounds(); i++) {
        float gain = gain_.advance(with.gain_share);
        out[i] += envelope(with) * gain * wave(with);
    }
}

}  // namespace melisma
