#include "instance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control.h"
#include "controllers.h"
#include "keeper.h"
#include "models.h"
#include "notes.h"

const char* const STATUS_NAMES[STATUS_COUNT] = {"plays", "is being read", "was not found", "cannot be read"};

// ---- who may change the player

void control_rest() {
    timespec some = {0, 500000};
    nanosleep(&some, nullptr);
}

bool control_try(Instance* x) { return !x->busy.test_and_set(std::memory_order_acquire); }

void control_take(Instance* x) {
    while (!control_try(x)) control_rest();
}

void control_leave(Instance* x) { x->busy.clear(std::memory_order_release); }

// ---- values

// Into the player, all that was set since. The caller has the player.
void control_settle(Instance* x) {
    if (!x->any.exchange(false)) return;
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        if (ROWS[i].exciter || !x->changed[i].exchange(false)) continue;
        if (i == BYPASS) player_bypass(&x->player, x->values[i].load() >= 0.5f);
        if (*ROWS[i].name) player_set(&x->player, ROWS[i].name, x->values[i].load());
    }
}

static void put(Instance* x, int i, float value) {
    x->values[i] = value;
    x->sets[i]++;
    x->changed[i] = true;
    (ROWS[i].exciter ? x->stirred : x->any) = true;
}

// Hosts keep a share of the range in 32 bits and give back 0.49999999 for 0.5: three decimals are meant.
static float rounded(const Row& row, float value) {
    float near = roundf(value * 1000) / 1000, near_enough = 2e-6f * (row.maximum - row.minimum);
    if (row.whole) return roundf(value);
    return fabsf(value - near) < near_enough ? near : value;
}

void instance_set(Instance* x, int i, float value) {
    if (i < 0 || i >= PARAMETER_COUNT || i == STATUS || !(value - value == 0)) return;
    if (x->echoes && x->echo[i].exchange(false)) return;
    const Row& row = ROWS[i];
    value = rounded(row, value < row.minimum ? row.minimum : value > row.maximum ? row.maximum : value);
    if (value == x->values[i]) return;
    put(x, i, value);
    if (i == MODEL) x->chosen = true;
}

float instance_get(const Instance* x, int i) {
    return i == STATUS                     ? static_cast<float>(x->status.load())
           : i < 0 || i >= PARAMETER_COUNT ? 0
                                           : x->values[i].load();
}

// What the player was asked for last.
static const char* asked(const Instance* x) { return *x->player.wanted ? x->player.wanted : x->player.name; }

// A model by name or file, which is not among the choices if it is not known by name.
void instance_load(Instance* x, const char* name) {
    *x->file = 0;
    int choice = models_choice(x, name);
    if (choice == 0) snprintf(x->own, sizeof x->own, "%s", name);
    x->values[MODEL] = static_cast<float>(choice);
    x->chosen = false;
    player_load(&x->player, name, false);
}

// The control side's: what was chosen is loaded, what was loaded is put in.
void control_serve(Instance* x) {
    if (x->chosen.exchange(false)) {
        const char* name = instance_choice(x, static_cast<int>(x->values[MODEL].load()));
        if (*name && strcmp(name, asked(x)) != 0) {
            *x->file = 0;
            x->status = PLAYS;
            player_load(&x->player, name, false);
        }
    }
    if (x->ordered) {
        instance_load(x, x->order);
        x->ordered = false;
    }
    player_look(&x->player);
    if (x->player.loading || x->player.model) *x->said = 0;
    if (x->player.loading)
        x->status = IS_READ;
    else if (x->player.model)
        x->status = PLAYS;
    else if (x->status == IS_READ)
        x->status = UNREADABLE;
    melisma_stream* stream = player_stream(&x->player);
    x->latency = stream ? melisma_latency(stream) : 0;
}

void instance_tend(Instance* x) {
    {
        Control control(x);
        control_serve(x);
    }
    controllers_tend(x);
}

// ---- beginning and end

static Instance* self(void* x) { return static_cast<Instance*>(x); }

