#include "controllers.h"

#include <stdio.h>
#include <string.h>

#include "midimap.h"

static int row_of(const char* name) {
    bool exciter = strncmp(name, EXCITER, strlen(EXCITER)) == 0;
    if (exciter) name += strlen(EXCITER);
    for (int i = 0; i < PARAMETER_COUNT; i++)
        if (*ROWS[i].name && ROWS[i].exciter == exciter && strcmp(ROWS[i].name, name) == 0) return i;
    return -1;
}

static Instance* self(void* x) { return static_cast<Instance*>(x); }

static const KnobsHost HOST = {
    [](void*, const char* name, KnobRange* range) {
        int i = row_of(name);
        if (i < 0) return false;
        const Row& row = ROWS[i];
        *range = {row.minimum, row.maximum, knob_logarithmic(row.unit, row.minimum), row.whole};
        return true;
    },
    [](void* x, const char* name) { return static_cast<double>(instance_get(self(x), row_of(name))); },
    [](void* x, const char* name, double value) {
        instance_set(self(x), row_of(name), static_cast<float>(value));
    },
};

void controllers_begin(Instance* x) {
    char reason[1200];
    x->knobs = knobs_new();
    if (x->knobs && !knobs_load(x->knobs, reason, sizeof reason)) fprintf(stderr, "Melisma: %s\n", reason);
}

bool controllers_take(Instance* x, const Note& note) {
    if (!x->knobs || note.size != 3 || (note.bytes[0] & 0xf0) != 0xb0) return false;
    return knobs_turn(x->knobs, &HOST, x, (note.bytes[0] & 15) + 1, note.bytes[1], note.bytes[2]) != NO_KNOB;
}
