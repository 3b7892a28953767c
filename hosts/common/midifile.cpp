// The MIDI map as text, and in the user's file.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/src/format/json.h"
#include "midimap.h"
#include "names.h"

using melisma::Json;

constexpr int VERSION = 1;
constexpr size_t LARGEST = 1 << 20;  // bytes of a file

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
    if (knob_reserved(knob->controller) || (knob->bits == 14 && knob_reserved(knob->controller + 32)))
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
    Knob* list = static_cast<Knob*>(calloc(lines->length + SPARE_KNOBS, sizeof(Knob)));
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
    k->capacity = static_cast<int>(lines->length) + SPARE_KNOBS;
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
