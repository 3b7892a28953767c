// Controllers turn parameters, by the user's MIDI map.
#pragma once

#include "object.h"

// Add the messages `cc CONTROLLER VALUE [CHANNEL]`, as ctlin gives them, and `learn NAME`.
void knobs_messages(t_class* c);
