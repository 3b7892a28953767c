#include "object.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#include <unistd.h>
#else
#include <io.h>
#endif

#include "knobs.h"
#include "midimap.h"
#include "names.h"
#include "recording.h"

constexpr double LOOK_EVERY = 5;  // milliseconds, while something is under way

void object_complain(Object* x, const char* reason) {
    pd_error(x, "%s: %s", class_getname(*reinterpret_cast<t_pd*>(x)), reason);
}

// ---- names and files

// Beside the patch, and along Pd's search path.
static bool on_pds_path(Object* x, const char* name, const char* suffix, char* path, size_t size) {
    char folder[MAXPDSTRING], *file;
    int handle = canvas_open(x->canvas, name, suffix, folder, &file, sizeof folder, 1);
    if (handle < 0) return false;
    close(handle);
    snprintf(path, size, "%s/%s", folder, file);
    return true;
}

// Names and files → files, as melisma.store.pretrained does it. What is not found is said by whoever opens
// it.
static bool resolve(Object* x, const char* name, char* path, size_t size) {
    bool is_path = strchr(name, '/') || is_model_file(name);
    if (!is_path && (find_model(name, x->folder, path, size) ||
                     (name[0] != '.' && on_pds_path(x, name, MODEL_SUFFIX, path, size))))
        return true;
    if (name[0] == '~' && name[1] == '/' && getenv("HOME")) {
        snprintf(path, size, "%s%s", getenv("HOME"), name + 1);
        return true;
    }
    if (on_pds_path(x, name, "", path, size)) return true;
    if (is_path) {
        canvas_makefilename(x->canvas, name, path, static_cast<int>(size));
        return true;
    }
    char reason[REASON], home[MAXPDSTRING];
    own_folder(home, sizeof home);
    snprintf(reason, sizeof reason,
             "there is no model named %.200s in %.150s%sin %.150s/models, or on Pd's path", name, home,
             *home ? "/models, " : "", x->folder);
    object_complain(x, reason);
    return false;
}

t_symbol* object_words(int count, const t_atom* words) {
    char text[MAXPDSTRING] = "", word[MAXPDSTRING];
    for (int i = 0; i < count; i++) {
        // names are not escaped as they are in patches
        if (words[i].a_type == A_SYMBOL)
            snprintf(word, sizeof word, "%s", words[i].a_w.w_symbol->s_name);
        else
            atom_string(words + i, word, sizeof word);
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "", word);
    }
    return *text ? gensym(text) : nullptr;
}

// ---- parameters

void object_loudness(Object* x, float level) {
    player_set(&x->player, "loudness.level", level);
    player_set(&x->player, "loudness.by_hand", 1);
}

// ---- loading

static void give_model(Object* x) {
    if (!x->out) return;
    t_atom words[4];
    const Player& p = x->player;
    melisma_stream* stream = p.model ? player_stream(&p) : nullptr;
    if (!stream) {  // no model, or one that cannot play at this rate
        SETSYMBOL(words, gensym(p.model ? p.name : *p.missing ? p.missing : "none"));
        return outlet_anything(x->out, gensym("silent"), 1, words);
    }
    melisma_info info;
    melisma_describe(x->player.model, &info, sizeof info);
    SETSYMBOL(words, gensym(info.name));
    SETFLOAT(words + 1, static_cast<t_float>(info.latents));
    SETFLOAT(words + 2, static_cast<t_float>(melisma_latency(stream)));
    SETFLOAT(words + 3,
             1000 * static_cast<t_float>(melisma_latency(stream)) / static_cast<t_float>(x->player.rate));
    outlet_anything(x->out, gensym("model"), 4, words);
}

static void look(Object* x) {
    player_look(&x->player);
    if (!x->player.tells) return;
    x->player.tells = false;
    if (x->player.model) {
        melisma_info info;
        melisma_describe(x->player.model, &info, sizeof info);
        if (*info.unusable)
            post("%s: %s: %s", class_getname(*reinterpret_cast<t_pd*>(x)), info.name, info.unusable);
    }
    give_model(x);
}

static Object* object(void* host) { return static_cast<Object*>(host); }

