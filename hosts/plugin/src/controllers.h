// The instrument's controllers: what the user's MIDI map says of them.
#pragma once

#include "instance.h"

void controllers_begin(Instance* x);  // reads the map; what is wrong with it is said on stderr

// The audio thread's: whether the message is a knob of the map, and has turned its parameter; else the
// exciter hears it.
bool controllers_take(Instance* x, const Note& note);
