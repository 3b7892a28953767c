#include <melisma.h>
#include "exciter/exciter.h"

using melisma::Exciter;

static Exciter* in(melisma_exciter* exciter) { return reinterpret_cast<Exciter*>(exciter); }

extern "C" {

melisma_exciter* melisma_exciter_new(int host_rate) {
    return reinterpret_cast<melisma_exciter*>(Exciter::make(host_rate));
}

void melisma_exciter_free(melisma_exciter* exciter) {
    if (exciter) in(exciter)->free();
}

int melisma_exciter_parameter_count(void) { return melisma::EXCITER_COUNT; }

const melisma_parameter* melisma_exciter_parameter_at(int index) {
    return index >= 0 && index < melisma::EXCITER_COUNT ? &melisma::EXCITER[index] : nullptr;
}

void melisma_exciter_reset(melisma_exciter* exciter) { in(exciter)->reset(); }

void melisma_exciter_set(melisma_exciter* exciter, const char* name, float value) {
    in(exciter)->set(Exciter::find(name), value);
}

float melisma_exciter_get(const melisma_exciter* exciter, const char* name) {
    int index = Exciter::find(name);
    return index < 0 ? 0 : reinterpret_cast<const Exciter*>(exciter)->get(index);
}

void melisma_exciter_note_on(melisma_exciter* exciter, int channel, int note, float velocity) {
    in(exciter)->note_on(channel, note, velocity);
}

void melisma_exciter_note_off(melisma_exciter* exciter, int channel, int note) {
    in(exciter)->note_off(channel, note);
}

void melisma_exciter_bend(melisma_exciter* exciter, int channel, float semitones) {
    in(exciter)->bend(channel, semitones);
}

void melisma_exciter_pressure(melisma_exciter* exciter, int channel, int note, float amount) {
    in(exciter)->pressure(channel, note, amount);
}

void melisma_exciter_midi(melisma_exciter* exciter, const uint8_t* bytes, int count) {
    in(exciter)->midi(bytes, count);
}

void melisma_exciter_process(melisma_exciter* exciter, float* out, int64_t n) {
    in(exciter)->process(out, n);
}

}  // extern "C"
