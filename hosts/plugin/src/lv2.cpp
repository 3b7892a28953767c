// The LV2 plug-in. Its ports are those that melisma.hosts.plugin.turtle writes: sound, then two for atoms,
// the latency, whether the host runs in real time, and the parameters.
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "DistrhoPluginInfo.h"
#include "instance.h"
#include "lv2/atom/forge.h"
#include "lv2/atom/util.h"
#include "lv2/core/lv2.h"
#include "lv2/log/log.h"
#include "lv2/midi/midi.h"
#include "lv2/patch/patch.h"
#include "lv2/state/state.h"
#include "lv2/urid/urid.h"
#include "lv2ports.h"

namespace {

constexpr const char* STATE_URI = "urn:melisma:state";
constexpr const char* FILE_URI = "urn:melisma:file";

struct Uris {
    LV2_URID file, state, path, string, error, get, set, property, value, midi;
};

struct Lv2 {
    Instance* x;
    int rate;
    void* ports[PORTS];
    float last[PARAMETER_COUNT];
    std::atomic<bool> restored;  // the model's port has nothing new to say
    bool asked;                  // for its file
    char told[1024];             // the file that was told last
    const LV2_URID_Map* map;     // null: no state, no messages
    const LV2_Log_Log* log;
    Uris uris;
    LV2_Atom_Forge forge;
};

float* port(const Lv2* p, int index) { return static_cast<float*>(p->ports[index]); }

void tell(void* told, const char* reason) {
    Lv2* p = static_cast<Lv2*>(told);
    if (p->log)
        p->log->printf(p->log->handle, p->uris.error, "Melisma: %s\n", reason);
    else
        fprintf(stderr, "Melisma: %s\n", reason);
}

LV2_Handle instantiate(const LV2_Descriptor*, double rate, const char*, const LV2_Feature* const* features) {
    Lv2* p = static_cast<Lv2*>(calloc(1, sizeof(Lv2)));
    if (!p) return nullptr;
    p->rate = static_cast<int>(rate + 0.5);
    p->x = instance_new(p->rate);
    if (!p->x) {
        free(p);
        return nullptr;
    }
    for (float& value : p->last) value = NAN;
    for (; features && *features; features++) {
        if (!strcmp((*features)->URI, LV2_URID__map))
            p->map = static_cast<const LV2_URID_Map*>((*features)->data);
        if (!strcmp((*features)->URI, LV2_LOG__log))
            p->log = static_cast<const LV2_Log_Log*>((*features)->data);
    }
    if (const LV2_URID_Map* m = p->map) {
        auto id = [m](const char* uri) { return m->map(m->handle, uri); };
        p->uris = {id(FILE_URI),         id(STATE_URI),          id(LV2_ATOM__Path), id(LV2_ATOM__String),
                   id(LV2_LOG__Error),   id(LV2_PATCH__Get),     id(LV2_PATCH__Set), id(LV2_PATCH__property),
                   id(LV2_PATCH__value), id(LV2_MIDI__MidiEvent)};
        lv2_atom_forge_init(&p->forge, const_cast<LV2_URID_Map*>(m));
    } else {
        p->log = nullptr;
    }
    p->x->tell = tell;
    p->x->told = p;
    return p;
}

void cleanup(LV2_Handle handle) {
    Lv2* p = static_cast<Lv2*>(handle);
    instance_free(p->x);
    free(p);
}

void connect(LV2_Handle handle, uint32_t index, void* data) {
    if (index < PORTS) static_cast<Lv2*>(handle)->ports[index] = data;
}

void activate(LV2_Handle handle) {
    Lv2* p = static_cast<Lv2*>(handle);
    instance_activate(p->x, p->rate);
}

void deactivate(LV2_Handle handle) { instance_deactivate(static_cast<Lv2*>(handle)->x); }

// ---- messages

void hear(Lv2* p, const LV2_Atom_Object* object) {
    const LV2_Atom *property = nullptr, *value = nullptr;
    if (object->body.otype == p->uris.get) p->asked = true;
    if (object->body.otype != p->uris.set) return;
    lv2_atom_object_get(object, p->uris.property, &property, p->uris.value, &value, 0);
    if (!property || !value || property->type != p->forge.URID) return;
    if (reinterpret_cast<const LV2_Atom_URID*>(property)->body != p->uris.file) return;
    if (value->type != p->uris.path && value->type != p->uris.string) return;
    const char* path = static_cast<const char*>(LV2_ATOM_BODY_CONST(value));
    instance_order(p->x, path, strnlen(path, value->size));
}

// Which file plays: when asked, and when it is another.
void say(Lv2* p) {
    LV2_Atom_Sequence* out = static_cast<LV2_Atom_Sequence*>(p->ports[ATOMS_OUT]);
    if (!out || !p->map) return;
    uint32_t capacity = out->atom.size;
    lv2_atom_forge_set_buffer(&p->forge, reinterpret_cast<uint8_t*>(out), capacity + sizeof(LV2_Atom));
    LV2_Atom_Forge_Frame sequence, object;
    lv2_atom_forge_sequence_head(&p->forge, &sequence, 0);
    char path[sizeof p->told];
    if (instance_file(p->x, path, sizeof path) && capacity > sizeof path + 256 &&
        (p->asked || strcmp(path, p->told) != 0)) {
        memcpy(p->told, path, sizeof path);
        p->asked = false;
        lv2_atom_forge_frame_time(&p->forge, 0);
        lv2_atom_forge_object(&p->forge, &object, 0, p->uris.set);
        lv2_atom_forge_key(&p->forge, p->uris.property);
        lv2_atom_forge_urid(&p->forge, p->uris.file);
        lv2_atom_forge_key(&p->forge, p->uris.value);
        lv2_atom_forge_path(&p->forge, path, static_cast<uint32_t>(strlen(path)));
        lv2_atom_forge_pop(&p->forge, &object);
    }
    lv2_atom_forge_pop(&p->forge, &sequence);
}

// ---- sound

void listen(Lv2* p) {
    bool restored = p->restored.exchange(false);
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const float* at = port(p, FIRST + i);
        if (i == STATUS || !at || *at == p->last[i]) continue;
        p->last[i] = *at;
        if (restored && i == MODEL) continue;
        instance_set(p->x, i, i == BYPASS ? 1 - *at : *at);
    }
}

