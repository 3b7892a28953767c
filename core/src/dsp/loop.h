// A loop's way back, for hosts that close it themselves.
#pragma once

#include <melisma.h>

#include "dsp/feedback.h"
#include "dsp/smooth.h"

namespace melisma {

class Loop {
  public:
    static Loop* make(int host_rate);
    void free();
    void reset(uint32_t seed);
    void process(const melisma_loop_settings& settings, const float* in, float* out, int64_t n);

  private:
    Loop() = default;
    ~Loop() = default;

    int rate_ = 0;
    Feedback feedback_;
    Smooth frequency_ = {}, q_ = {}, gain_ = {}, breath_ = {};
    float share_ = 1;
    int64_t done_ = 0;  // samples since the reset
    uint32_t noise_ = 1;
};

}  // namespace melisma
