// The units of scsynth: Melisma, MelismaStereo, MelismaEncode, MelismaDecode.
//
// Inputs of each: how many signals; the signals; the model's name, as its length and its bytes; how many
// settings; and for each its name, spelt in the same way, and its value.
#include <string.h>

#include "unit.h"

InterfaceTable* ft;

constexpr int MOST_SIGNALS = 129;  // 128 latents and the loudness

static void nothing(MelismaUnit* unit, int) {
    for (uint32 d = 0; d < unit->mNumOutputs; d++)
        for (int i = 0; i < unit->mBufLength; i++) OUT(d)[i] = d + 1 < unit->mNumOutputs ? 0 : unit->last_is;
}

static int block(const MelismaUnit* unit) { return unit->mWorld->mFullRate.mBufLength; }

// Signal i over a block of audio: what is slower is held.
static float* heard(MelismaUnit* unit, int i) {
    if (INRATE(i + 1) == calc_FullRate) return IN(i + 1);
    float *held = unit->scratch + static_cast<size_t>(i) * static_cast<size_t>(block(unit)), now = IN0(i + 1);
    for (int k = 0; k < block(unit); k++) held[k] = now;
    return held;
}

static void chain_next(MelismaUnit* unit, int n) {
    unit_look(unit);
    float *in[2] = {}, *out[2] = {};
    for (int c = 0; c < unit->channels; c++) in[c] = heard(unit, c), out[c] = OUT(c);
    if (unit->slot && (!unit->bypassed || unit->plays))
        return melisma_slot_process_channels(unit->slot, unit->channels, in, out, n);
    for (int c = 0; c < unit->channels; c++) {
        if (unit->bypassed)
            memcpy(out[c], in[c], static_cast<size_t>(n) * sizeof(float));
        else
            memset(out[c], 0, static_cast<size_t>(n) * sizeof(float));
    }
}

static void encode_next(MelismaUnit* unit, int) {
    unit_look(unit);
    int width = static_cast<int>(unit->mNumOutputs), n = block(unit);
    bool slow = unit->mCalcRate != calc_FullRate;
    float* sound = heard(unit, 0);
    for (int d = 0; d < width; d++)
        unit->buffers[d] =
            slow ? unit->scratch + static_cast<size_t>(d + 1) * static_cast<size_t>(n) : OUT(d);
    if (!unit->slot) return nothing(unit, n);
    melisma_slot_encode_signals(unit->slot, sound, unit->buffers, width, n);
    for (int d = 0; slow && d < width; d++) OUT0(d) = unit->buffers[d][n - 1];
}

static void decode_next(MelismaUnit* unit, int n) {
    unit_look(unit);
    if (!unit->slot) return nothing(unit, n);
    for (int d = 0; d < unit->signals; d++) unit->buffers[d] = heard(unit, d);
    melisma_slot_decode_signals(unit->slot, unit->buffers, unit->signals, OUT(0), n);
}

// ---- beginning and end

static void clear(MelismaUnit* unit) {
    memset(reinterpret_cast<char*>(unit) + sizeof(Unit), 0, sizeof(MelismaUnit) - sizeof(Unit));
    unit->channels = 1;
    SETCALC(nothing);
}

static void start(MelismaUnit* unit, bool fits, void (*next)(MelismaUnit*, int)) {
    nothing(unit, 1);
    if (!fits) {
        Print("Melisma: these are no inputs of a Melisma: its class and its plug-in are of two versions\n");
        return;
    }
    size_t rows = static_cast<size_t>(unit->signals) + unit->mNumOutputs;
    size_t bytes = rows * static_cast<size_t>(block(unit)) * sizeof(float);
    unit->scratch = static_cast<float*>(RTAlloc(unit->mWorld, bytes));
    unit->buffers = static_cast<float**>(RTAlloc(unit->mWorld, rows * sizeof(float*)));
    if (!unit->scratch || !unit->buffers) {
        Print("Melisma: scsynth has not enough real-time memory: start it with a greater memSize (-m)\n");
        return;
    }
    unit->mCalcFunc = reinterpret_cast<UnitCalcFunc>(next);
    unit_begin(unit);
}

static bool audio(const MelismaUnit* unit) { return unit->mCalcRate == calc_FullRate; }

static void chain_start(MelismaUnit* unit) {
    clear(unit);
    unit->channels = static_cast<int>(unit->mNumOutputs);
    bool fits = audio(unit) && unit->channels <= 2 && unit_inputs(unit) && unit->signals == unit->channels;
    start(unit, fits, chain_next);
}

static void encode_start(MelismaUnit* unit) {
    clear(unit);
    unit->last_is = -100;  // dBFS
    bool fits = unit->mNumOutputs > 1 && unit->mNumOutputs <= MOST_SIGNALS;
    start(unit, fits && unit_inputs(unit) && unit->signals == 1, encode_next);
}

static void decode_start(MelismaUnit* unit) {
    clear(unit);
    bool fits = audio(unit) && unit->mNumOutputs == 1 && unit_inputs(unit);
    start(unit, fits && unit->signals > 1 && unit->signals <= MOST_SIGNALS, decode_next);
}

// ---- commands

static void say_load(MelismaUnit* unit, sc_msg_iter* words) {
    if (const char* name = words->gets()) unit_load(unit, name);
}

static void say_set(MelismaUnit* unit, sc_msg_iter* words) {
    while (const char* name = words->gets()) unit_set(unit, name, words->getf());
}

static void say_bypass(MelismaUnit* unit, sc_msg_iter* words) { unit_bypass(unit, words->getf(1) != 0); }

static void say_reset(MelismaUnit* unit, sc_msg_iter*) { unit_reset(unit); }

struct Kept {
    bool on;
    char name[ASKED_NAME];
};

static void say_keep(World* world, void*, sc_msg_iter* words, void* reply) {
    const char* name = words->gets();
    if (!name || strlen(name) >= ASKED_NAME) return;
    Kept* k = static_cast<Kept*>(RTAlloc(world, sizeof(Kept)));
    if (!k) return;
    memcpy(k->name, name, strlen(name) + 1);
    k->on = words->geti(1) != 0;
    auto work = [](World*, void* given) {
        keep(static_cast<Kept*>(given)->name, static_cast<Kept*>(given)->on);
        return true;
    };
    auto yes = [](World*, void*) { return true; };
    auto end = [](World* in, void* given) { RTFree(in, given); };
    DoAsynchronousCommand(world, reply, "melisma_keep", k, work, yes, yes, end, 0, nullptr);
}

static void define(const char* name, void (*begins)(MelismaUnit*)) {
    DefineUnit(name, sizeof(MelismaUnit), reinterpret_cast<UnitCtorFunc>(begins),
               reinterpret_cast<UnitDtorFunc>(unit_end), kUnitDef_CantAliasInputsToOutputs);
    DefineUnitCmd(name, "load", reinterpret_cast<UnitCmdFunc>(say_load));
    DefineUnitCmd(name, "set", reinterpret_cast<UnitCmdFunc>(say_set));
    DefineUnitCmd(name, "bypass", reinterpret_cast<UnitCmdFunc>(say_bypass));
    DefineUnitCmd(name, "reset", reinterpret_cast<UnitCmdFunc>(say_reset));
}

PluginLoad(Melisma) {
    ft = inTable;
    define("Melisma", chain_start);
    define("MelismaStereo", chain_start);
    define("MelismaEncode", encode_start);
    define("MelismaDecode", decode_start);
    DefinePlugInCmd("melisma_keep", say_keep, nullptr);
}