void run(LV2_Handle handle, uint32_t n) {
    Lv2* p = static_cast<Lv2*>(handle);
    listen(p);
    const LV2_Atom_Sequence* events = static_cast<const LV2_Atom_Sequence*>(p->ports[ATOMS_IN]);
    if (events && p->map) {
        LV2_ATOM_SEQUENCE_FOREACH(events, event) {
            if (event->body.type == p->uris.midi)
                instance_note(p->x, static_cast<uint32_t>(event->time.frames),
                              static_cast<const uint8_t*>(LV2_ATOM_BODY_CONST(&event->body)),
                              event->body.size);
            if (lv2_atom_forge_is_object_type(&p->forge, event->body.type))
                hear(p, reinterpret_cast<const LV2_Atom_Object*>(&event->body));
        }
    }
    const float* in[] = {port(p, IN), port(p, IN + 1)};  // the instrument uses none
    float* out[] = {port(p, OUT), port(p, OUT + 1)};
    const float* freewheel = port(p, FREEWHEEL);
    instance_process(p->x, in, out, n, freewheel && *freewheel > 0.5f);
    if (float* latency = port(p, LATENCY)) *latency = static_cast<float>(instance_latency(p->x));
    if (float* status = port(p, FIRST + STATUS)) *status = instance_get(p->x, STATUS);
    say(p);
}

// ---- state

template <class T>
T* feature(const LV2_Feature* const* features, const char* uri) {
    for (; features && *features; features++)
        if (!strcmp((*features)->URI, uri)) return static_cast<T*>((*features)->data);
    return nullptr;
}

