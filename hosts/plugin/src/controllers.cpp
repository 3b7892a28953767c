#include "controllers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "midimap.h"

constexpr const char* LINE = "midi ";  // of a state, as melisma.control.state writes it

static int row_of(const char* name) {
    bool exciter = strncmp(name, EXCITER, strlen(EXCITER)) == 0;
    if (exciter) name += strlen(EXCITER);
    for (int i = 0; i < PARAMETER_COUNT; i++)
        if (*ROWS[i].name && ROWS[i].exciter == exciter && strcmp(ROWS[i].name, name) == 0) return i;
    return -1;
}

static void name_of(int row, char* name, size_t size) {
    snprintf(name, size, "%s%s", ROWS[row].exciter ? EXCITER : "", ROWS[row].name);
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

static void complain(const char* reason) { fprintf(stderr, "Melisma: %s\n", reason); }

// ---- who may change the map: the audio thread never waits for it, the others wait for a block at most

bool controllers_hold(Instance* x) { return !x->mapping.test_and_set(std::memory_order_acquire); }
void controllers_leave(Instance* x) { x->mapping.clear(std::memory_order_release); }

struct Mapping {
    Instance* x;
    explicit Mapping(Instance* one) : x(one) {
        while (!controllers_hold(x)) control_rest();
    }
    ~Mapping() { controllers_leave(x); }
};

// For the window: what turns each parameter. The caller has the map.
static void show(Instance* x) {
    int bound[PARAMETER_COUNT] = {};
    for (int i = 0; i < x->knobs->count; i++) {
        const Knob& knob = x->knobs->list[i];
        int row = row_of(knob.parameter);
        if (row >= 0) bound[row] = knob.controller + 1;
    }
    for (int i = 0; i < PARAMETER_COUNT; i++) x->bound[i] = bound[i];
}

void controllers_begin(Instance* x) {
    char reason[1200];
    x->mapping.clear();
    x->learning = -1;
    x->knobs = knobs_new();
    if (!x->knobs) return;
    if (!knobs_load(x->knobs, reason, sizeof reason)) complain(reason);
    show(x);
}

void controllers_end(Instance* x) {
    controllers_tend(x);
    knobs_free(x->knobs);
}

// ---- audio

bool controllers_take(Instance* x, const Note& note) {
    if (!x->knobs || !is_controller(note)) return false;
    KnobHeard heard = knobs_turn(x->knobs, &HOST, x, (note.bytes[0] & 15) + 1, note.bytes[1], note.bytes[2]);
    if (heard == KNOB_LEARNT) {
        x->learning = -1;
        x->learnt = true;
    }
    return heard != NO_KNOB;
}

void controllers_hear(Instance* x) {
    if (!x->note_count || !controllers_hold(x)) return;  // at the next block
    for (int i = 0; i < x->note_count; i++) controllers_take(x, x->notes[i]);
    x->note_count = 0;
    controllers_leave(x);
}

// ---- the user's file, which other hosts may have written to meanwhile: one line of it is changed

// knob: what turns the parameter from now on; null: nothing does.
static void keep(const char* parameter, const Knob* knob) {
    char reason[1200];
    Knobs* file = knobs_new();
    if (!file) return;
    bool read = knobs_load(file, reason, sizeof reason);
    if (read && !knob) knobs_forget(file, parameter);
    if (read && knob && knobs_learn(file, parameter)) {  // takes the room
        file->wanted_count = 0;
        knobs_bind(file, *knob);
    }
    if (!read || !knobs_save(file, reason, sizeof reason)) complain(reason);
    knobs_free(file);
}

void controllers_tend(Instance* x) {
    if (!x->learnt.exchange(false)) return;
    Knob knob;
    {
        Mapping mapping(x);
        if (!x->knobs->count) return;
        knob = x->knobs->list[x->knobs->count - 1];
        show(x);
    }
    keep(knob.parameter, &knob);
}

void instance_learn(Instance* x, int row) {
    if (!x->knobs || row < 0 || !*ROWS[row].name) return;
    char name[KNOB_PARAMETER];
    name_of(row, name, sizeof name);
    bool forgotten = x->bound[row] != 0;
    {
        Mapping mapping(x);
        bool cancels = x->learning == row || forgotten;
        x->knobs->wanted_count = 0;
        x->learning = -1;
        if (forgotten) knobs_forget(x->knobs, name);
        if (!cancels && knobs_learn(x->knobs, name)) x->learning = row;
        show(x);
    }
    if (forgotten) keep(name, nullptr);
}

// ---- the state

size_t controllers_text(Instance* x, char* text, size_t size) {
    if (size) *text = 0;
    if (!x->knobs) return 0;
    Mapping mapping(x);
    size_t length = knobs_text(x->knobs, nullptr, 0), used = 0;
    char* lines = static_cast<char*>(malloc(length + 1));
    if (!lines) return 0;
    knobs_text(x->knobs, lines, length + 1);
    auto put = [&](char c) {
        if (used + 1 < size) text[used] = c, text[used + 1] = 0;
        used++;
    };
    for (const char* at = LINE; *at; at++) put(*at);
    for (const char* at = lines; *at; at++)
        if (*at != '\n' && !(*at == ' ' && at > lines && (at[-1] == ' ' || at[-1] == '\n'))) put(*at);
    put('\n');
    free(lines);
    return used;
}

void controllers_restore(Instance* x, const char* text) {
    const char* at = text;
    while (at && strncmp(at, LINE, strlen(LINE)) != 0) at = strchr(at, '\n') ? strchr(at, '\n') + 1 : nullptr;
    if (!at || !x->knobs) return;
    at += strlen(LINE);
    char reason[1200];
    Mapping mapping(x);
    if (!knobs_read(x->knobs, at, strcspn(at, "\n"), "the session, its MIDI map,", reason, sizeof reason))
        complain(reason);
    x->knobs->wanted_count = 0;
    x->learning = -1;
    x->learnt = false;
    show(x);
}