static const PlayerHost HOST = {
    [](void* x, const char* name, char* path, size_t size) { return resolve(object(x), name, path, size); },
    [](void* x, const char* reason) { object_complain(object(x), reason); },
    [](void*) { return pd_getdspstate() != 0; },
    [](void* x, bool now) { clock_delay(object(x)->clock, now ? 0 : LOOK_EVERY); },
};

void object_load(Object* x, t_symbol* name, bool at_once) { player_load(&x->player, name->s_name, at_once); }

void object_rate(Object* x, float rate) { player_rate(&x->player, static_cast<int>(rate + 0.5f)); }

// ---- messages

static void on_load(Object* x, t_symbol*, int count, t_atom* words) {
    t_symbol* name = object_words(count, words);
    if (!name) return object_complain(x, "load what? Say load NAME, or load FILE");
    object_load(x, name, false);
}

// The models that can be had by name, in the order of their names: out of the message outlet, or one of them
// to be loaded.
static void on_models(Object* x) {
    Known known;
    known_models(x->folder, &known);
    for (int i = 0; i < known.count; i++) {
        t_atom words[2];
        SETFLOAT(words, static_cast<t_float>(i + 1));
        SETSYMBOL(words + 1, gensym(known.names[i]));
        outlet_anything(x->out, gensym("known"), 2, words);
    }
}

static void on_pick(Object* x, t_floatarg number) {
    Known known;
    known_models(x->folder, &known);
    int index = static_cast<int>(number) - 1;
    if (index >= 0 && index < known.count) object_load(x, gensym(known.names[index]), false);
}

// A new file to record into, out of the message outlet: without its suffix.
static void on_recording(Object* x, t_symbol*, int count, t_atom* words) {
    t_symbol* name = object_words(count, words);
    if (!name) return object_complain(x, "recording what? Say recording NAME");
    char path[1040], reason[REASON];
    t_atom word;
    if (!recording_place(name->s_name, canvas_getdir(x->canvas)->s_name, path, sizeof path, reason,
                         sizeof reason)) {
        object_complain(x, reason);
        return outlet_anything(x->out, gensym("refused"), 0, nullptr);
    }
    SETSYMBOL(&word, gensym(path));
    outlet_anything(x->out, gensym("recording"), 1, &word);
}

static void on_reset(Object* x) { player_reset(&x->player); }

static void on_bypass(Object* x, t_floatarg on) { player_bypass(&x->player, on != 0); }

static void on_set(Object* x, t_symbol*, int count, t_atom* words) {
    if (count != 2 || words[0].a_type != A_SYMBOL || words[1].a_type != A_FLOAT)
        return object_complain(x, "set what? Say set NAME VALUE; dump prints the names");
    t_symbol* name = words[0].a_w.w_symbol;
    if (x->player.model && melisma_parameter_find(x->player.model, name->s_name) < 0) {
        char reason[REASON];
        snprintf(reason, sizeof reason,
                 "model %.200s has no parameter %.200s; dump prints those that there are", x->player.name,
                 name->s_name);
        return object_complain(x, reason);
    }
    player_set(&x->player, name->s_name, words[1].a_w.w_float);
}

static void on_loudness(Object* x, t_symbol*, int count, t_atom* words) {
    bool by_hand = count == 1 && words[0].a_type == A_FLOAT;
    bool input = count == 1 && words[0].a_type == A_SYMBOL && words[0].a_w.w_symbol == gensym("input");
    if (!by_hand && !input) return object_complain(x, "loudness is a number in dBFS, or input");
    if (by_hand)
        object_loudness(x, words[0].a_w.w_float);
    else
        player_set(&x->player, "loudness.by_hand", 0);
    // the inlet's own number gives way to the message
    x->heard = by_hand ? words[0].a_w.w_float : NAN;
    if (x->level) pd_float(reinterpret_cast<t_pd*>(x->level), x->heard);
}

static void on_hold(Object* x, t_symbol*, int count, t_atom* words) {
    bool number = count == 1 && words[0].a_type == A_FLOAT;
    bool latents = count == 1 && words[0].a_type == A_SYMBOL && words[0].a_w.w_symbol == gensym("latents");
    if (!number && !latents)
        return object_complain(x, "hold takes 1, 0, or latents (the loudness then goes on)");
    float on = latents || words[0].a_w.w_float != 0;
    player_set(&x->player, "hold", on);
    player_set(&x->player, "hold.loudness", latents ? 0 : on);
}

