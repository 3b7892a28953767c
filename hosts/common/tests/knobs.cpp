// A MIDI map at work on parameters that only remember, for tests. A line in, a line out:
//
//     parameter NAME MIN MAX VALUE UNIT WHOLE | set NAME VALUE | learn NAME | turn CHANNEL CONTROLLER VALUE
//     read LENGTH, then so many bytes | text | load | save
//
// Answers: "ok", "refused SENTENCE", for turn "0", "1" or "2" and all values; for text a length, and so many
// bytes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "midimap.h"

struct Parameter {
    char name[64];
    double value;
    KnobRange range;
};

static Parameter parameters[64];
static int count;

static Parameter* found(const char* name) {
    for (int i = 0; i < count; i++)
        if (!strcmp(parameters[i].name, name)) return parameters + i;
    return nullptr;
}

static void set(Parameter* p, double value) {
    const KnobRange& r = p->range;
    p->value = value < r.minimum ? r.minimum : value > r.maximum ? r.maximum : value;
}

static const KnobsHost HOST = {
    [](void*, const char* name, KnobRange* range) {
        Parameter* p = found(name);
        if (p) *range = p->range;
        return p != nullptr;
    },
    [](void*, const char* name) { return found(name)->value; },
    [](void*, const char* name, double value) { set(found(name), value); },
};

int main() {
    Knobs* k = knobs_new();
    char line[1000], name[300], unit[20], reason[1200];
    while (fgets(line, sizeof line, stdin)) {
        double low, high, value;
        int a, b, c;
        *reason = 0;
        if (sscanf(line, "parameter %63s %lf %lf %lf %19s %d", name, &low, &high, &value, unit, &a) == 6) {
            Parameter& p = parameters[count++];
            snprintf(p.name, sizeof p.name, "%.63s", name);
            p.value = value;
            p.range = {low, high, knob_logarithmic(unit, low), a != 0};
        } else if (sscanf(line, "set %63s %lf", name, &value) == 2) {
            set(found(name), value);
        } else if (sscanf(line, "learn %299s", name) == 1) {
            if (!knobs_learn(k, name)) snprintf(reason, sizeof reason, "not learnt");
        } else if (sscanf(line, "turn %d %d %d", &a, &b, &c) == 3) {
            printf("%d", knobs_turn(k, &HOST, nullptr, a, b, c));
            for (int i = 0; i < count; i++) printf(" %.17g", parameters[i].value);
            puts("");
            fflush(stdout);
            continue;
        } else if (sscanf(line, "read %d", &a) == 1) {
            char* text = static_cast<char*>(malloc(static_cast<size_t>(a) + 1));
            size_t length = fread(text, 1, static_cast<size_t>(a), stdin);
            knobs_read(k, text, length, "the map", reason, sizeof reason);
            free(text);
        } else if (!strcmp(line, "text\n")) {
            size_t length = knobs_text(k, nullptr, 0);
            char* text = static_cast<char*>(malloc(length + 1));
            knobs_text(k, text, length + 1);
            printf("%zu\n%s", length, text);
            free(text);
            fflush(stdout);
            continue;
        } else if (!strcmp(line, "load\n")) {
            knobs_load(k, reason, sizeof reason);
        } else if (!strcmp(line, "save\n")) {
            knobs_save(k, reason, sizeof reason);
        } else {
            snprintf(reason, sizeof reason, "what?");
        }
        if (*reason)
            printf("refused %s\n", reason);
        else
            puts("ok");
        fflush(stdout);
    }
    knobs_free(k);
    return 0;
}
