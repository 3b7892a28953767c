#include "knobs.h"

#include <stdio.h>

#include "loader.h"
#include "midimap.h"

static const melisma_parameter* parameter(const Object* x, const char* name, int* index) {
    *index = x->player.model ? melisma_parameter_find(x->player.model, name) : -1;
    return *index < 0 ? nullptr : melisma_parameter_at(x->player.model, *index);
}

static Object* object(void* host) { return static_cast<Object*>(host); }

static const KnobsHost HOST = {
    [](void* x, const char* name, KnobRange* range) {
        int index;
        const melisma_parameter* p = parameter(object(x), name, &index);
        if (!p || !player_stream(&object(x)->player)) return false;
        *range = {p->minimum, p->maximum, knob_logarithmic(p->unit, p->minimum), p->whole != 0};
        return true;
    },
    [](void* x, const char* name) {
        int index;
        parameter(object(x), name, &index);
        return static_cast<double>(melisma_get(player_stream(&object(x)->player), index));
    },
    [](void* x, const char* name, double value) {
        int index;
        const melisma_parameter* p = parameter(object(x), name, &index);
        double low = p->minimum, high = p->maximum;
        player_set(&object(x)->player, name,
                   static_cast<float>(value < low    ? low
                                      : value > high ? high
                                                     : value));
    },
};

// The map, read anew if that is asked for, as another host may have learnt meanwhile; null without memory.
static Knobs* knobs(Object* x, bool anew) {
    bool first = !x->knobs;
    if (first) x->knobs = knobs_new();
    char reason[REASON + 500];
    if (x->knobs && (first || anew) && !knobs_load(x->knobs, reason, sizeof reason))
        object_complain(x, reason);
    return x->knobs;
}

static void on_learn(Object* x, t_symbol*, int count, t_atom* words) {
    if (count != 1 || words[0].a_type != A_SYMBOL)
        return object_complain(x, "learn what? Say learn NAME, and move the knob; dump prints the names");
    const char* name = words[0].a_w.w_symbol->s_name;
    char reason[REASON];
    int index;
    if (x->player.model && !parameter(x, name, &index)) {
        snprintf(reason, sizeof reason,
                 "model %.200s has no parameter %.200s; dump prints those that there are", x->player.name,
                 name);
        return object_complain(x, reason);
    }
    Knobs* k = knobs(x, true);
    if (!k || !knobs_learn(k, name)) object_complain(x, "that cannot be learnt: too much waits for a knob");
}

static void on_cc(Object* x, t_symbol*, int count, t_atom* words) {
    bool numbers = count == 2 || count == 3;
    for (int i = 0; i < count; i++) numbers &= words[i].a_type == A_FLOAT;
    if (!numbers) return object_complain(x, "cc takes a controller, its value and perhaps a channel");
    auto number = [&](int i) { return static_cast<int>(words[i].a_w.w_float); };
    int channel = count == 3 ? number(2) : 1;
    if (channel > 16) channel = (channel - 1) % 16 + 1;  // of Pd's second port, and so on
    Knobs* k = knobs(x, false);
    if (!k || knobs_turn(k, &HOST, x, channel, number(0), number(1)) != KNOB_LEARNT) return;
    char reason[REASON + 500];
    if (!knobs_save(k, reason, sizeof reason)) object_complain(x, reason);
    const Knob& knob = k->list[k->count - 1];
    t_atom said[3];
    SETSYMBOL(said, gensym(knob.parameter));
    SETFLOAT(said + 1, static_cast<t_float>(knob.controller));
    SETFLOAT(said + 2, static_cast<t_float>(knob.channel));
    if (x->out) outlet_anything(x->out, gensym("learnt"), 3, said);
}

void knobs_messages(t_class* c) {
    class_addmethod(c, reinterpret_cast<t_method>(on_cc), gensym("cc"), A_GIMME, A_NULL);
    class_addmethod(c, reinterpret_cast<t_method>(on_learn), gensym("learn"), A_GIMME, A_NULL);
}
