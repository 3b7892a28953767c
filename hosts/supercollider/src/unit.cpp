// The audio thread's side: no memory but scsynth's own for it, no lock, no system.
#include "unit.h"

#include <math.h>
#include <string.h>

// ---- commands: a journey to the thread beside and back

enum Deed { LOAD, END, FREE };

struct Command {
    Deed deed;
    Link* link;
    Player* player;
    melisma_stream* gone;
    int rate, channels, knob_count;
    bool dead;
    char name[ASKED_NAME];
    Knob knobs[1];  // as many as there are
};

static void link_leave(World* world, Link* link) {
    if (link && --link->users == 0) RTFree(world, link);
}

static bool command_beside(World*, void* given) {
    Command* c = static_cast<Command*>(given);
    if (c->deed == LOAD) {
        bool fresh = !c->player;
        if (fresh) c->player = player_make(c->rate, c->channels);
        for (int i = 0; fresh && c->player && i < c->knob_count; i++)  // heard from its first sample on
            if (!isnan(c->knobs[i].last)) player_set(c->player, c->knobs[i].name, c->knobs[i].last);
        if (c->player) player_load(c->player, c->name, true), post_player(c->player);
    }
    if (c->deed == END) player_done(c->player);
    if (c->deed == FREE) melisma_stream_free(c->gone);
    return true;
}

static void unit_loaded(MelismaUnit* unit, Player* player) {
    unit->busy = false;
    unit->player = player;
    if (!player) return;
    unit->slot = player->slot;
    unit->fading = true;
    while (Queued* q = unit->queue) {
        unit->queue = q->next;
        unit_set(unit, q->name, q->value);
        RTFree(unit->mWorld, q);
    }
    unit->queue_end = &unit->queue;
    if (unit->bypassed != player->bypassed) player_bypass(player, unit->bypassed);
    melisma_stream* stream = player->model ? player_stream(player) : nullptr;
    unit->plays = stream;
    float told[] = {stream ? static_cast<float>(melisma_latency(stream)) : -1.0f};
    SendNodeReply(&unit->mParent->mNode, unit->mParentIndex, "/melisma", 1, told);
    if (char* name = unit->wanted) {
        unit->wanted = nullptr;
        unit_load(unit, name);
        RTFree(unit->mWorld, name);
    }
}

static bool command_back(World*, void* given) {
    Command* c = static_cast<Command*>(given);
    if (c->deed != LOAD) return true;
    c->dead = !c->link->unit;
    if (!c->dead) unit_loaded(c->link->unit, c->player);
    return true;
}

static bool command_after(World*, void* given) {
    Command* c = static_cast<Command*>(given);
    if (c->deed == LOAD && c->dead) player_done(c->player);
    return false;  // nobody waits for a reply
}

static void command_end(World* world, void* given) {
    link_leave(world, static_cast<Command*>(given)->link);
    RTFree(world, given);
}

static Command* command(MelismaUnit* unit, Deed deed, int knobs = 0) {
    size_t size = sizeof(Command) + static_cast<size_t>(knobs) * sizeof(Knob);
    Command* c = static_cast<Command*>(RTAlloc(unit->mWorld, size));
    if (!c) return nullptr;
    memset(static_cast<void*>(c), 0, size);
    c->deed = deed;
    c->player = unit->player;
    c->rate = static_cast<int>(unit->mWorld->mFullRate.mSampleRate + 0.5);
    c->channels = unit->channels;
    if ((c->link = unit->link)) c->link->users++;
    return c;
}

static void send(MelismaUnit* unit, Command* c) {
    DoAsynchronousCommand(unit->mWorld, nullptr, "", c, command_beside, command_back, command_after,
                          command_end, 0, nullptr);
}

// ---- what may be done to a unit

static void turned(MelismaUnit* unit, Knob* k) {
    float value = IN0(k->input);
    if (isnan(value) || value == k->last) return;
    player_set(unit->player, k->name, k->last = value);
}

void unit_look(MelismaUnit* unit) {
    if (!unit->player || unit->busy) return;
    for (int i = 0; i < unit->knob_count; i++) turned(unit, unit->knobs + i);
    if (!unit->fading) return;
    Command* c = nullptr;
    if (melisma_stream* gone = melisma_slot_retired(unit->slot)) {
        if ((c = command(unit, FREE))) {
            c->gone = gone;
            send(unit, c);
        }
    }
    unit->fading = melisma_slot_waiting(unit->slot);
}

