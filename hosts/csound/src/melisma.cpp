// The opcode of Csound: aout melisma ain, Smodel [, Sname, kvalue] …, and the same for two channels.
//
// Csound calls an opcode from one thread, which is both sides of a Player. Rendering into a file waits for a
// model; while it plays to a sound card, a model is read beside and fades in.
#include <dlfcn.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csdl.h"
//
#include "names.h"
#include "player.h"

constexpr int MOST_PAIRS = 250, MOST_CHANNELS = 2;
constexpr int CHUNK = 256;
constexpr double LOOK_EVERY = 0.005;  // seconds, while something is under way

// What outlives a pass.
struct Held {
    Player player;
    CSOUND* csound;
    MYFLT full;  // 0dbfs
    bool real_time, begun, looks;
    int since;               // samples since the player was looked after
    char model[ASKED_NAME];  // as the opcode named it last
    int pairs;
    float told[MOST_PAIRS];  // the value of each; NaN: none yet
    float in[MOST_CHANNELS][CHUNK], out[MOST_CHANNELS][CHUNK];
};

struct Opcode {
    OPDS h;
    void* given[2 * MOST_CHANNELS + 1 + 2 * MOST_PAIRS];  // outputs, inputs, the model, pairs
    Held* held;
};

// ---- models

// The folder of this library, where the published models lie: Csound may have it by a link.
static const char* beside() {
    static char folder[PATH_MAX];
    Dl_info found;
    if (*folder || !dladdr(reinterpret_cast<void*>(&beside), &found) || !found.dli_fname) return folder;
    if (!realpath(found.dli_fname, folder)) *folder = 0;
    if (char* slash = strrchr(folder, '/')) *slash = 0;
    return folder;
}

static void complain(void* host, const char* reason) {
    CSOUND* csound = static_cast<Held*>(host)->csound;
    csound->ErrorMsg(csound, "melisma: %s\n", reason);
}

static bool find(void* host, const char* name, char* path, size_t size) {
    char reason[REASON];
    if (locate_model(name, beside(), path, size, reason, sizeof reason)) return true;
    complain(host, reason);
    return false;
}

static const PlayerHost HOST = {
    find,
    complain,
    [](void*) { return true; },  // models come in with a fade
    [](void* host, bool) { static_cast<Held*>(host)->looks = true; },
};

static void tell(Held* x) {
    char said[REASON], against[REASON];
    if (!player_tells(&x->player, said, sizeof said, against, sizeof against)) return;
    x->csound->Message(x->csound, "melisma %s\n", said);
    if (*against) x->csound->Message(x->csound, "melisma: %s\n", against);
}

static void load(Held* x, const char* name) {
    snprintf(x->model, sizeof x->model, "%s", name);
    player_load(&x->player, x->model, !x->real_time);
    tell(x);
}

static void look(Held* x, int samples) {
    if (!x->looks || (x->since += samples) < LOOK_EVERY * x->player.rate) return;
    x->looks = false;
    x->since = 0;
    player_look(&x->player);
    tell(x);
}

// ---- arguments

static int channels(const Opcode* p) { return static_cast<int>(p->h.optext->t.outArgCount); }

template <class T>
static T* argument(const Opcode* p, int i) {
    return static_cast<T*>(p->given[i]);
}

static const char* text(const Opcode* p, int i) {
    const char* data = argument<STRINGDAT>(p, i)->data;
    return data ? data : "";
}

static bool is_text(CSOUND* csound, const Opcode* p, int i) {
    return csound->GetTypeForArg(p->given[i])->varTypeName[0] == 'S';
}

static void turn(Held* x, const char* name, float value) {
    if (strcmp(name, "bypass") == 0) return player_bypass(&x->player, value != 0);
    if (strcmp(name, "reset") != 0) return static_cast<void>(player_set(&x->player, name, value));
    if (value != 0) player_reset(&x->player);
}

// Pairs that have another value than in the last pass.
static void turn_all(Opcode* p) {
    Held* x = p->held;
    int first = 2 * channels(p) + 1;
    for (int i = 0; i < x->pairs; i++) {
        float value = static_cast<float>(*argument<MYFLT>(p, first + 2 * i + 1));
        if (isnan(value) || value == x->told[i]) continue;
        x->told[i] = value;
        turn(x, text(p, first + 2 * i), value);
    }
}

// ---- what Csound calls

