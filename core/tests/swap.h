// One thread plays a slot in random blocks, in each of its three ways; another puts stream after stream into
// it, turns parameters and takes back what has gone. Counts what must not happen in the audio thread. Prints
// one JSON line.
#pragma once

#include <melisma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmath>

#include "counting.h"

constexpr int MOST = 700, WIDTH = 9;

struct Control {
    melisma_slot* slots[3];
    melisma_model* models[2];
    int rate;
    long puts = 0, taken = 0;
    std::atomic<bool> stop{false};
};

static void* control(void* given) {
    Control& c = *static_cast<Control*>(given);
    char error[600];
    uint32_t s = 3;
    while (!c.stop.load()) {
        s = s * 1664525u + 1013904223u;
        melisma_slot* slot = c.slots[(s >> 8) % 3];
        melisma_stream* stream = nullptr;
        if ((s >> 16) % 5) stream = melisma_stream_new(c.models[(s >> 20) % 2], c.rate, error, sizeof error);
        c.puts += melisma_slot_put(slot, stream);
        for (melisma_slot* each : c.slots) {
            if (melisma_stream* gone = melisma_slot_retired(each)) {
                melisma_stream_free(gone);
                c.taken++;
            }
            if (melisma_stream* newest = melisma_slot_stream(each)) melisma_set(newest, 0, 0.5f);
            (void)melisma_slot_waiting(each);
        }
        usleep(200);
    }
    return nullptr;
}

static int swap(int count, char** words) {
    char error[600];
    if (count < 3) return fprintf(stderr, "driver swap MODEL MODEL [seconds]\n"), 2;
    double seconds = count > 3 ? atof(words[3]) : 1;
    Control c;
    for (int i = 0; i < 2; i++)
        if (!(c.models[i] = melisma_open(words[i + 1], nullptr, error, sizeof error)))
            return fprintf(stderr, "%s\n", error), 1;
    c.rate = 8000;
    for (melisma_slot*& slot : c.slots) slot = melisma_slot_new(c.rate);
    static float in[MOST], out[MOST], rows[WIDTH][MOST];
    float* signals[WIDTH];
    for (int d = 0; d < WIDTH; d++) signals[d] = rows[d];
    pthread_t thread;
    pthread_create(&thread, nullptr, control, &c);
    long blocks = 0, bad = 0;
    uint32_t s = 1;
    for (double done = 0; done < seconds; blocks++) {
        s = s * 1664525u + 1013904223u;
        int n = static_cast<int>((s >> 8) % MOST);
        for (int i = 0; i < n; i++) in[i] = 0.3f * std::sin(0.1f * static_cast<float>(i));
        armed = true;
        melisma_slot_process(c.slots[0], in, out, n);
        for (int i = 0; i < n; i++) bad += !std::isfinite(out[i]);
        melisma_slot_encode_signals(c.slots[1], in, signals, WIDTH, n);
        melisma_slot_decode_signals(c.slots[2], signals, WIDTH, out, n);
        for (int i = 0; i < n; i++) bad += !std::isfinite(out[i]);
        if (blocks % 50 == 49) melisma_slot_reset(c.slots[blocks % 3]);
        armed = false;
        done += n / static_cast<double>(c.rate);
        usleep(300);
    }
    c.stop = true;
    pthread_join(thread, nullptr);
    for (melisma_slot* slot : c.slots) melisma_slot_free(slot);
    for (melisma_model* model : c.models) melisma_close(model);
    printf(
        "{\"blocks\": %ld, \"puts\": %ld, \"taken\": %ld, \"allocations\": %ld, \"locks\": %ld, \"counted\": "
        "%d, \"bad\": %ld}\n",
        blocks, c.puts, c.taken, allocations.load(), locks.load(), COUNTS, bad);
    return bad || allocations || locks;
}