static void on_dump(Object* x) {
    const char* who = class_getname(*reinterpret_cast<t_pd*>(x));
    if (!x->player.model) {
        post("%s: no model", who);
        return give_model(x);
    }
    melisma_info info;
    melisma_describe(x->player.model, &info, sizeof info);
    melisma_stream* stream = player_stream(&x->player);
    int latency = stream ? melisma_latency(stream) : 0;
    post("%s: model %s, %d Hz, %d latents, vocoder %s, kernels %s", who, info.name, info.sample_rate,
         info.latents, info.vocoder, info.kernels);
    post("  latency %d samples at %d Hz = %.1f ms", latency, x->player.rate,
         1000.0 * latency / x->player.rate);
    for (int i = 0; i < melisma_parameter_count(x->player.model); i++) {
        const melisma_parameter* p = melisma_parameter_at(x->player.model, i);
        post("  %s %g %s (%g to %g, usually %g): %s", p->name,
             static_cast<double>(stream ? melisma_get(stream, i) : p->default_value), p->unit,
             static_cast<double>(p->minimum), static_cast<double>(p->maximum),
             static_cast<double>(p->default_value), p->summary);
    }
    for (int d = 0; d < info.latents; d++) {
        const float* p = info.percentiles + 5 * d;
        post("  latent %d: from %.2f to %.2f on the training set, median %.2f", d + 1,
             static_cast<double>(p[0]), static_cast<double>(p[4]), static_cast<double>(p[2]));
    }
    give_model(x);
}

// The range of each latent, out of the message outlet: for patches that scale their sliders by it.
static void on_ranges(Object* x) {
    if (!x->player.model) return give_model(x);
    melisma_info info;
    melisma_describe(x->player.model, &info, sizeof info);
    for (int d = 0; d < info.latents; d++) {
        t_atom words[4];
        SETFLOAT(words, static_cast<t_float>(d + 1));
        for (int i = 0; i < 3; i++) SETFLOAT(words + i + 1, info.percentiles[5 * d + 2 * i]);
        outlet_anything(x->out, gensym("range"), 4, words);
    }
}

template <class... Arguments>
static t_method method(void (*f)(Arguments...)) {
    return reinterpret_cast<t_method>(f);
}

void object_messages(t_class* c) {
    knobs_messages(c);
    class_addmethod(c, method(on_load), gensym("load"), A_GIMME, A_NULL);
    class_addmethod(c, method(on_models), gensym("models"), A_NULL);
    class_addmethod(c, method(on_pick), gensym("pick"), A_FLOAT, A_NULL);
    class_addmethod(c, method(on_recording), gensym("recording"), A_GIMME, A_NULL);
    class_addmethod(c, method(on_reset), gensym("reset"), A_NULL);
    class_addmethod(c, method(on_bypass), gensym("bypass"), A_FLOAT, A_NULL);
    class_addmethod(c, method(on_set), gensym("set"), A_GIMME, A_NULL);
    class_addmethod(c, method(on_loudness), gensym("loudness"), A_GIMME, A_NULL);
    class_addmethod(c, method(on_hold), gensym("hold"), A_GIMME, A_NULL);
    class_addmethod(c, method(on_hold), gensym("freeze"), A_GIMME, A_NULL);  // its name of before
    class_addmethod(c, method(on_dump), gensym("dump"), A_NULL);
    class_addmethod(c, method(on_ranges), gensym("ranges"), A_NULL);
}

// ---- beginning and end

void object_begin(Object* x, t_class* c, int channels) {
    x->canvas = canvas_getcurrent();
    x->folder = class_gethelpdir(c);
    x->clock = clock_new(x, method(look));
    player_begin(&x->player, &HOST, x, static_cast<int>(sys_getsr() + 0.5f), channels);
    x->knobs = nullptr;
    x->level = nullptr;
    x->heard = NAN;
    x->work = 1;
    x->out = nullptr;
}

void object_outlet(Object* x) { x->out = outlet_new(&x->object, nullptr); }

void object_free(Object* x) {
    player_end(&x->player);
    knobs_free(x->knobs);
    clock_free(x->clock);
}
