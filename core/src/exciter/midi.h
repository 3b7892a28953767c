// Short MIDI messages, read (MIDI 1.0; MIDI Polyphonic Expression 1.0 for its zones).
#pragma once

#include <cstdint>

namespace melisma {

constexpr int CHANNELS = 16;

class Exciter;  // what it tells of them

class MidiReader {
  public:
    void reset();
    // One message with its status byte; what is none, or not for an instrument, changes nothing.
    void read(const uint8_t* bytes, int count, Exciter& notes);

  private:
    struct Channel {
        int registered;  // the parameter that data entry is for; −1: none
        float range;     // semitones; −1: as usual
        float wheel;     // of the pitch, −1 to 1
        float volume, expression;
    };
    void control(int channel, int number, int value, Exciter& notes);
    void zone(int master, int members, Exciter& notes);
    void bend(int channel, Exciter& notes);
    int master(int channel) const;  // of the zone that it is a member of; −1: of none

    Channel channels_[CHANNELS] = {};
    int lower_ = 0, upper_ = 0;  // members of the two zones
};

}  // namespace melisma
