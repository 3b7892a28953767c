#include "player.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy(char* to, const char* from) { snprintf(to, ASKED_NAME, "%s", from); }

melisma_stream* player_stream(const Player* p) { return p->slot ? melisma_slot_stream(p->slot) : nullptr; }

// ---- settings

static const Setting* setting(const Player* p, const char* name) {
    for (int i = 0; i < p->setting_count; i++)
        if (strcmp(p->settings[i].name, name) == 0) return p->settings + i;
    return nullptr;
}

// What the stream has is what was set; but a bypassed one lets the input through.
static void apply(Player* p, melisma_stream* stream) {
    if (!stream) return;
    for (int i = 0; i < p->setting_count; i++)
        melisma_set(stream, melisma_parameter_find(p->model, p->settings[i].name), p->settings[i].value);
    int mix = melisma_parameter_find(p->model, "mix");
    if (p->bypassed)
        melisma_set(stream, mix, 0);
    else if (!setting(p, "mix"))
        melisma_set(stream, mix, melisma_parameter_at(p->model, mix)->default_value);
}

bool player_set(Player* p, const char* name, float value) {
    int index = p->model ? melisma_parameter_find(p->model, name) : -1;
    if (index >= 0)
        name = melisma_parameter_at(p->model, index)->name;  // kept once, whatever it was called before
    Setting* found = const_cast<Setting*>(setting(p, name));
    if (!found) {
        size_t length = strlen(name);
        if (p->setting_count == MOST_SETTINGS || length >= SETTING_NAME) return false;
        found = p->settings + p->setting_count++;
        memcpy(found->name, name, length + 1);
    }
    found->value = value;
    if (index < 0) return true;
    melisma_stream* stream = player_stream(p);
    if (stream && !(p->bypassed && strcmp(name, "mix") == 0)) melisma_set(stream, index, value);
    return true;
}

bool player_get(const Player* p, const char* name, float* value) {
    const Setting* found = setting(p, name);
    if (found) *value = found->value;
    return found != nullptr;
}

void player_bypass(Player* p, bool on) {
    p->bypassed = on;
    apply(p, player_stream(p));
}

// ---- loading

// The slot's newest stream, of that model (null, null: silence), is this.
static void put(Player* p, melisma_model* model, melisma_stream* stream) {
    melisma_model* before = p->model;
    p->model = model;
    copy(p->missing, model ? "" : p->name);  // before something else is asked for
    apply(p, stream);
    if (stream) melisma_reset(stream);
    if (p->slot) {
        melisma_slot_put(p->slot, stream);
        if (!p->calls->sounds(p->host)) melisma_slot_reset(p->slot);  // nobody is listening
        free_beside(melisma_slot_retired(p->slot), before, nullptr);
    } else {
        free_beside(stream, before, nullptr);
    }
}

static void loaded(Player* p, Loading* l) {
    if (!l->model) p->calls->complain(p->host, l->reason);
    put(p, l->model, l->stream);
    loading_end(l);
}

void player_look(Player* p) {
    if (p->loading && loading_done(p->loading)) {
        Loading* l = p->loading;
        p->loading = nullptr;
        bool stale = l->model && l->rate != p->rate;  // the rate changed meanwhile
        char next[ASKED_NAME];
        copy(next, *p->wanted ? p->wanted : stale ? p->name : "");
        *p->wanted = 0;
        if (*next && l->model) {
            free_beside(l->stream, l->model, nullptr);
            loading_end(l);
        } else {
            loaded(p, l);
        }
        if (*next)
            player_load(p, next, false);
        else
            p->tells = true;
    } else if (p->slot && !p->loading) {
        free_beside(melisma_slot_retired(p->slot), nullptr, nullptr);
    }
    if (p->loading || (p->slot && melisma_slot_waiting(p->slot))) p->calls->look(p->host, false);
}

void player_load(Player* p, const char* name, bool at_once) {
    if (p->loading)
        return copy(p->wanted,
                    name);  // its thread cannot be stopped, but what it brings is not wanted any more
    copy(p->name, name);
    char path[1024];
    if (!p->calls->find(p->host, name, path, sizeof path)) {
        put(p, nullptr, nullptr);
        p->tells = true;
        return p->calls->look(p->host, true);
    }
    bool beside = !at_once && p->calls->sounds(p->host);
    if (beside && (p->loading = loading_start(path, p->rate, p->channels)))
        return p->calls->look(p->host, false);
    Loading* l = static_cast<Loading*>(calloc(1, sizeof(Loading)));
    if (!l) return p->calls->complain(p->host, "there is not enough memory to load a model");
    snprintf(l->path, sizeof l->path, "%s", path);
    l->rate = p->rate, l->channels = p->channels;
    loading_now(l);
    loaded(p, l);
    p->tells = true;
    p->calls->look(p->host, true);
}

