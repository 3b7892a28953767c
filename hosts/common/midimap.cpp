#include "midimap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool knob_reserved(int controller) {
    return controller == 6 || controller == 38 || (controller >= 96 && controller < 102) ||
           (controller >= 120 && controller < 128);
}

bool knob_logarithmic(const char* unit, double minimum) {
    return (strcmp(unit, "Hz") == 0 || strcmp(unit, "s") == 0) && minimum > 0;
}

Knobs* knobs_new() { return static_cast<Knobs*>(calloc(1, sizeof(Knobs))); }

void knobs_free(Knobs* k) {
    if (k) free(k->list);
    free(k);
}

static bool make_room(Knobs* k, int count) {
    if (count <= k->capacity) return true;
    void* more = realloc(k->list, static_cast<size_t>(count + SPARE_KNOBS) * sizeof(Knob));
    if (!more) return false;
    k->list = static_cast<Knob*>(more);
    k->capacity = count + SPARE_KNOBS;
    return true;
}

static double end_low(const Knob& knob, const KnobRange& range) {
    return knob.has_low ? knob.low : range.minimum;
}
static double end_high(const Knob& knob, const KnobRange& range) {
    return knob.has_high ? knob.high : range.maximum;
}

static double value_at(const Knob& knob, double position, const KnobRange& range) {
    double low = end_low(knob, range), high = end_high(knob, range);
    double value = range.logarithmic && fmin(low, high) > 0 ? low * pow(high / low, position)
                                                            : low + position * (high - low);
    return range.whole ? nearbyint(value) : value;
}

static double position_of(const Knob& knob, double value, const KnobRange& range) {
    double low = end_low(knob, range), high = end_high(knob, range);
    if (low == high) return 0;
    if (range.logarithmic && fmin(fmin(low, high), value) > 0) return log(value / low) / log(high / low);
    return (value - low) / (high - low);
}

// Whether a knob that moves to this position has the parameter, which stands there, in hand.
static bool takes(Knob* knob, double position, double stands, double near) {
    bool was_seen = knob->was_seen;
    double before = knob->seen;
    knob->was_seen = true;
    knob->seen = position;
    if (knob->has_left && fabs(stands - knob->left) <= near / 8) return true;
    knob->has_left = false;
    if (was_seen && fmin(before, position) - near <= stands && stands <= fmax(before, position) + near)
        return true;
    return fabs(position - stands) <= near;
}

static void turn(Knob* knob, const KnobsHost* calls, void* host, int value) {
    KnobRange range;
    if (!calls->range(host, knob->parameter, &range))
        return;  // of a model with more latents, of another host
    double steps = (1 << knob->bits) - 1, position = value / steps;
    if (!takes(knob, position, position_of(*knob, calls->get(host, knob->parameter), range), 1.5 / steps))
        return;
    calls->set(host, knob->parameter, value_at(*knob, position, range));
    knob->left = position_of(*knob, calls->get(host, knob->parameter), range);
    knob->has_left = true;
}

static bool hears(const Knob& knob, int channel) { return knob.channel == 0 || knob.channel == channel; }

bool knobs_bind(Knobs* k, Knob knob) {
    int kept = 0;
    for (int i = 0; i < k->count; i++) {
        const Knob& other = k->list[i];
        if (strcmp(other.parameter, knob.parameter) == 0 ||
            (other.controller == knob.controller && hears(other, knob.channel)))
            continue;
        k->list[kept++] = k->list[i];
    }
    k->count = kept;
    if (kept == MOST_KNOBS || !make_room(k, kept + 1)) return false;
    knob.was_seen = knob.has_left = false;
    k->list[k->count++] = knob;
    return true;
}

void knobs_forget(Knobs* k, const char* parameter) {
    int kept = 0;
    for (int i = 0; i < k->count; i++)
        if (strcmp(k->list[i].parameter, parameter) != 0) k->list[kept++] = k->list[i];
    k->count = kept;
    k->fresh_channel = 0;
}

bool knobs_learn(Knobs* k, const char* parameter) {
    if (k->wanted_count == MOST_WANTED || strlen(parameter) >= KNOB_PARAMETER) return false;
    if (!make_room(k, k->count + k->wanted_count + 1)) return false;
    if (!k->wanted_count) memset(k->given, 0, sizeof k->given);
    snprintf(k->wanted[k->wanted_count++], KNOB_PARAMETER, "%s", parameter);
    return true;
}

static bool learns(Knobs* k, int channel, int controller) {
    if (int fresh = k->fresh_channel) {
        k->fresh_channel = 0;
        Knob knob = k->list[k->count - 1];
        if (fresh == channel && knob.controller + 32 == controller) {
            knob.bits = 14;
            return knobs_bind(k, knob);
        }
    }
    if (!k->wanted_count || k->given[channel][controller]) return false;
    Knob knob = {};
    memcpy(knob.parameter, k->wanted[0], sizeof knob.parameter);
    memmove(k->wanted[0], k->wanted[1], static_cast<size_t>(--k->wanted_count) * sizeof k->wanted[0]);
    knob.controller = controller;
    knob.channel = channel;
    knob.bits = 7;
    k->given[channel][controller] = true;
    if (controller < 96) k->given[channel][controller + 32] = true;
    if (!knobs_bind(k, knob)) return false;
    if (controller < 32 && !knob_reserved(controller + 32)) k->fresh_channel = channel;
    return true;
}

KnobHeard knobs_turn(Knobs* k, const KnobsHost* calls, void* host, int channel, int controller, int value) {
    if (channel < 1 || channel > 16 || controller < 0 || controller > 127 || value < 0 || value > 127 ||
        knob_reserved(controller))
        return NO_KNOB;
    bool learnt = learns(k, channel, controller), taken = learnt;
    if (controller < 32) k->coarse[channel][controller] = value;
    for (int i = 0; i < k->count; i++) {
        Knob* knob = k->list + i;
        if (!hears(*knob, channel)) continue;
        if (knob->bits == 7 && knob->controller == controller) {
            taken = true;
            turn(knob, calls, host, value);
        } else if (knob->bits == 14 &&
                   (controller == knob->controller || controller == knob->controller + 32)) {
            taken = true;
            if (controller != knob->controller)  // the fine half comes last
                turn(knob, calls, host, k->coarse[channel][knob->controller] << 7 | value);
        }
    }
    return learnt ? KNOB_LEARNT : taken ? KNOB_TURNED : NO_KNOB;
}
