#pragma once

namespace melisma {

// A value and where it is going. `advance` moves it by the share a step covers.
struct Smooth {
    float value, target;

    void jump(float to) { value = target = to; }
    float advance(float share) {
        float gap = target - value;
        // the last bit of the way at once, so that a parameter at rest changes nothing at all
        value = gap * gap < 1e-10f * (1e-6f + target * target) ? target : value + gap * share;
        return value;
    }
    bool is(float x) const { return value == x && target == x; }
};

}  // namespace melisma
