// What the signal objects share: a model that is loaded beside the audio, its parameters, and their messages.
#pragma once

#include <melisma.h>

#include "m_pd.h"
#include "player.h"

static_assert(sizeof(t_sample) == sizeof(float),
              "Pd with double samples needs another build of the core's hosts");

// The head of every object. Pd calls messages and perform from one thread: it is both sides of the slot.
struct Object {
    t_object object;
    t_float unused;  // what a number at the signal inlet sets
    t_canvas* canvas;
    t_outlet* out;       // messages, the last outlet
    t_clock* clock;      // looks whether a loading is done, or a stream has faded out
    const char* folder;  // of the external

    Player player;
    struct Knobs* knobs;  // the MIDI map, once somebody turns or learns a knob

    t_inlet* level;  // melisma~'s second, for the loudness by hand: what it holds is NaN until somebody says
                     // a number
    float heard;     // there, last
    float work;      // share of the object's own work in what it gives: goes to 0 when bypassed, within some
                     // milliseconds
};

// Set up a new object; its class adds inlets and outlets afterwards, and object_outlet last.
void object_begin(Object* x, t_class* c, int channels = 1);
void object_outlet(Object* x);
void object_free(Object* x);

// Load a model by name or file: beside the audio, or at once where that is asked for or no audio runs.
void object_load(Object* x, t_symbol* name, bool at_once);

// A name of several words, as Pd hands it over; null if there is none.
t_symbol* object_words(int count, const t_atom* words);

// Called from dsp methods, before perform runs at that rate.
void object_rate(Object* x, float rate);

// The next value of `work`, sample by sample.
inline float object_work(Object* x, float step) {
    float aim = x->player.bypassed ? 0 : 1;
    x->work = x->work < aim ? (x->work + step < aim ? x->work + step : aim)
                            : (x->work - step > aim ? x->work - step : aim);
    return x->work;
}

// The loudness by hand, in dBFS. Without a lock or memory, for perform.
void object_loudness(Object* x, float level);

// Add the messages that all objects understand.
void object_messages(t_class* c);

// One line in Pd's console.
void object_complain(Object* x, const char* reason);
