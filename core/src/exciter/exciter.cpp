#include "exciter/exciter.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/denormals.h"

namespace melisma {

constexpr int TURNED_EVERY = 16;                // samples: pitches and gains follow in steps of this length
constexpr double GLIDE = 0.005, SWELL = 0.005;  // seconds in which a bend and a gain go most of their way
constexpr double HUSH = 0.004;  // seconds in which sound that is cut off falls most of its way
constexpr double LONGEST_SEMITONES = 200;

Exciter* Exciter::make(int host_rate) {
    if (host_rate < 1000) return nullptr;
    void* place = std::calloc(1, sizeof(Exciter));
    if (!place) return nullptr;
    Exciter* exciter = new (place) Exciter();
    exciter->rate_ = host_rate;
    for (int i = 0; i < EXCITER_COUNT; i++) exciter->value_[i] = EXCITER[i].default_value;
    exciter->reset();
    return exciter;
}

void Exciter::free() {
    this->~Exciter();
    std::free(static_cast<void*>(this));
}

void Exciter::reset() {
    for (int v = 0; v < VOICES; v++) voices_[v].clear(static_cast<uint32_t>(v) + 1);
    for (Channel& c : channels_) c = {0, 0, 0, 1, false};
    reader_.reset();
    done_ = begun_ = 0;
    swing_ = 0;
    control();
}

// ---- what is turned

int Exciter::find(const char* name) {
    for (int i = 0; i < EXCITER_COUNT; i++)
        if (std::strcmp(EXCITER[i].name, name) == 0) return i;
    return -1;
}

void Exciter::set(int index, float value) {
    if (index < 0 || index >= EXCITER_COUNT || !(value == value)) return;
    const melisma_parameter& p = EXCITER[index];
    value_[index] = value < p.minimum ? p.minimum : value > p.maximum ? p.maximum : value;
}

// A share of 1 that goes to the shape of this number, as far as `shape` is near it.
static float near(float shape, float number) {
    float away = std::fabs(shape - number);
    return away < 1 ? std::sqrt(1 - away) : 0;  // of the same power together
}

// Of a way that is gone, to 1/e in so many seconds, in so many samples.
static float share(double seconds, double rate, int samples = 1) {
    return static_cast<float>(1 - std::exp(-samples / (seconds * rate)));
}

void Exciter::control() {
    VoiceSettings& s = settings_;
    s.rate = rate_;
    // saw and pulse are all but the same wave at its steps: a plain blend keeps their power
    s.pulse = value_[SHAPE] < 1 ? value_[SHAPE] : near(value_[SHAPE], 1);
    s.saw = value_[SHAPE] < 1 ? 1 - value_[SHAPE] : 0;
    s.noise = near(value_[SHAPE], 2);
    s.breath = near(value_[SHAPE], 3);
    bool airy = value_[AIR] > EXCITER[AIR].minimum;
    s.air = airy ? (s.saw + s.pulse) * std::pow(10.0f, value_[AIR] / 20) : 0;
    s.width = static_cast<double>(value_[WIDTH]);
    s.attack = 1 / (value_[ATTACK] * static_cast<float>(rate_));
    s.decay = share(static_cast<double>(value_[DECAY]) / 3, rate_);
    s.sustain = value_[SUSTAIN];
    s.release = share(static_cast<double>(value_[RELEASE]) / 6.9, rate_);  // e^−6.9: 60 dB
    s.hush = share(HUSH / 3, rate_);
    s.gain_share = share(SWELL, rate_);
    s.pitch_share = share(GLIDE, rate_, TURNED_EVERY);
    for (Voice& voice : voices_) {
        if (!voice.sounds()) continue;
        const Channel& c = channels_[voice.channel()];
        double cents = static_cast<double>(value_[VIBRATO] + c.wheel * value_[WHEEL]) *
                       std::sin(6.28318530717958647692 * swing_);
        float pressed = voice.pressure > c.pressure ? voice.pressure : c.pressure;
        float level = value_[LEVEL] - value_[VELOCITY] * (1 - voice.velocity()) + value_[PRESSURE] * pressed;
        voice.aim(voice.note() + static_cast<double>(value_[TRANSPOSE] + c.bend) + cents / 100,
                  c.volume * std::pow(10.0f, level / 20), s);
    }
}

// ---- notes

// The one that sounds this note already, else a free one, else the oldest that was let go, else the oldest.
Voice& Exciter::voice_for(int channel, int note) {
    Voice* best = nullptr;
    int least = 4;
    for (Voice& voice : voices_) {
        int rank = voice.is(channel, note) ? 0 : !voice.sounds() ? 1 : voice.held() && !voice.kept ? 3 : 2;
        if (rank < least || (rank == least && voice.order() < best->order())) {
            best = &voice;
            least = rank;
        }
    }
    return *best;
}

void Exciter::note_on(int channel, int note, float velocity) {
    if (!exists(channel) || note < 0 || note > 127 || !(velocity == velocity)) return;
    if (velocity <= 0) return note_off(channel, note);
    voice_for(channel, note).begin(channel, note, velocity < 1 ? velocity : 1, ++begun_);
    control();
}

void Exciter::note_off(int channel, int note) {
    if (!exists(channel)) return;
    for (Voice& voice : voices_) {
        if (!voice.is(channel, note) || !voice.held()) continue;
        if (channels_[channel].pedal)
            voice.kept = true;
        else
            voice.let_go();
    }
}

void Exciter::pedal(int channel, bool down) {
    channels_[channel].pedal = down;
    for (Voice& voice : voices_)
        if (!down && voice.kept && voice.channel() == channel) {
            voice.kept = false;
            voice.let_go();
        }
}

void Exciter::hush(int channel, bool at_once) {
    for (Voice& voice : voices_)
        if (voice.sounds() && voice.channel() == channel) {
            if (at_once)
                voice.hush();
            else
                note_off(channel, voice.note());
        }
}

void Exciter::bend(int channel, float semitones) {
    if (!(semitones == semitones)) return;
    float most = static_cast<float>(LONGEST_SEMITONES);
    semitones = semitones < -most ? -most : semitones > most ? most : semitones;
    for (int c = 0; c < CHANNELS; c++)
        if (channel == c || channel == -1) channels_[c].bend = semitones;
}

void Exciter::pressure(int channel, int note, float amount) {
    if (!exists(channel) || !(amount == amount)) return;
    amount = amount < 0 ? 0 : amount > 1 ? 1 : amount;
    if (note < 0) channels_[channel].pressure = amount;
    for (Voice& voice : voices_)
        if (note >= 0 && voice.is(channel, note)) voice.pressure = amount;
}

void Exciter::wheel(int channel, float amount) { channels_[channel].wheel = amount; }

void Exciter::volume(int channel, float gain) { channels_[channel].volume = gain; }

// ---- sound

void Exciter::process(float* out, int64_t n) {
    NoDenormals guard;
    while (n > 0) {
        int into = static_cast<int>(done_ % TURNED_EVERY);
        if (into == 0) {
            swing_ += static_cast<double>(value_[VIBRATO_RATE]) * TURNED_EVERY / rate_;
            swing_ -= std::floor(swing_);
            control();
        }
        int block = TURNED_EVERY - into;
        if (n < block) block = static_cast<int>(n);
        std::memset(out, 0, static_cast<size_t>(block) * sizeof(float));
        for (Voice& voice : voices_) voice.add(settings_, out, block);
        done_ += block;
        out += block;
        n -= block;
    }
}

}  // namespace melisma