static const PlayerHost HOST = {
    [](void* x, const char* name, char* path, size_t size) { return models_find(self(x), name, path, size); },
    [](void* x, const char* reason) { models_complain(self(x), reason); },
    [](void* x) { return self(x)->active && self(x)->played; },
    [](void*, bool) {},  // the keeper looks all the time
};

Instance* instance_new(int rate) {
    Instance* x = static_cast<Instance*>(calloc(1, sizeof(Instance)));
    if (!x) return nullptr;
    x->busy.clear();
    pthread_mutex_init(&x->control, nullptr);
    models_list(x);
    player_begin(&x->player, &HOST, x, rate, STREAM_CHANNELS);
    for (int i = 0; i < PARAMETER_COUNT; i++) put(x, i, ROWS[i].default_value);
    int choice = models_choice(x, FIRST_MODEL);
    x->values[MODEL] = static_cast<float>(choice ? choice : x->known.count ? 1 : 0);
    x->chosen = true;
    x->status = NOT_FOUND;
    x->square[1] = 1;
    controllers_begin(x);
    control_settle(x);
    return x;
}

void instance_free(Instance* x) {
    if (!x) return;
    if (x->active) instance_deactivate(x);
    player_end(&x->player);
    melisma_exciter_free(x->exciter);
    controllers_end(x);
    pthread_mutex_destroy(&x->control);
    free(x);
}

void instance_activate(Instance* x, int rate) {
    {
        Control control(x);
        x->played = false;
        while (x->player.loading && !loading_done(x->player.loading)) control_rest();
        player_rate(&x->player, rate);
        control_serve(x);
        control_settle(x);
        player_reset(&x->player);
        if (MELISMA_INSTRUMENT) notes_start(x, rate);
    }
    if (!x->active.exchange(true)) keeper_add(x);
}

void instance_deactivate(Instance* x) {
    if (!x->active.exchange(false)) return;
    keeper_remove(x);
    x->played = false;
}

// ---- audio

static bool waits(const Instance* x) { return x->chosen || x->ordered || x->player.loading; }

// Take the player once nothing is on its way any more; after some seconds, in any case.
static void take_settled(Instance* x) {
    for (int i = 0; i < 10000; i++) {
        control_take(x);
        if (!waits(x)) return;
        control_leave(x);
        control_rest();
    }
    control_take(x);
}

bool instance_order(Instance* x, const char* path, size_t length) {
    if (x->ordered || length >= sizeof x->order) return false;
    memcpy(x->order, path, length);
    x->order[length] = 0;
    x->ordered = true;
    return true;
}

void instance_process(Instance* x, const float* const* in, float* const* out, int64_t n, bool offline) {
    if (n <= 0) return;
    x->echoes = false;
    if (!MELISMA_INSTRUMENT) controllers_hear(x);
    if (!x->played) {
        // the first block after a start: what was asked for is there, not on its way
        take_settled(x);
        control_settle(x);
        if (x->player.slot) melisma_slot_reset(x->player.slot);
        x->played = true;
        control_leave(x);
    } else if (offline) {
        take_settled(x);
        control_settle(x);
        control_leave(x);
    } else if (x->any && control_try(x)) {
        control_settle(x);  // else at the next block
        control_leave(x);
    }
    if (MELISMA_INSTRUMENT) see_keys(x);
    if (!x->player.slot || (MELISMA_INSTRUMENT && !x->exciter)) {
        for (int c = 0; c < CHANNELS; c++) memset(out[c], 0, static_cast<size_t>(n) * sizeof(float));
        return;
    }
    if (MELISMA_INSTRUMENT)
        notes_play(x, out, n);
    else
        melisma_slot_process_channels(x->player.slot, CHANNELS, in, out, n);
    see_block(x, out, n);
}

bool instance_file(Instance* x, char* path, size_t size) {
    if (!control_try(x)) return false;
    snprintf(path, size, "%s", x->player.model ? x->file : "");
    control_leave(x);
    return true;
}
