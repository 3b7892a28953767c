#include <melisma.h>
#include "stream/slot.h"

using melisma::Slot;
using melisma::Stream;

static Slot* in(melisma_slot* slot) { return reinterpret_cast<Slot*>(slot); }

extern "C" {

melisma_slot* melisma_slot_new(int host_rate) {
    return reinterpret_cast<melisma_slot*>(Slot::make(host_rate));
}

void melisma_slot_free(melisma_slot* slot) {
    if (slot) in(slot)->free();
}

int melisma_slot_put(melisma_slot* slot, melisma_stream* stream) {
    return in(slot)->put(reinterpret_cast<Stream*>(stream));
}

melisma_stream* melisma_slot_stream(melisma_slot* slot) {
    return reinterpret_cast<melisma_stream*>(in(slot)->stream());
}

melisma_stream* melisma_slot_retired(melisma_slot* slot) {
    return reinterpret_cast<melisma_stream*>(in(slot)->retired());
}

int melisma_slot_waiting(melisma_slot* slot) { return in(slot)->waiting(); }

void melisma_slot_reset(melisma_slot* slot) { in(slot)->reset(); }

void melisma_slot_process(melisma_slot* slot, const float* input, float* out, int64_t n) {
    in(slot)->process(1, &input, &out, n);
}

void melisma_slot_process_channels(melisma_slot* slot, int channels, const float* const* input,
                                   float* const* out, int64_t n) {
    if (channels >= 1 && channels <= melisma::MOST_CHANNELS) in(slot)->process(channels, input, out, n);
}

void melisma_slot_encode_signals(melisma_slot* slot, const float* input, float* const* signals, int width,
                                 int64_t n) {
    in(slot)->encode_signals(input, signals, width, n);
}

void melisma_slot_decode_signals(melisma_slot* slot, const float* const* signals, int width, float* out,
                                 int64_t n) {
    in(slot)->decode_signals(signals, width, out, n);
}

}  // extern "C"
