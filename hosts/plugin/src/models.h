// Which model an instance means: by number, by name, by file.
#pragma once

#include "instance.h"

// A sentence for the user, and the status that says so.
void models_complain(Instance* x, const char* reason);

// Name or path → file. false: there is none, and it was said so.
bool models_find(Instance* x, const char* name, char* path, size_t size);

// The choices, from 1 on.
void models_list(Instance* x);
int models_choice(const Instance* x, const char* name);  // 0: it is none of them

// → the name's choice; if that can be had, the one that a session knows it by.
int models_keep(Instance* x, const char* name, int choice);
