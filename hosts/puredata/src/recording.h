// Where a patch records to: a folder of the user's own, and never over anything.
#pragma once

#include <stddef.h>

// A path without suffix for a recording called `name`: PATH.wav is new, empty and the caller's, and there is
// no PATH.txt. A bare name goes beside the patch where that is the user's own folder to write in, else into
// ~/Melisma; where it is taken, NAME-2, NAME-3 …. False if there is none, with the reason.
bool recording_place(const char* name, const char* patch_folder, char* path, size_t size, char* reason,
                     size_t capacity);
