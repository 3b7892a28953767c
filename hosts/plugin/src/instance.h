// A plug-in as a DAW holds it, whatever the format: a Player of hosts/common, a thread beside the audio that
// serves it, parameters by number, and all of it as a text.
//
// Three sides. The audio thread: instance_process, instance_order, instance_file. Any thread: instance_set,
// instance_get, instance_latency. The host's main thread: everything else. The audio thread waits for
// nothing, but for its first block after a start: there it waits for a model that is on its way, so that what
// was asked for is heard from the first sample on, and a mixdown repeats.
#pragma once

#include <pthread.h>

#include <atomic>

#include "names.h"
#include "parameters.h"
#include "player.h"
#include "watch.h"

constexpr int CHANNELS = 2, STREAM_CHANNELS = MELISMA_INSTRUMENT ? 1 : CHANNELS;
constexpr int MOST_ROWS = 16;     // latents that have parameters
constexpr int MOST_EVENTS = 512;  // that one block is heard of; DPF hands over no more

// A short MIDI message.
struct Note {
    uint32_t frame;
    uint8_t size, bytes[3];
};

// What the parameter STATUS shows.
enum Status { PLAYS, IS_READ, NOT_FOUND, UNREADABLE, STATUS_COUNT };
extern const char* const STATUS_NAMES[STATUS_COUNT];

struct Instance {
    Player player;
    pthread_mutex_t control;  // held by whoever is the control side at the moment
    std::atomic_flag busy;    // held while the player changes, and by the audio thread while it sets values
    std::atomic<float> values[PARAMETER_COUNT];
    std::atomic<uint32_t> sets[PARAMETER_COUNT];  // how often each was: for a window, which looks seldom
    std::atomic<bool> changed[PARAMETER_COUNT], any, chosen, ordered;
    std::atomic<bool> active, played;
    int rate;  // Hz, of the exciter
    std::atomic<int> latency, status;
    // told again by the host after it restored a state, in its own rounding: not to be heard
    std::atomic<bool> echo[PARAMETER_COUNT], echoes;

    // What MODEL chooses: 0 is a file of one's own, or a model that is not known here; the others from 1 on
    Known known;
    char own[ASKED_NAME];
    char order[ASKED_NAME];            // what instance_order brought, while `ordered`
    char beside[1024];                 // folder of the published models' folder
    char file[1024];                   // where the model was found
    void (*tell)(void*, const char*);  // a sentence for the user; null: stderr
    void* told;
    char said[REASON];  // what was told last of a model that does not play

    // the instrument's, the audio thread's
    melisma_exciter* exciter;
    std::atomic<bool> stirred;  // something of the exciter was set
    float sound[1024];

    Note notes[MOST_EVENTS];  // the audio thread's
    int note_count;

    struct Knobs* knobs;                      // the MIDI map
    std::atomic_flag mapping;                 // held by whoever reads or changes it
    std::atomic<int> bound[PARAMETER_COUNT];  // which controller turns each, and 1; 0: none
    std::atomic<int> learning;                // the row that the next controller turns; −1: none
    std::atomic<bool> learnt;                 // one was, and is in no file yet

    std::atomic<int> square[2];  // the latents that the window's square stands over, across and up

    Watch watch;
    Instance* next;  // the keeper's
};

Instance* instance_new(int rate);  // null: no memory
void instance_free(Instance* x);

void instance_set(Instance* x, int index, float value);
float instance_get(const Instance* x, int index);
inline int instance_latency(const Instance* x) { return x->latency.load(); }

// Before and after audio runs at that rate.
void instance_activate(Instance* x, int rate);
void instance_deactivate(Instance* x);

// The audio thread's: a message in the next block, of which the effect hears controllers alone. Those beyond
// MOST_EVENTS are lost.
void instance_note(Instance* x, uint32_t frame, const uint8_t* bytes, size_t size);

// Two channels in (the instrument: null) and out, n samples. REALTIME but for the first block after a start.
// offline: the host does not run in real time, so a model that is on its way is waited for.
void instance_process(Instance* x, const float* const* in, float* const* out, int64_t n,
                      bool offline = false);

// The audio thread's: a model by its file, to be loaded beside. false: one is still on its way, or it is too
// long.
bool instance_order(Instance* x, const char* path, size_t length);

// The keeper's call: what was chosen is loaded, what was loaded is put in.
void instance_tend(Instance* x);

// The name of choice 0, 1, 2 …; "" beyond.
const char* instance_choice(const Instance* x, int choice);

// The audio thread's, too: the file that plays. false: not to be told at the moment.
bool instance_file(Instance* x, char* path, size_t size);

// ---- for a window, on the host's main thread

// What there is to say of the model; percentiles as melisma_info has them.
struct Look {
    int rate, latency, latents, bands;
    float frames_per_second, percentiles[MOST_LATENTS][5];
    Status status;
    char name[ASKED_NAME], file[1024];
    char said[REASON], unusable[REASON];  // "": nothing speaks against it
};
void instance_look(Instance* x, Look* look);
void instance_known(Instance* x, Known* known);
void instance_choose_file(Instance* x, const char* path);  // read beside the audio
// The next controller turns the row; once more, and it does not; where one does, it is forgotten.
void instance_learn(Instance* x, int row);

// The audio thread's, around each block.
void see_keys(Instance* x);
void see_block(Instance* x, const float* const* out, int64_t n);

// The control side's: by name or file.
void instance_load(Instance* x, const char* name);

// As text: hosts/common's state, and the model's file and choice. → its length without the zero
size_t instance_state(Instance* x, char* text, size_t size);
// echoed: the host will now set each parameter once more, in its own rounding.
bool instance_restore(Instance* x, const char* text, bool echoed);
