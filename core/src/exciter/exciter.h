// Notes → a sound to put at a stream's input. Eight voices; what it does depends on what it was told and on
// the samples since then alone, for blocks of any size.
#pragma once

#include <melisma.h>

#include "exciter/midi.h"
#include "exciter/voice.h"

namespace melisma {

class Exciter {
  public:
    static constexpr int VOICES = 8;

    static Exciter* make(int host_rate);
    void free();

    void reset();
    void note_on(int channel, int note, float velocity);
    void note_off(int channel, int note);
    void bend(int channel, float semitones);
    void pressure(int channel, int note, float amount);
    void pedal(int channel, bool down);
    void wheel(int channel, float amount);
    void volume(int channel, float gain);
    void hush(int channel, bool at_once);
    float bend_range() const { return value_[BEND]; }
    void midi(const uint8_t* bytes, int count) { reader_.read(bytes, count, *this); }

    void set(int index, float value);
    float get(int index) const { return value_[index]; }
    static int find(const char* name);
    void process(float* out, int64_t n);

  private:
    struct Channel {
        float bend, pressure, wheel, volume;
        bool pedal;
    };

    Exciter() = default;
    ~Exciter() = default;
    static bool exists(int channel) { return channel >= 0 && channel < CHANNELS; }
    Voice& voice_for(int channel, int note);
    void control();  // what is turned, for the next samples

    int rate_ = 0;
    float value_[EXCITER_COUNT] = {};
    Channel channels_[CHANNELS] = {};
    Voice voices_[VOICES] = {};
    MidiReader reader_;
    VoiceSettings settings_ = {};
    int64_t done_ = 0, begun_ = 0;  // samples and notes since the reset
    double swing_ = 0;              // the vibrato's place in its turn
};

}  // namespace melisma
