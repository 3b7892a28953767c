#include "midimap.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/src/format/json.h"
#include "names.h"

using melisma::Json;

constexpr int VERSION = 1, SPARE = 64;
constexpr size_t LARGEST = 1 << 20;  // bytes of a file

static bool reserved(int controller) {  // registered parameters and channel modes: never knobs
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
    void* more = realloc(k->list, static_cast<size_t>(count + SPARE) * sizeof(Knob));
    if (!more) return false;
    k->list = static_cast<Knob*>(more);
    k->capacity = count + SPARE;
    return true;
}

// ---- the text

static int characters(const char* text, uint32_t bytes) {
    int count = 0;
    for (uint32_t i = 0; i < bytes; i++) count += (text[i] & 0xc0) != 0x80;
    return count;
}

// A whole number of a line; false, and said so: it is none, or outside.
static bool whole(const Json::Node* line, const char* name, int usual, int low, int high, int* value,
                  char* why, size_t capacity) {
    const Json::Node* node = Json::member(line, name);
    *value = usual;
    if (!node && usual >= 0) return true;
    if (Json::is(node, Json::NUMBER) && node->whole && node->number >= low && node->number <= high)
        return *value = static_cast<int>(node->number), true;
    snprintf(why, capacity, "%s: a whole number from %d to %d is needed", name, low, high);
    return false;
}

static bool end_of(const Json::Node* line, const char* name, bool* there, double* value, char* why,
                   size_t capacity) {
    const Json::Node* node = Json::member(line, name);
    *there = node && !Json::is(node, Json::NOTHING);
    *value = *there ? node->number : 0;
    if (!*there || (Json::is(node, Json::NUMBER) && isfinite(*value))) return true;
    snprintf(why, capacity, "%s, an end of its range, is to be a number", name);
    return false;
}

static bool read_knob(const Json::Node* line, Knob* knob, char* why, size_t capacity) {
    memset(knob, 0, sizeof *knob);
    if (!Json::is(line, Json::OBJECT)) return snprintf(why, capacity, "it is no object"), false;
    if (!whole(line, "bits", 7, 7, 14, &knob->bits, why, capacity) ||
        !whole(line, "controller", -1, 0, knob->bits == 14 ? 31 : 119, &knob->controller, why, capacity) ||
        !whole(line, "channel", 0, 0, 16, &knob->channel, why, capacity))
        return false;
    if (knob->bits != 7 && knob->bits != 14)
        return snprintf(why, capacity, "bits is %d; a knob has 7 or 14", knob->bits), false;
    if (reserved(knob->controller) || (knob->bits == 14 && reserved(knob->controller + 32)))
        return snprintf(why, capacity, "controller %d is no knob: it says what other messages mean",
                        knob->controller),
               false;
    const Json::Node* name = Json::member(line, "parameter");
    if (!Json::is(name, Json::STRING) || !name->length || strlen(name->text) != name->length ||
        characters(name->text, name->length) > 64)
        return snprintf(why, capacity, "the name of a parameter is needed"), false;
    memcpy(knob->parameter, name->text, name->length);
    return end_of(line, "low", &knob->has_low, &knob->low, why, capacity) &&
           end_of(line, "high", &knob->has_high, &knob->high, why, capacity);
}

bool knobs_read(Knobs* k, const char* text, size_t length, const char* called, char* reason,
                size_t capacity) {
    constexpr const char* ANEW = "or delete it and learn the knobs anew";
    Json json;
    const Json::Node* root = json.parse(text, length);
    if (!root) return snprintf(reason, capacity, "%.400s is no MIDI map: mend it, %s", called, ANEW), false;
    const Json::Node *version = Json::member(root, "melisma-midi"), *lines = Json::member(root, "knobs");
    if (!Json::is(root, Json::OBJECT) || !Json::is(version, Json::NUMBER) || !version->whole ||
        version->number < 1 || version->number > VERSION)
        return snprintf(reason, capacity,
                        "%.400s is no MIDI map of Melisma's, or of a newer version: name another file, %s",
                        called, ANEW),
               false;
    if (!Json::is(lines, Json::ARRAY) || lines->length > MOST_KNOBS)
        return snprintf(reason, capacity, "%.400s has no list of at most %d knobs: mend it, %s", called,
                        MOST_KNOBS, ANEW),
               false;
    Knob* list = static_cast<Knob*>(calloc(lines->length + SPARE, sizeof(Knob)));
    if (!list) return snprintf(reason, capacity, "there is not enough memory for a MIDI map"), false;
    int count = 0;
    char why[200];
    for (const Json::Node* line = lines->first; line; line = line->next, count++)
        if (!read_knob(line, list + count, why, sizeof why)) {
            free(list);
            snprintf(reason, capacity, "%.400s, knob %d: %s; mend it, or delete the line", called, count + 1,
                     why);
            return false;
        }
    free(k->list);
    k->list = list;
    k->count = count;
    k->capacity = static_cast<int>(lines->length) + SPARE;
    k->fresh_channel = 0;
    return true;
}