LV2_State_Status save(LV2_Handle handle, LV2_State_Store_Function store, LV2_State_Handle state, uint32_t,
                      const LV2_Feature* const* features) {
    Lv2* p = static_cast<Lv2*>(handle);
    if (!p->map) return LV2_STATE_ERR_NO_FEATURE;
    size_t size = instance_state(p->x, nullptr, 0) + 4096;
    char *text = static_cast<char*>(malloc(size)), path[1024];
    if (!text) return LV2_STATE_ERR_UNKNOWN;
    instance_state(p->x, text, size);
    LV2_State_Status done = store(state, p->uris.state, text, strlen(text) + 1, p->uris.string,
                                  LV2_STATE_IS_POD | LV2_STATE_IS_PORTABLE);
    free(text);
    // for hosts that move a session with its files
    const LV2_State_Map_Path* map = feature<LV2_State_Map_Path>(features, LV2_STATE__mapPath);
    const LV2_State_Free_Path* let = feature<LV2_State_Free_Path>(features, LV2_STATE__freePath);
    *path = 0;
    for (int i = 0; map && i < 1000 && !instance_file(p->x, path, sizeof path); i++) sched_yield();
    if (map && *path)
        if (char* stored = map->abstract_path(map->handle, path)) {
            store(state, p->uris.file, stored, strlen(stored) + 1, p->uris.path,
                  LV2_STATE_IS_POD | LV2_STATE_IS_PORTABLE);
            let ? let->free_path(let->handle, stored) : free(stored);
        }
    return done;
}

LV2_State_Status restore(LV2_Handle handle, LV2_State_Retrieve_Function retrieve, LV2_State_Handle state,
                         uint32_t, const LV2_Feature* const* features) {
    Lv2* p = static_cast<Lv2*>(handle);
    if (!p->map) return LV2_STATE_ERR_NO_FEATURE;
    size_t size;
    uint32_t type, flags;
    const char* text = static_cast<const char*>(retrieve(state, p->uris.state, &size, &type, &flags));
    if (!text || type != p->uris.string || !size || text[size - 1]) return LV2_STATE_ERR_NO_PROPERTY;
    char* kept = strdup(text);
    const LV2_State_Map_Path* map = feature<LV2_State_Map_Path>(features, LV2_STATE__mapPath);
    const LV2_State_Free_Path* let = feature<LV2_State_Free_Path>(features, LV2_STATE__freePath);
    const char* stored = static_cast<const char*>(retrieve(state, p->uris.file, &size, &type, &flags));
    if (kept && map && stored && type == p->uris.path && size && !stored[size - 1])
        if (char* path = map->absolute_path(map->handle, stored)) {
            // its line comes first and so counts
            size_t first = strcspn(kept, "\n"), capacity = strlen(kept) + strlen(path) + 16;
            if (char* more = static_cast<char*>(malloc(capacity))) {
                snprintf(more, capacity, "%.*s\nfile %s%s", static_cast<int>(first), kept, path,
                         kept + first);
                free(kept);
                kept = more;
            }
            let ? let->free_path(let->handle, path) : free(path);
        }
    bool done = kept && instance_restore(p->x, kept, false);
    free(kept);
    if (done) p->restored = true;
    return done ? LV2_STATE_SUCCESS : LV2_STATE_ERR_BAD_TYPE;
}

const void* extension(const char* uri) {
    static const LV2_State_Interface STATE = {save, restore};
    return strcmp(uri, LV2_STATE__interface) == 0 ? &STATE : nullptr;
}

const LV2_Descriptor DESCRIPTOR = {DISTRHO_PLUGIN_URI, instantiate, connect,  activate, run,
                                   deactivate,         cleanup,     extension};

}  // namespace

LV2_SYMBOL_EXPORT const LV2_Descriptor* lv2_descriptor(uint32_t index) {
    return index == 0 ? &DESCRIPTOR : nullptr;
}

Instance* lv2_instance(void* handle) { return handle ? static_cast<Lv2*>(handle)->x : nullptr; }