void unit_load(MelismaUnit* unit, const char* name) {
    size_t length = strlen(name);
    if (length >= ASKED_NAME || !unit->link) return;
    if (unit->busy) {  // what it brings is not wanted any more
        char* kept = static_cast<char*>(RTAlloc(unit->mWorld, length + 1));
        if (!kept) return;
        memcpy(kept, name, length + 1);
        if (unit->wanted) RTFree(unit->mWorld, unit->wanted);
        unit->wanted = kept;
        return;
    }
    int knobs = unit->player ? 0 : unit->knob_count;
    Command* c = command(unit, LOAD, knobs);
    if (!c) return;
    memcpy(c->name, name, length + 1);
    c->knob_count = knobs;
    for (int i = 0; i < knobs; i++) unit->knobs[i].last = IN0(unit->knobs[i].input);
    memcpy(static_cast<void*>(c->knobs), unit->knobs, static_cast<size_t>(knobs) * sizeof(Knob));
    unit->busy = true;
    send(unit, c);
}

void unit_set(MelismaUnit* unit, const char* name, float value) {
    if (strlen(name) >= SETTING_NAME || isnan(value)) return;
    for (int i = 0; i < unit->knob_count; i++)
        if (!strcmp(unit->knobs[i].name, name)) return;  // it is the synth's to turn
    if (!unit->busy) {
        if (unit->player) player_set(unit->player, name, value);
        return;
    }
    Queued* q = static_cast<Queued*>(RTAlloc(unit->mWorld, sizeof(Queued)));
    if (!q) return;
    memcpy(q->name, name, strlen(name) + 1);
    q->value = value;
    q->next = nullptr;
    *unit->queue_end = q;
    unit->queue_end = &q->next;
}

void unit_bypass(MelismaUnit* unit, bool on) {
    unit->bypassed = on;
    if (unit->player && !unit->busy) player_bypass(unit->player, on);
}

void unit_reset(MelismaUnit* unit) {
    if (unit->slot) melisma_slot_reset(unit->slot);
    unit->fading = true;
}

// ---- beginning and end

// A text among the inputs: its length, then its bytes. false: there is none at that place.
static bool text(MelismaUnit* unit, int* at, int most, int* start, int* length) {
    int count = static_cast<int>(unit->mNumInputs);
    if (*at >= count) return false;
    float given = IN0(*at);
    if (!(given >= 0 && given < static_cast<float>(most))) return false;
    *start = *at + 1;
    *length = static_cast<int>(given);
    *at = *start + *length;
    return *at <= count;
}

static void spell(MelismaUnit* unit, int start, int length, char* to) {
    for (int i = 0; i < length; i++) {
        float byte = IN0(start + i);
        to[i] = static_cast<char>(byte > 0 && byte < 256 ? static_cast<int>(byte) : '?');
    }
    to[length] = 0;
}

bool unit_inputs(MelismaUnit* unit) {
    int count = static_cast<int>(unit->mNumInputs), at = 0, start, length;
    if (count < 1 || !(IN0(0) >= 1 && IN0(0) <= 129)) return false;
    unit->signals = static_cast<int>(IN0(0));
    at = 1 + unit->signals;
    if (!text(unit, &at, ASKED_NAME, &unit->name, &unit->name_length) || at >= count) return false;
    if (!(IN0(at) >= 0 && IN0(at) <= MOST_SETTINGS)) return false;
    unit->knob_count = static_cast<int>(IN0(at++));
    size_t size = static_cast<size_t>(unit->knob_count + 1) * sizeof(Knob);
    if (!(unit->knobs = static_cast<Knob*>(RTAlloc(unit->mWorld, size)))) return false;
    for (int i = 0; i < unit->knob_count; i++) {
        if (!text(unit, &at, SETTING_NAME, &start, &length) || at >= count) return false;
        spell(unit, start, length, unit->knobs[i].name);
        unit->knobs[i].input = at++;
        unit->knobs[i].last = NAN;
    }
    return at == count;
}

void unit_begin(MelismaUnit* unit) {
    unit->link = static_cast<Link*>(RTAlloc(unit->mWorld, sizeof(Link)));
    if (!unit->link) return;
    *unit->link = {unit, 1};
    unit->queue_end = &unit->queue;
    char name[ASKED_NAME];
    spell(unit, unit->name, unit->name_length, name);
    unit_load(unit, name);
}

void unit_end(MelismaUnit* unit) {
    World* world = unit->mWorld;
    if (unit->player && !unit->busy)
        if (Command* c = command(unit, END)) send(unit, c);
    if (unit->link) {
        unit->link->unit = nullptr;  // a command under way ends the player, then
        link_leave(world, unit->link);
    }
    while (Queued* q = unit->queue) {
        unit->queue = q->next;
        RTFree(world, q);
    }
    void* const all[] = {unit->wanted, unit->knobs, unit->scratch, unit->buffers};
    for (void* one : all)
        if (one) RTFree(world, one);
}
