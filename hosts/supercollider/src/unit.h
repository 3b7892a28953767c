// A unit of scsynth with a model in it: what its four kinds share.
//
// The unit belongs to the audio thread, its Player to scsynth's thread beside it, which reads models. While a
// command is under way there (`busy`), the audio thread runs the slot alone and lets the Player be.
#pragma once

#include "SC_PlugIn.h"
//
#include "player.h"

extern InterfaceTable* ft;

// A number of the synth that a parameter follows.
struct Knob {
    char name[SETTING_NAME];
    int input;
    float last;  // NaN: not told yet
};

// Said by /u_cmd while the Player was busy.
struct Queued {
    char name[SETTING_NAME];
    float value;
    Queued* next;
};

struct MelismaUnit;

// Between a unit and its commands under way: a unit may be freed before they are done. Audio thread alone.
struct Link {
    MelismaUnit* unit;  // null: gone
    int users;
};

struct MelismaUnit : Unit {
    Link* link;
    Player* player;      // null until the first command is done, and where there is no memory
    melisma_slot* slot;  // the player's
    bool busy, fading, bypassed, plays;
    float last_is;  // the last output's value without a model
    char* wanted;   // to be loaded when the present command is done
    Queued *queue, **queue_end;

    int channels;  // of sound, in the stream
    int signals;   // inputs that are signals: number 1 and on
    int name, name_length;
    int knob_count;
    Knob* knobs;
    float* scratch;  // a block for each input that is no audio, or for each output of control rate
    float** buffers;
};

// Read what the inputs are. false: they are none of ours.
bool unit_inputs(MelismaUnit* unit);
// A player for it, with the model whose name the inputs spell: as soon as can be, without the audio thread
// waiting.
void unit_begin(MelismaUnit* unit);
void unit_end(MelismaUnit* unit);

void unit_load(MelismaUnit* unit, const char* name);
void unit_set(MelismaUnit* unit, const char* name, float value);
void unit_bypass(MelismaUnit* unit, bool on);
void unit_reset(MelismaUnit* unit);

// Once a block: the knobs that were turned, and what has faded out.
void unit_look(MelismaUnit* unit);

// The thread beside the audio.
Player* player_make(int rate, int channels);  // null without memory
void player_done(Player* player);
void post_player(Player* player);      // what it plays, if that is new
void keep(const char* name, bool on);  // a model held open, so that units have it at once
