#include "exciter/midi.h"

#include "exciter/exciter.h"

namespace melisma {

constexpr int LOWER = 0, UPPER = 15;    // the zones' master channels
constexpr float MPE_RANGE = 48;         // semitones, of a zone's members unless they are told otherwise
constexpr int BEND_RANGE = 0, MPE = 6;  // registered parameters

void MidiReader::reset() {
    for (Channel& c : channels_) c = {-1, -1, 0, 1, 1};
    lower_ = upper_ = 0;
}

int MidiReader::master(int channel) const {
    if (channel > LOWER && channel <= LOWER + lower_) return LOWER;
    if (channel < UPPER && channel >= UPPER - upper_) return UPPER;
    return -1;
}

// A zone's master bends all of its members, too.
void MidiReader::bend(int channel, Exciter& notes) {
    auto semitones = [&](int c) {
        const Channel& one = channels_[c];
        return one.wheel * (one.range >= 0 ? one.range : notes.bend_range());
    };
    for (int c = 0; c < CHANNELS; c++) {
        int over = master(c);
        if (c == channel || over == channel) notes.bend(c, semitones(c) + (over >= 0 ? semitones(over) : 0));
    }
}

void MidiReader::zone(int master_channel, int members, Exciter& notes) {
    members = members > CHANNELS - 1 ? CHANNELS - 1 : members;
    int &mine = master_channel == LOWER ? lower_ : upper_, &other = master_channel == LOWER ? upper_ : lower_;
    mine = members;
    if (other > CHANNELS - 2 - members) other = members < CHANNELS - 2 ? CHANNELS - 2 - members : 0;
    for (int c = 0; c < CHANNELS; c++) {
        channels_[c].range = master(c) >= 0 ? MPE_RANGE : -1;
        bend(c, notes);
    }
}

void MidiReader::control(int channel, int number, int value, Exciter& notes) {
    Channel& state = channels_[channel];
    float share = static_cast<float>(value) / 127;
    switch (number) {
        case 1:
            return notes.wheel(channel, share);
        case 6:  // data entry
            if (state.registered == BEND_RANGE) {
                state.range = static_cast<float>(value);
                bend(channel, notes);
            }
            if (state.registered == MPE && (channel == LOWER || channel == UPPER))
                zone(channel, value, notes);
            return;
        case 38:  // its finer part, in cents
            if (state.registered == BEND_RANGE && state.range >= 0) {
                state.range = static_cast<float>(static_cast<int>(state.range)) + share * 1.27f;
                bend(channel, notes);
            }
            return;
        case 7:
        case 11:  // as General MIDI has it: 40 log10 of their shares
            (number == 7 ? state.volume : state.expression) = share;
            share = state.volume * state.expression;
            return notes.volume(channel, share * share);
        case 64:
            return notes.pedal(channel, value >= 64);
        case 98:
        case 99:
            state.registered = -1;
            return;
        case 100:
            state.registered = (state.registered < 0 ? 0 : state.registered & ~127) | value;
            return;
        case 101:
            state.registered = (state.registered < 0 ? 127 : state.registered & 127) | value << 7;
            return;
        case 120:
            return notes.hush(channel, true);
        case 121:
            state.wheel = 0;
            state.expression = 1;
            state.registered = -1;
            bend(channel, notes);
            notes.volume(channel, state.volume * state.volume);
            notes.wheel(channel, 0);
            notes.pressure(channel, -1, 0);
            return notes.pedal(channel, false);
        default:
            if (number >= 123) notes.hush(channel, false);  // 124 to 127, modes, end notes, too
    }
}

void MidiReader::read(const uint8_t* bytes, int count, Exciter& notes) {
    if (count < 1 || bytes[0] < 0x80 || bytes[0] >= 0xF0) return;
    int kind = bytes[0] >> 4, channel = bytes[0] & 15, needed = kind == 0xC || kind == 0xD ? 2 : 3;
    if (count < needed) return;
    for (int i = 1; i < needed; i++)
        if (bytes[i] > 127) return;
    int a = bytes[1], b = needed > 2 ? bytes[2] : 0;
    switch (kind) {
        case 0x8:
            return notes.note_off(channel, a);
        case 0x9:
            return notes.note_on(channel, a, static_cast<float>(b) / 127);
        case 0xA:
            return notes.pressure(channel, a, static_cast<float>(b) / 127);
        case 0xB:
            return control(channel, a, b, notes);
        case 0xD:
            return notes.pressure(channel, -1, static_cast<float>(a) / 127);
        case 0xE:
            channels_[channel].wheel =
                static_cast<float>((b << 7 | a) - 8192) / (b == 127 && a == 127 ? 8191.0f : 8192.0f);
            return bend(channel, notes);
    }
}

}  // namespace melisma
