// Models, opened beside the audio and shared by all objects that ask for the same file.
#pragma once

#include <melisma.h>

#include <atomic>

constexpr int REASON = 700;  // bytes of a sentence

// One loading: a thread that opens the model, makes a stream of it, and ends.
struct Loading {
    char path[1024];
    int rate, channels;
    // the result, once done
    melisma_model* model;
    melisma_stream* stream;
    char reason[REASON];
    std::atomic<int> state;
};

// Start a loading; null if no thread can be had.
Loading* loading_start(const char* path, int rate, int channels);
bool loading_done(const Loading* loading);
// Let go of it: its results are the caller's if it is done, and freed if it is not.
void loading_end(Loading* loading);

// The same at once.
void loading_now(Loading* loading);

// Let go of what a loading gave, and of a slot with its streams, on a thread of their own. Each may be null.
void free_beside(melisma_stream* stream, melisma_model* model, melisma_slot* slot);
