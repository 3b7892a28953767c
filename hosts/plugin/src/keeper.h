// The thread beside the audio that serves all instances: one, while there are any.
#pragma once

struct Instance;

void keeper_add(Instance* x);
void keeper_remove(Instance* x);  // and wait until it is not being served

// Keep this library where it is even when the host lets go of it: threads of hosts/common may still be at
// their last work. Its file's path goes to path[size], "" if the system does not tell.
void keeper_stay(char* path, unsigned long size);
