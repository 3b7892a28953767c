// The last seconds of what played, as the window shows them: frame by frame, the newest last.
#pragma once

#include <vector>

#include "../instance.h"

constexpr float SECONDS = 6;

class History {
  public:
    // Empty, for a model of that shape.
    void begin(int latents, int bands, float frames_per_second);
    // What the audio thread left since; → whether there was anything
    bool take(Watch* watch);

    int length() const { return static_cast<int>(long_); }
    int filled() const { return filled_; }
    int latents() const { return latents_; }
    int bands() const { return bands_; }
    int next() const { return at_; }  // the picture's column that is written next, so the oldest one
    // k = 0: the newest frame's latents
    const float* back(int k) const {
        return &paths[static_cast<size_t>((at_ - 1 - k + length()) % length()) * latents_];
    }
    float level() const { return level_; }  // greatest sample, falling slowly
    float peak() const { return peak_; }

    std::vector<uint32_t> picture;  // bands rows of `length` columns, the highest band first
    bool fresh = false;             // the picture has changed

  private:
    void add(const Frame& frame);

    std::vector<float> paths;
    size_t long_ = 0;
    int latents_ = 0, bands_ = 0, at_ = 0, filled_ = 0;
    float level_ = 0, peak_ = 0;
    uint32_t seen = 0;
    int64_t number = 0;
};
