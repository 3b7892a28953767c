// What a window sees of what plays, and the notes that it plays. One window's thread and the audio thread
// meet here alone, and neither waits for the other.
#pragma once

#include <stdint.h>

#include <atomic>

constexpr int MOST_LATENTS = 128, MOST_BANDS = 256;  // a model with more is not watched
constexpr int WATCH_FRAMES = 128, WATCH_KEYS = 64;

// A frame of the stream's, as melisma_last_frame gives it.
struct Frame {
    int64_t number;  // in the stream, since it began
    int latents, bands;
    float level;  // greatest sample of the block that it came with
    float loudness, latent[MOST_LATENTS], mel[MOST_BANDS];
};

// The same where the audio thread leaves it: it may write while the window reads, which then reads once more.
struct Slot {
    std::atomic<int64_t> number;
    std::atomic<int> latents, bands;
    std::atomic<float> level, loudness, latent[MOST_LATENTS], mel[MOST_BANDS];
};

struct Watch {
    std::atomic<int> windows;       // that look
    std::atomic<uint32_t> written;  // frames since the plug-in was opened
    Slot slots[WATCH_FRAMES];
    std::atomic<uint32_t> keys_in, keys_out;  // the window's and the audio thread's places in `keys`
    std::atomic<uint32_t> keys[WATCH_KEYS];   // note, and velocity << 8
    Frame frame;                              // the audio thread's
    float level;
};

// The window's: the next frame after *seen, which is counted up. false: there is none yet. Whoever was too
// slow goes on with what is still there.
bool watch_next(Watch* watch, uint32_t* seen, Frame* frame);

// The window's: a key, with velocity 0 let go.
void watch_press(Watch* watch, int note, int velocity);
