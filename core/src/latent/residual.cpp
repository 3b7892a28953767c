#include "latent/residual.h"

#include <cmath>

namespace melisma {

using namespace residual;
constexpr double PI = 3.14159265358979323846;

// Of a relative mel; NaN, from a damaged model, too.
static float sane(float level) {
    level = level > LOWEST ? level : LOWEST;
    return level < HIGHEST ? level : HIGHEST;
}

static int8_t stepped(float cosine) {
    float steps = std::floor(100 * cosine / LAYER_STEP + 0.5f);
    return static_cast<int8_t>(steps < -LAYER_MOST ? -LAYER_MOST : steps > LAYER_MOST ? LAYER_MOST : steps);
}

void Residual::load(Arena& arena, int bands) {
    bands_ = bands;
    size_t n = static_cast<size_t>(bands);
    float* cosines = arena.take<float>(n * n);
    float* turned = arena.take<float>(n * n);
    cosines_ = cosines;
    turned_ = turned;
    if (arena.planning()) return;
    for (int k = 0; k < bands; k++)
        for (int j = 0; j < bands; j++)
            turned[j * bands + k] = cosines[k * bands + j] =
                static_cast<float>(std::sqrt((k ? 2.0 : 1.0) / bands) * std::cos(PI * k * (j + 0.5) / bands));
}

void Residual::plan(Arena& arena, State& state) const {
    size_t n = static_cast<size_t>(bands_);
    state.gathered = arena.take<float>(n);
    state.fine = arena.take<float>(n);
    state.colour = arena.take<float>(n);
    state.steps = arena.take<int8_t>(n);
}

void Residual::clear(State& state) const {
    size_t n = static_cast<size_t>(bands_);
    std::memset(state.fine, 0, n * sizeof(float));
    std::memset(state.colour, 0, n * sizeof(float));
    std::memset(state.steps, 0, n);
}

void Residual::follow(State& state, const float* mel, float loudness, const float* decoded) const {
    // a band counts down to 70 dB below the loudness or to −100 dBFS: what lies deeper is not heard, and
    // tells of the gain
    float deepest = (-100 - loudness + 70) / 100;
    float floor = deepest > 0 ? deepest : 0, below = deepest > -BELOW / 100 ? deepest : -BELOW / 100;
    float open = (loudness - SILENT) / (SOUNDING - SILENT);
    open = open < 0 ? 0 : open > 1 ? 1 : open;
    float* gathered = state.gathered;
    std::memset(gathered, 0, static_cast<size_t>(bands_) * sizeof(float));
    for (int j = 0; j < bands_; j++) {
        float wanted = (100 * (mel[j] - 1) - loudness + 70) / 100;
        float got = sane(decoded[j]);
        // of what lies below, nothing is told but that it does
        if (wanted < floor) wanted = got < below ? got : below;
        float left = open * (wanted - got);
        const float* row = turned_ + j * bands_;
        for (int k = 0; k < bands_; k++) gathered[k] += row[k] * left;
    }
    for (int k = 0; k < bands_; k++) state.steps[k] = k < COLOUR_FROM ? 0 : stepped(gathered[k]);
    spread(state);
}

void Residual::take(State& state, const int8_t* steps) const {
    if (std::memcmp(state.steps, steps, static_cast<size_t>(bands_)) == 0) return;
    std::memcpy(state.steps, steps, static_cast<size_t>(bands_));
    spread(state);
}

void Residual::spread(State& state) const {
    std::memset(state.fine, 0, static_cast<size_t>(bands_) * sizeof(float));
    std::memset(state.colour, 0, static_cast<size_t>(bands_) * sizeof(float));
    for (int k = COLOUR_FROM; k < bands_; k++) {
        if (!state.steps[k]) continue;
        float amount = static_cast<float>(state.steps[k]) * (LAYER_STEP / 100);
        const float* row = cosines_ + k * bands_;
        float* to = k < FINE_FROM ? state.colour : state.fine;
        for (int j = 0; j < bands_; j++) to[j] += amount * row[j];
    }
}

void Residual::keep(float amount, const float* from, float* shape) const {
    int coarse = FINE_FROM < bands_ ? FINE_FROM : bands_;
    float level[FINE_FROM];  // what lies between the two in the coarse cosines
    for (int k = 0; k < coarse; k++) {
        level[k] = 0;
        for (int j = 0; j < bands_; j++) level[k] += cosines_[k * bands_ + j] * (from[j] - shape[j]);
    }
    for (int j = 0; j < bands_; j++) {
        float fine = from[j] - shape[j];
        for (int k = 0; k < coarse; k++) fine -= level[k] * turned_[j * bands_ + k];
        shape[j] += amount * fine;
    }
}

void Residual::keep(const float* from, const float* shape, int8_t* steps) const {
    for (int k = FINE_FROM; k < bands_; k++) {
        const float* row = cosines_ + k * bands_;
        float cosine = static_cast<float>(steps[k]) * (LAYER_STEP / 100);
        for (int j = 0; j < bands_; j++) cosine += row[j] * (sane(from[j]) - sane(shape[j]));
        steps[k] = stepped(cosine);
    }
}

void Residual::add(const State& state, float fine, float colour, float* shape) const {
    for (int j = 0; j < bands_; j++) shape[j] += fine * state.fine[j] + colour * state.colour[j];
}

}  // namespace melisma
