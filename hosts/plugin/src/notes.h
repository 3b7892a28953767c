// The instrument: notes into the exciter, its sound into the model.
#pragma once

#include "instance.h"

void notes_start(Instance* x, int rate);  // before audio runs at that rate: silence

// The audio thread's: the block's notes, each at its sample, on both channels.
void notes_play(Instance* x, float* const* out, int64_t n);