static int end(CSOUND*, void* given) {
    Opcode* p = static_cast<Opcode*>(given);
    if (p->held) player_end(&p->held->player);
    free(p->held);
    p->held = nullptr;  // this memory is the next note's
    return OK;
}

static bool is_card(const char* name) {
    return name && (strncmp(name, "dac", 3) == 0 || strncmp(name, "adc", 3) == 0);
}

static Held* held_new(CSOUND* csound, int channels) {
    Held* x = static_cast<Held*>(calloc(1, sizeof(Held)));
    if (!x) return nullptr;
    OPARMS options;
    csound->GetOParms(csound, &options);
    x->csound = csound;
    x->full = csound->Get0dBFS(csound);
    x->real_time = is_card(options.outfilename) || is_card(options.infilename);
    player_begin(&x->player, &HOST, x, static_cast<int>(csound->GetSr(csound) + 0.5), channels);
    if (x->player.slot) return x;
    free(x);
    return nullptr;
}

static int begin(CSOUND* csound, void* given) {
    Opcode* p = static_cast<Opcode*>(given);
    int first = 2 * channels(p) + 1, count = static_cast<int>(csound->GetInputArgCnt(p)) - channels(p) - 1;
    if (count % 2) return csound->InitError(csound, "melisma: settings are pairs, a name and a value each");
    if (count > 2 * MOST_PAIRS) return csound->InitError(csound, "melisma: there are more than 250 settings");
    for (int i = first; i < first + count; i++)
        if (is_text(csound, p, i) != ((i - first) % 2 == 0))
            return csound->InitError(csound, "melisma: setting %d is not a name and then a number",
                                     (i - first) / 2 + 1);
    if (!p->held) {
        if (!(p->held = held_new(csound, channels(p))))
            return csound->InitError(csound, "melisma: there is not enough memory");
        csound->RegisterDeinitCallback(csound, p, end);
        load(p->held, text(p, first - 1));
    }
    p->held->pairs = count / 2;
    for (int i = 0; i < count / 2; i++) p->held->told[i] = NAN;
    return OK;
}

static void run(Held* x, int width, int n) {
    const float* in[MOST_CHANNELS] = {x->in[0], x->in[1]};
    float* out[MOST_CHANNELS] = {x->out[0], x->out[1]};
    if (!x->player.bypassed || player_stream(&x->player))
        return melisma_slot_process_channels(x->player.slot, width, in, out, n);
    memcpy(x->out, x->in, sizeof x->in);  // there is no model to be late
}

static int perform(CSOUND*, void* given) {
    Opcode* p = static_cast<Opcode*>(given);
    Held* x = p->held;
    int width = channels(p), all = static_cast<int>(CS_KSMPS);
    int at = static_cast<int>(p->h.insdshead->ksmps_offset);
    int stop = all - static_cast<int>(p->h.insdshead->ksmps_no_end);
    const char* name = text(p, 2 * width);
    if (strncmp(name, x->model, sizeof x->model - 1) != 0) load(x, name);
    turn_all(p);
    if (!x->begun) player_reset(&x->player);  // what is set at first is there at once
    x->begun = true;
    for (int c = 0; c < width; c++) {
        memset(argument<MYFLT>(p, c), 0, static_cast<size_t>(at) * sizeof(MYFLT));
        memset(argument<MYFLT>(p, c) + stop, 0, static_cast<size_t>(all - stop) * sizeof(MYFLT));
    }
    for (int n; at < stop; at += n) {
        n = stop - at < CHUNK ? stop - at : CHUNK;
        for (int c = 0; c < width; c++)
            for (int i = 0; i < n; i++)
                x->in[c][i] = static_cast<float>(argument<MYFLT>(p, width + c)[at + i] / x->full);
        run(x, width, n);
        for (int c = 0; c < width; c++)
            for (int i = 0; i < n; i++)
                argument<MYFLT>(p, c)[at + i] = static_cast<MYFLT>(x->out[c][i]) * x->full;
    }
    look(x, all);
    return OK;
}

static char melisma_1[] = "melisma.a", melisma_2[] = "melisma.aa";
static char one[] = "a", two[] = "aa", one_in[] = "aSN", two_in[] = "aaSN";

static OENTRY localops[] = {
    {melisma_1, sizeof(Opcode), 0, 3, one, one_in, begin, perform, nullptr, nullptr},
    {melisma_2, sizeof(Opcode), 0, 3, two, two_in, begin, perform, nullptr, nullptr},
};

extern "C" {
LINKAGE
}
