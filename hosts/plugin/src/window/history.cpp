#include "history.h"

#include <math.h>

#include <algorithm>

#include "style.h"

void History::begin(int latents, int bands, float frames_per_second) {
    latents_ = latents;
    bands_ = bands;
    long_ = latents && bands ? static_cast<size_t>(roundf(SECONDS * frames_per_second)) : 0;
    at_ = filled_ = 0;
    paths.assign(long_ * static_cast<size_t>(latents), 0);
    picture.assign(long_ * static_cast<size_t>(bands), magma(0));
    fresh = true;
}

bool History::take(Watch* watch) {
    Frame frame;
    bool any = false;
    float loudest = 0;
    while (watch_next(watch, &seen, &frame)) {
        loudest = std::max(loudest, frame.level);
        if (!long_ || frame.latents != latents_ || frame.bands != bands_) continue;
        // a block may have had several frames, of which the last is known
        int64_t steps = frame.number - number;
        number = frame.number;
        for (steps = steps < 1 || steps > 64 ? 1 : steps; steps > 0; steps--) add(frame);
        any = true;
    }
    float before = level_ + peak_;
    level_ = std::max(loudest, level_ * 0.86f);
    peak_ = std::max(level_, peak_ * 0.985f);
    if (level_ < 1e-5f) level_ = 0;
    if (peak_ < 1e-5f) peak_ = 0;
    fresh |= any;
    return any || level_ + peak_ != before;
}

void History::add(const Frame& frame) {
    std::copy(frame.latent, frame.latent + latents_,
              &paths[static_cast<size_t>(at_) * static_cast<size_t>(latents_)]);
    for (int j = 0; j < bands_; j++)
        picture[static_cast<size_t>(bands_ - 1 - j) * long_ + static_cast<size_t>(at_)] = magma(frame.mel[j]);
    at_ = (at_ + 1) % length();
    filled_ = std::min(length(), filled_ + 1);
}
