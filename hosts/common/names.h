// Models by name: which there are, and where. The same rules as melisma.store.pretrained and
// melisma.system.home in Python.
#pragma once

#include <stddef.h>

constexpr const char* MODEL_SUFFIX = ".melisma";
constexpr const char* PUBLISHED =
    "published:";  // before a name: the one that came with Melisma, not the user's own
constexpr int MOST_KNOWN = 64, MOST_NAME = 300;  // a file's name has 255 bytes at most

struct Known {
    char names[MOST_KNOWN][MOST_NAME];  // in their order
    int count;
};

bool is_model_file(const char* name);  // ends as a model's file does

// The user's own folder, null where the system knows none, and within it that for what Melisma makes; ""
// where there is none.
const char* user_folder();
void own_folder(char* path, size_t size);

// All that can be had by name. `beside` is the folder of the host's binary: the published ones lie there,
// with PUBLISHED before those whose name the user has given to another.
void known_models(const char* beside, Known* known);

// A name, PUBLISHED before it or not → its file; false if there is none.
bool find_model(const char* name, const char* beside, char* path, size_t size);

// What a user asked for: a file, one below ~/, or a name → its file. false: `reason` says where none was
// found.
bool locate_model(const char* name, const char* beside, char* path, size_t size, char* reason,
                  size_t capacity);