namespace {

// Text that may have no room for itself.
struct Out {
    char* text;
    size_t size, used = 0;

    void put(const char* more) {
        for (; *more; more++, used++)
            if (used + 1 < size) text[used] = *more;
        if (size) text[used < size ? used : size - 1] = 0;
    }
    void number(double value) {
        char digits[40];
        for (int precision = 6; precision <= 17; precision++) {
            snprintf(digits, sizeof digits, "%.*g", precision, value);
            for (char* at = digits; *at; at++)
                if (*at == ',') *at = '.';  // whatever the locale writes
            Json json;
            const Json::Node* read = json.parse(digits, strlen(digits));
            if (read && read->number == value) break;
        }
        put(digits);
    }
    void name(const char* name) {
        char one[8] = {};
        for (put("\""); *name; name++) {
            if (*name == '"' || *name == '\\' || static_cast<unsigned char>(*name) < 32)
                snprintf(one, sizeof one, "\\u%04x", static_cast<unsigned char>(*name));
            else
                one[0] = *name, one[1] = 0;
            put(one);
        }
        put("\"");
    }
};

}  // namespace

size_t knobs_text(const Knobs* k, char* text, size_t size) {
    Out out{text, size};
    char line[120];
    out.put("{\n \"melisma-midi\": 1,\n \"knobs\": [");
    for (int i = 0; i < k->count; i++) {
        const Knob& knob = k->list[i];
        out.put(i ? ",\n  {\n   \"parameter\": " : "\n  {\n   \"parameter\": ");
        out.name(knob.parameter);
        snprintf(line, sizeof line, ",\n   \"controller\": %d,\n   \"channel\": %d,\n   \"bits\": %d",
                 knob.controller, knob.channel, knob.bits);
        out.put(line);
        if (knob.has_low) out.put(",\n   \"low\": "), out.number(knob.low);
        if (knob.has_high) out.put(",\n   \"high\": "), out.number(knob.high);
        out.put("\n  }");
    }
    out.put(k->count ? "\n ]\n}\n" : "]\n}\n");
    return out.used;
}

// ---- the file

static bool place(char* path, size_t size) {
    char folder[1000];
    own_folder(folder, sizeof folder);
    snprintf(path, size, "%s/midi.json", folder);
    return *folder != 0;
}

bool knobs_load(Knobs* k, char* reason, size_t capacity) {
    char path[1100];
    FILE* file = place(path, sizeof path) ? fopen(path, "rb") : nullptr;
    if (!file) {
        k->count = 0;
        k->fresh_channel = 0;
        return true;
    }
    char* text = static_cast<char*>(malloc(LARGEST + 1));
    size_t length = text ? fread(text, 1, LARGEST + 1, file) : 0;
    fclose(file);
    bool read = text && length <= LARGEST && knobs_read(k, text, length, path, reason, capacity);
    if (!text || length > LARGEST)
        snprintf(reason, capacity, "%.900s is no MIDI map: name another file", path);
    free(text);
    return read;
}

bool knobs_save(const Knobs* k, char* reason, size_t capacity) {
    char path[1100], fresh[1120];
    if (!place(path, sizeof path))
        return snprintf(reason, capacity,
                        "there is no folder of yours for the MIDI map: set HOME (or MELISMA_HOME)"),
               false;
    snprintf(fresh, sizeof fresh, "%s.new", path);
    size_t length = knobs_text(k, nullptr, 0);
    char* text = static_cast<char*>(malloc(length + 1));
    if (text) knobs_text(k, text, length + 1);
    FILE* file = text ? fopen(fresh, "wb") : nullptr;
    bool written = file && fwrite(text, 1, length, file) == length;
    written = (!file || fclose(file) == 0) && written;
#ifdef _WIN32
    if (written) remove(path);
#endif
    written = written && rename(fresh, path) == 0;
    if (!written) {
        snprintf(reason, capacity, "%.900s could not be written: %.100s", path, strerror(errno));
        if (file) remove(fresh);
    }
    free(text);
    return written;
}

// ---- at work

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

// A knob turns one thing, and a thing is turned by one knob.
static bool bind(Knobs* k, Knob knob) {
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

bool knobs_learn(Knobs* k, const char* parameter) {
    if (k->wanted_count == MOST_WANTED || strlen(parameter) >= KNOB_PARAMETER) return false;
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
            return bind(k, knob);
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
    if (!bind(k, knob)) return false;
    if (controller < 32 && !reserved(controller + 32)) k->fresh_channel = channel;
    return true;
}

KnobHeard knobs_turn(Knobs* k, const KnobsHost* calls, void* host, int channel, int controller, int value) {
    if (channel < 1 || channel > 16 || controller < 0 || controller > 127 || value < 0 || value > 127 ||
        reserved(controller))
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
