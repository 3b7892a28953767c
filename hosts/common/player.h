// One model at a time, as a host's object holds it: asked for by name, read beside the audio, exchanged while
// it sounds; what was set is kept by name, so that it outlives the model; and all of it goes into a text and
// out of one.
//
// The audio side runs `slot`, and may call player_set. All else belongs to the control side: one thread,
// which may be the same.
#pragma once

#include <melisma.h>

#include "loader.h"

constexpr const char* EXCITER = "exciter.";  // before a name: the exciter's, which the host itself sets
constexpr int MOST_SETTINGS = 512, SETTING_NAME = 48, ASKED_NAME = 1024;

struct Setting {
    char name[SETTING_NAME];
    float value;
};

// What a player asks of its host; `host` is handed back.
struct PlayerHost {
    // Name or file → file. false: there is none, and it was said so.
    bool (*find)(void* host, const char* name, char* path, size_t size);
    void (*complain)(void* host, const char* reason);
    bool (*sounds)(void* host);  // whether audio runs: if not, models are read at once
    void (*look)(void* host,
                 bool now);  // call player_look: as soon as this call is over, or within some milliseconds
};

struct Player {
    const PlayerHost* calls;
    void* host;
    melisma_slot* slot;    // null where there was no memory
    melisma_model* model;  // of the slot's newest stream; null without one
    int rate;              // Hz, of the host
    int channels;          // of its streams: 1 or 2
    bool bypassed;
    bool tells;  // the host should say anew what model there is; it clears this

    char name[ASKED_NAME];     // as it was asked for last; "": nothing yet
    char missing[ASKED_NAME];  // without a model: the name that none was found by
    char wanted[ASKED_NAME];   // to be loaded when the present loading is done
    Loading* loading;
    Setting settings[MOST_SETTINGS];  // here, so that one more takes no memory on the audio side
    int setting_count;
};

void player_begin(Player* p, const PlayerHost* calls, void* host, int rate, int channels = 1);
void player_end(Player* p);

void player_load(Player* p, const char* name, bool at_once);
void player_look(Player* p);            // whether something was loaded, or faded out
void player_rate(Player* p, int rate);  // before audio runs at that rate
void player_bypass(Player* p, bool on);
void player_reset(Player* p);
melisma_stream* player_stream(const Player* p);  // the newest; null without one
// What there is anew to tell, once: the model and its latency, and what speaks against it ("" for nothing).
bool player_tells(Player* p, char* said, size_t size, char* against, size_t capacity);

// Audio side, too: neither memory nor a lock. false: a name that is too long, or one too many.
// EXCITER names are kept, and are in the state; a host with an exciter sets it, and asks for them after
// player_restore.
bool player_set(Player* p, const char* name, float value);
bool player_get(const Player* p, const char* name, float* value);  // false: it was not set

// Its model's name, its settings and whether it is bypassed, as text of several lines. → the text's length
// without its zero, whether it had room or not.
size_t player_state(const Player* p, char* text, size_t size);
// What player_state wrote, of this version or an older one. Lines that are not known are left out. false, and
// said so: no state.
bool player_restore(Player* p, const char* text, size_t length);
