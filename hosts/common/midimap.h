// The MIDI map: which knob turns what. One file for all hosts, midi.json in the user's own folder, and one
// behaviour: the rules of melisma.control.midimap in Python, against which
// tests/control/test_midimap_hosts.py holds this, move by move.
//
// A knob does nothing until it passes the value that the parameter has (soft takeover).
#pragma once

#include <stddef.h>
#include <stdint.h>

constexpr int MOST_KNOBS = 512, KNOB_PARAMETER = 64 * 4 + 1;  // of so many characters in UTF-8
constexpr int MOST_WANTED = 16;                               // that are learnt one after the other
constexpr int SPARE_KNOBS = 64;                               // places of a list beyond those that are taken

struct Knob {
    char parameter[KNOB_PARAMETER];
    int controller, channel, bits;  // channel 1 to 16, 0: any; bits 7 or 14
    bool has_low, has_high;         // else the parameter's own range
    double low, high;
    bool was_seen, has_left;  // where it was seen, and where it left its parameter
    double seen, left;
};

struct KnobRange {
    double minimum, maximum;
    bool logarithmic, whole;  // equal turns are equal ratios; whole numbers only
};

// What a map asks of its host; `host` is handed back.
struct KnobsHost {
    bool (*range)(void* host, const char* parameter, KnobRange* range);  // false: it has no such parameter
    double (*get)(void* host, const char* parameter);
    void (*set)(void* host, const char* parameter, double value);  // kept within its range
};

struct Knobs {
    Knob* list;
    int count, capacity;
    int coarse[17][32];  // the high half of a controller's 14 bits
    char wanted[MOST_WANTED][KNOB_PARAMETER];
    int wanted_count;
    bool given[17][128];  // knobs learnt since, which go on moving, and their fine halves
    int fresh_channel;  // of the last knob of the list, if it was learnt just now: its fine half may follow;
                        // else 0
};

// Without a knob; null where there is no memory.
Knobs* knobs_new();
void knobs_free(Knobs* k);

// A map's text. false: it is none, the sentence says why, and nothing has changed.
bool knobs_read(Knobs* k, const char* text, size_t length, const char* called, char* reason, size_t capacity);
// → the text's length without its zero, whether it had room or not
size_t knobs_text(const Knobs* k, char* text, size_t size);

// The user's file: read anew (none is an empty map), and written, whole or not at all. false: the sentence
// says why.
bool knobs_load(Knobs* k, char* reason, size_t capacity);
bool knobs_save(const Knobs* k, char* reason, size_t capacity);

// The next knob that moves turns this parameter. false: too many are waiting already, the name is too long,
// or there is no memory.
bool knobs_learn(Knobs* k, const char* parameter);

// A knob turns one thing, and a thing is turned by one knob: those that stood there before go. false: there
// is no room.
bool knobs_bind(Knobs* k, Knob knob);
void knobs_forget(Knobs* k, const char* parameter);

enum KnobHeard { NO_KNOB, KNOB_TURNED, KNOB_LEARNT };  // the last one of the list was learnt

// A controller's message: channel 1 to 16, controller and value 0 to 127. Takes no memory: knobs_learn took
// it.
KnobHeard knobs_turn(Knobs* k, const KnobsHost* calls, void* host, int channel, int controller, int value);

// Whether a parameter of that unit is turned in equal ratios: frequencies and times.
bool knob_logarithmic(const char* unit, double minimum);

// Registered parameters and channel modes: never knobs.
bool knob_reserved(int controller);
