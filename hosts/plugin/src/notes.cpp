#include "notes.h"

#include <string.h>

#include <algorithm>

#include "controllers.h"

void notes_start(Instance* x, int rate) {
    if (!x->exciter || x->rate != rate) {
        melisma_exciter_free(x->exciter);
        x->exciter = melisma_exciter_new(rate);
        x->rate = rate;
        for (int i = 0; i < PARAMETER_COUNT; i++)
            if (ROWS[i].exciter) x->changed[i] = true;
        x->stirred = true;
    }
    if (x->exciter) melisma_exciter_reset(x->exciter);
    x->note_count = 0;
}

void instance_note(Instance* x, uint32_t frame, const uint8_t* bytes, size_t size) {
    if (x->note_count == MOST_EVENTS || size == 0 || size > sizeof Note::bytes) return;
    Note note = {frame, static_cast<uint8_t>(size), {}};
    // a wheel turned all the way up comes as 128, 0 from DPF's VST3
    if (size == 3 && (bytes[0] & 0xf0) == 0xe0 && bytes[2] > 127)
        note.bytes[1] = note.bytes[2] = 127;
    else
        for (size_t i = 1; i < size; i++) note.bytes[i] = bytes[i] & 127;
    note.bytes[0] = bytes[0];
    int at = x->note_count++;
    for (; at > 0 && x->notes[at - 1].frame > frame; at--) x->notes[at] = x->notes[at - 1];
    x->notes[at] = note;
}

// mapped: the MIDI map is ours. Else what is a controller's waits for the next block, at its beginning.
static void hear(Instance* x, const Note& note, bool mapped, int* waiting) {
    if (!mapped && is_controller(note)) {
        Note later = note;
        later.frame = 0;
        x->notes[(*waiting)++] = later;  // its own place, or one before it that was heard
    } else if (!controllers_take(x, note)) {
        melisma_exciter_midi(x->exciter, note.bytes, note.size);
    }
}

void notes_play(Instance* x, float* const* out, int64_t n) {
    if (x->stirred.exchange(false))
        for (int i = 0; i < PARAMETER_COUNT; i++)
            if (ROWS[i].exciter && x->changed[i].exchange(false))
                melisma_exciter_set(x->exciter, ROWS[i].name, x->values[i]);
    int next = 0, waiting = 0;
    bool mapped = controllers_hold(x);
    for (int64_t at = 0; at < n;) {
        for (; next < x->note_count && (x->notes[next].frame <= at); next++)
            hear(x, x->notes[next], mapped, &waiting);
        int64_t end = std::min<int64_t>(n, at + static_cast<int64_t>(sizeof x->sound / sizeof *x->sound));
        if (next < x->note_count) end = std::min<int64_t>(end, x->notes[next].frame);
        melisma_exciter_process(x->exciter, x->sound, end - at);
        melisma_slot_process(x->player.slot, x->sound, out[0] + at, end - at);
        at = end;
    }
    for (; next < x->note_count; next++) hear(x, x->notes[next], mapped, &waiting);  // beyond the block
    x->note_count = waiting;
    if (mapped) controllers_leave(x);
    if (out[1] != out[0]) memcpy(out[1], out[0], static_cast<size_t>(n) * sizeof(float));
}