void player_rate(Player* p, int rate) {
    if (rate == p->rate && p->slot) return;
    p->rate = rate;
    free_beside(nullptr, nullptr, p->slot);
    p->slot = melisma_slot_new(rate);
    if (!p->slot) return p->calls->complain(p->host, "there is not enough memory");
    if (!p->model) return;
    p->tells = true;  // its latency is another one now
    p->calls->look(p->host, true);
    char reason[REASON];
    melisma_stream* stream = melisma_stream_new_channels(p->model, rate, p->channels, reason, sizeof reason);
    if (!stream) p->calls->complain(p->host, reason);
    apply(p, stream);
    if (stream) melisma_reset(stream);
    melisma_slot_put(p->slot, stream);
}

void player_reset(Player* p) {
    if (!p->slot) return;
    melisma_slot_reset(p->slot);
    if (melisma_slot_waiting(p->slot)) p->calls->look(p->host, false);
}

// ---- state: a line each, floats as the digits of their bits, which no locale writes in its own way

constexpr const char* STATE = "melisma-state 1";

static bool of_exciter(const char* name) { return strncmp(name, EXCITER, strlen(EXCITER)) == 0; }

size_t player_state(const Player* p, char* text, size_t size) {
    size_t used = 0;
    auto line = [&](const char* word, const char* name, const char* rest) {
        int n = snprintf(used < size ? text + used : nullptr, used < size ? size - used : 0, "%s%s%s%s%s\n",
                         word, *name ? " " : "", name, *rest ? " " : "", rest);
        used += static_cast<size_t>(n);
    };
    line(STATE, "", "");
    const char* name = *p->wanted ? p->wanted : p->name;
    if (*name) line("model", name, "");
    if (p->bypassed) line("bypassed", "", "");
    for (int i = 0; i < p->setting_count; i++) {
        uint32_t bits;
        char digits[12];
        memcpy(&bits, &p->settings[i].value, sizeof bits);
        snprintf(digits, sizeof digits, "%08lx", static_cast<unsigned long>(bits));
        if (of_exciter(p->settings[i].name))
            line(p->settings[i].name, "", digits);  // as version 1 has always had it
        else
            line("set", p->settings[i].name, digits);
    }
    return used;
}

// "NAME BITS" → a setting; false if it is none
static bool read_setting(Player* p, char* text) {
    char* space = strrchr(text, ' ');
    if (!space || strlen(space) != 9) return false;
    char* end;
    uint32_t bits = static_cast<uint32_t>(strtoul(space + 1, &end, 16));
    float value;
    memcpy(&value, &bits, sizeof value);
    if (*end || !(value - value == 0)) return false;
    *space = 0;
    return player_set(p, text, value);
}

bool player_restore(Player* p, const char* text, size_t length) {
    size_t first = strlen(STATE);
    if (length <= first || memcmp(text, STATE, first) != 0 || text[first] != '\n') {
        p->calls->complain(p->host, "this is no state of a Melisma, or one of a newer version");
        return false;
    }
    // as if new; a parameter that is not set again goes back to what it usually is
    melisma_stream* stream = player_stream(p);
    for (int i = 0; stream && i < melisma_parameter_count(p->model); i++)
        melisma_set(stream, i, melisma_parameter_at(p->model, i)->default_value);
    p->setting_count = 0;
    p->bypassed = false;
    char line[ASKED_NAME + 64], name[ASKED_NAME] = "";
    for (const char *at = text + first + 1, *end = text + length; at < end;) {
        const char* stop = static_cast<const char*>(memchr(at, '\n', static_cast<size_t>(end - at)));
        size_t n = static_cast<size_t>((stop ? stop : end) - at);
        if (n < sizeof line) {
            memcpy(line, at, n);
            line[n] = 0;
            if (strncmp(line, "model ", 6) == 0) copy(name, line + 6);
            if (strncmp(line, "set ", 4) == 0) read_setting(p, line + 4);
            if (of_exciter(line)) read_setting(p, line);
            if (strcmp(line, "bypassed") == 0) p->bypassed = true;
        }
        at += n + 1;
    }
    apply(p, stream);
    if (*name && (strcmp(name, p->name) != 0 || !p->model)) player_load(p, name, false);
    return true;
}

// ---- beginning and end

void player_begin(Player* p, const PlayerHost* calls, void* host, int rate, int channels) {
    memset(p, 0, sizeof *p);
    p->calls = calls;
    p->host = host;
    p->rate = rate;
    p->channels = channels;
    p->slot = melisma_slot_new(rate);
}

void player_end(Player* p) {
    if (p->loading && loading_done(p->loading)) free_beside(p->loading->stream, p->loading->model, nullptr);
    loading_end(p->loading);
    free_beside(nullptr, p->model, p->slot);
}

bool player_tells(Player* p, char* said, size_t size, char* against, size_t capacity) {
    if (!p->tells) return false;
    p->tells = false;
    melisma_stream* stream = p->model ? player_stream(p) : nullptr;
    if (!stream) return false;
    melisma_info info;
    melisma_describe(p->model, &info, sizeof info);
    int late = melisma_latency(stream);
    snprintf(said, size, "plays %s: %d latents, late by %d samples (%.1f ms)", info.name, info.latents, late,
             1000.0 * late / p->rate);
    *against = 0;
    if (*info.unusable) snprintf(against, capacity, "%s: %s", info.name, info.unusable);
    return true;
}
