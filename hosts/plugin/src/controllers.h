// The controllers: what the user's MIDI map says of them, what a session's says, and what is learnt in the
// window, which goes into both.
#pragma once

#include "instance.h"

void controllers_begin(Instance* x);  // reads the user's map; what is wrong with it is said on stderr
void controllers_end(Instance* x);

// ---- the audio thread's

// The block's messages, for whoever hears nothing else of them.
void controllers_hear(Instance* x);

// From hold to leave: whether the message is a knob of the map, and has turned its parameter. hold is false
// while the map is being changed: what is a controller's then waits for the next block.
bool controllers_hold(Instance* x);
bool controllers_take(Instance* x, const Note& note);
void controllers_leave(Instance* x);

inline bool is_controller(const Note& note) { return note.size == 3 && (note.bytes[0] & 0xf0) == 0xb0; }

// ---- the control side's

// What was learnt since goes into the user's file.
void controllers_tend(Instance* x);

// The line of a state that has the map; → its length, whether it had room or not. restore: a state without
// one leaves the map as it is.
size_t controllers_text(Instance* x, char* text, size_t size);
void controllers_restore(Instance* x, const char* text);
