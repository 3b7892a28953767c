// One note: an oscillator without aliases, noise, and an envelope.
#pragma once

#include <cstdint>

#include <melisma.h>
#include "dsp/smooth.h"

namespace melisma {

#include "exciter/parameters.inc"

// Of all voices, for some samples.
struct VoiceSettings {
    double rate;
    float saw, pulse, noise, breath;  // shares of the shapes
    float air;                        // beside saw and pulse
    double width;
    float attack, decay, release, sustain, hush;  // steps and shares of a sample
    float gain_share, pitch_share;                // of a way gone in a sample, and between two controls
};

class Voice {
  public:
    void clear(uint32_t seed);
    // From silence, or from where another note was: the wave, its envelope and its gain go on from there, so
    // that nothing clicks.
    void begin(int channel, int note, float velocity, int64_t order);
    void let_go() { stage_ = stage_ == Stage::OFF ? stage_ : Stage::RELEASE; }
    void hush() { stage_ = stage_ == Stage::OFF ? stage_ : Stage::HUSH; }

    bool is(int channel, int note) const { return sounds() && channel == channel_ && note == note_; }
    bool sounds() const { return stage_ != Stage::OFF; }
    bool held() const { return stage_ == Stage::ATTACK || stage_ == Stage::DECAY; }
    int channel() const { return channel_; }
    int note() const { return note_; }
    int64_t order() const { return order_; }
    float velocity() const { return velocity_; }

    float pressure = 0;                                                 // of this note alone
    bool kept = false;                                                  // let go, but held by the pedal
    void aim(double semitones, float gain, const VoiceSettings& with);  // before some samples
    void add(const VoiceSettings& with, float* out, int n);             // so many

  private:
    enum class Stage { OFF, ATTACK, DECAY, RELEASE, HUSH };
    float envelope(const VoiceSettings& with);
    float wave(const VoiceSettings& with);
    float white();
    float pink();

    struct Band {  // of the breath
        double low, band, g, a1, a2;
    };
    static constexpr int BANDS = 3;

    Stage stage_ = Stage::OFF;
    int channel_ = 0, note_ = 0;
    int64_t order_ = 0;
    float velocity_ = 0, level_ = 0;  // of the envelope
    bool fresh_ = false;              // nothing of it was heard yet
    double pitch_ = 0, phase_ = 0, step_ = 0;
    Smooth gain_ = {};
    float breath_scale_ = 0;
    Band bands_[BANDS] = {};
    float pink_[3] = {};
    uint32_t noise_ = 1;
};

}  // namespace melisma
