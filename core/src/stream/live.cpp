#include "stream/live.h"

#include <cmath>
#include <new>

namespace melisma {

void Live::plan(Arena& arena, const Model& m) {
    size_t count = static_cast<size_t>(m.parameters.count()), z = static_cast<size_t>(m.latents);
    model_ = &m;
    targets_ = arena.take<std::atomic<float>>(count);
    smooth_ = arena.take<Smooth>(count);
    match_.plan(arena, m.latents, m.pitch_first, m.timbre);
    wander_ = arena.take<float>(z);
    held_ = arena.take<float>(z + 1);
    fine = arena.take<float>(MOST_FRAMES);
    colour = arena.take<float>(MOST_FRAMES);
    kept = arena.take<float>(MOST_FRAMES);
    phases = arena.take<float>(MOST_FRAMES);
    matched = arena.take<float>(MOST_FRAMES);
    const AnalysisConfig& c = m.config.analysis;
    frame_seconds_ = static_cast<double>(c.hop) / c.sample_rate;
    frame_share_ = static_cast<float>(1 - std::exp(-frame_seconds_ / SMOOTHING));
}

void Live::begin() {
    for (int i = 0; i < model_->parameters.count(); i++)
        new (targets_ + i) std::atomic<float>(model_->parameters.at(i).default_value);
}

void Live::clear() {
    std::memset(wander_, 0, static_cast<size_t>(model_->latents) * sizeof(float));
    match_.clear();
    frame_ = 0;
    follow(true);
}

void Live::set(int index, float value) {
    if (index < 0 || index >= model_->parameters.count() || !(value == value)) return;
    const melisma_parameter& p = model_->parameters.at(index);
    if (p.whole) value = std::floor(value + 0.5f);
    value = value < p.minimum ? p.minimum : value > p.maximum ? p.maximum : value;
    targets_[index].store(value, std::memory_order_relaxed);
}

void Live::follow(bool jump) {
    for (int i = 0; i < model_->parameters.count(); i++) {
        if (jump)
            smooth_[i].jump(get(i));
        else
            aim(i);
    }
}

void Live::follow(const Live& other) {
    for (int i = 0; i < model_->parameters.count(); i++) smooth_[i].target = other.smooth_[i].target;
}

void Live::jump(const Live& other) {
    std::memcpy(smooth_, other.smooth_, static_cast<size_t>(model_->parameters.count()) * sizeof(Smooth));
}

// Held while frozen, else remembered; going over smoothly. The first frame is always remembered.
static float hold(Smooth& amount, float& held, float now, bool first) {
    if (amount.is(0) || first) return held = now;
    return now + amount.value * (held - now);
}

// A number of a normal distribution, from where it stands: the same for any block size and machine.
static float normal(uint32_t seed, uint64_t place) {
    uint64_t x = place * 0x9E3779B97F4A7C15ull + (static_cast<uint64_t>(seed) << 32 | 0x85EBCA6Bu);
    x ^= x >> 30, x *= 0xBF58476D1CE4E5B9ull;
    x ^= x >> 27, x *= 0x94D049BB133111EBull;
    x ^= x >> 31;
    double u = (static_cast<double>(x >> 32) + 0.5) / 4294967296.0,
           v = static_cast<double>(x & 0xffffffffu) / 4294967296.0;
    return static_cast<float>(std::sqrt(-2 * std::log(u)) * std::cos(6.28318530717958647692 * v));
}

// The latents go their own way, too: noise of a lowpass of first order.
void Live::wander(float* z) {
    int latents = model_->latents;
    float keep = static_cast<float>(std::exp(
        -6.28318530717958647692 * static_cast<double>(smooth_[RANDOMIZE_RATE].value) * frame_seconds_));
    float fresh = std::sqrt(1 - keep * keep);
    uint32_t seed = static_cast<uint32_t>(smooth_[RANDOMIZE_SEED].target);
    for (int d = 0; d < latents; d++) {
        uint64_t place =
            static_cast<uint64_t>(frame_) * static_cast<uint64_t>(latents) + static_cast<uint64_t>(d);
        float g = normal(seed, place);
        wander_[d] = frame_ == 0 ? g : keep * wander_[d] + fresh * g;
        z[d] += smooth_[RANDOMIZE].value * wander_[d];
    }
}

bool Live::bare() const { return smooth_[FINE].is(0) && smooth_[COLOUR].is(0) && smooth_[TO_DOMAIN].is(1); }

bool Live::bare_later() const {
    return smooth_[FINE].target == 0 && smooth_[COLOUR].target == 0 && smooth_[TO_DOMAIN].target == 1;
}

// Towards the original all of it is kept. At 1 it is the amount, to the bit.
static float kept_towards(float amount, float domain) { return amount + (1 - domain) * (1 - amount); }

void Live::edit(float* z, float* loudness, int frames, bool layered) {
    int latents = model_->latents;
    Smooth *scale = smooth_ + Declarations::of_latents(SCALE, latents),
           *bias = smooth_ + Declarations::of_latents(BIAS, latents);
    for (int l = 0; l < frames; l++, frame_++, z += latents) {
        for (int i = LOUDNESS_BY_HAND; i <= RANDOMIZE_RATE; i++) smooth_[i].advance(frame_share_);
        for (int d = 0; d < latents; d++) z[d] = hold(smooth_[HOLD], held_[d], z[d], frame_ == 0);
        float domain = smooth_[TO_DOMAIN].advance(frame_share_);
        fine[l] = kept_towards(smooth_[FINE].advance(frame_share_), domain);
        colour[l] = kept_towards(smooth_[COLOUR].advance(frame_share_), domain);
        kept[l] = fine[l] * smooth_[FINE_KEPT].advance(frame_share_);
        phases[l] = fine[l] * smooth_[FINE_PHASES].advance(frame_share_);
        matched[l] = domain * smooth_[MATCH].value;
        match_.step(z, loudness[l], matched[l], layered ? kept[l] : 0, smooth_[MATCH_SECONDS].value,
                    frame_seconds_, !smooth_[HOLD].is(0));
        for (int d = 0; d < latents; d++)
            z[d] = z[d] * scale[d].advance(frame_share_) + bias[d].advance(frame_share_);
        if (!smooth_[RANDOMIZE].is(0)) wander(z);
        float level = hold(smooth_[HOLD_LOUDNESS], held_[latents], loudness[l], frame_ == 0);
        if (level > LOUDNESS_FLOOR) level += smooth_[LOUDNESS_OFFSET].value;
        float hand = smooth_[LOUDNESS_BY_HAND].value;
        if (hand > 0) level += hand * (smooth_[LOUDNESS_LEVEL].value - level);
        loudness[l] = level > LOUDNESS_FLOOR ? level : LOUDNESS_FLOOR;
    }
}

}  // namespace melisma
