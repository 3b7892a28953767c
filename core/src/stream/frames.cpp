// The steps of the chain, on the few frames that a stream has in its rooms at once.
#include <cmath>

#include "stream/stream.h"

namespace melisma {

constexpr float QUIET = -60;     // dBFS: what is fainter does not count for "match"
constexpr float WIDEN = 6;       // times at most that "match" makes a deviation
constexpr float PITCH = 0.3f;    // of the way that "match" goes, for the latents of pitch
constexpr float FADE = -80;      // dBFS: below it the level falls four times as fast as the loudness
constexpr float CEILING = 1.2f;  // of a band of a decoded log-mel, +20 dBFS; the whole sound has one of its own, ceiling.h

void Stream::encode(int frames) {
    const Model& m = *model_;
    float* room = m.encoder.room(encoder_);
    for (int l = 0; l < frames; l++)
        for (int j = 0; j < m.bands; j++) {
            int64_t i = static_cast<int64_t>(l) * m.bands + j;
            float level = 100 * (mel_[i] - 1) - loudness_[l];
            level = level < -70 ? -70 : level > 40 ? 40 : level;
            room[i] = 2 * ((level + 70) / 100) - 1;
        }
    const float* features = m.encoder.step(*m.kernels, encoder_, frames);
    m.kernels->multiply(m.encoder_out, features, 0, frames, {nullptr, nullptr}, coded_);
}

void Stream::calibrate(int frames) {
    const Model& m = *model_;
    int own = m.config.encoder_latents;
    for (int l = 0; l < frames; l++)
        for (int d = 0; d < own; d++) own_[l * own + d] = coded_[l * 2 * own + d] - m.mean[d];
    m.kernels->multiply(m.forth, own_, 0, frames, {nullptr, nullptr}, latents_);
}

// Held while frozen, else remembered; going over smoothly. The first frame is always remembered.
static float freeze(Smooth& amount, float& held, float now, bool first) {
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

// The latents, as far as "match" says, with the mean and the covariance taken out that they have had lately while something
// sounded: src/melisma/latent/edits.py's `match`, which knows the whole. A stream begins with those of the domain, zero and the identity.
// They are followed whether they are used or not. Three frames are averaged, 1 : 2 : 1, as there, so these latents come a frame late.
void Stream::match(float* z, float loudness) {
    const Model& m = *model_;
    int n = m.latents;
    float amount = smooth_[MATCH].value;
    if (loudness > QUIET && smooth_[FREEZE].is(0)) {
        double seconds = static_cast<double>(hop_) / m.config.sample_rate;
        float share = static_cast<float>(1 - std::exp(-seconds / static_cast<double>(smooth_[MATCH_SECONDS].value)));
        for (int i = 0; i < n; i++) whitened_[i] = z[m.pitch_first[i]] - mean_[i];  // how far off it was
        for (int i = 0; i < n; i++) {
            mean_[i] += share * whitened_[i];
            for (int j = 0; j <= i; j++) {
                float& entry = covariance_[i * n + j];
                entry = (1 - share) * (entry + share * whitened_[i] * whitened_[j]);
            }
        }
    }
    if (amount == 0) {
        moved_before_ = false;
        return;
    }
    const float least = 1 / (WIDEN * WIDEN);
    for (int i = 0; i < n; i++) {  // a row of Cholesky's factor of the shrunk covariance, and what it solves
        float* row = factor_ + i * n;
        float rest = z[m.pitch_first[i]] - mean_[i];
        for (int j = 0; j <= i; j++) {
            const float* other = factor_ + j * n;
            float sum = (1 - least) * covariance_[i * n + j] + (i == j ? least : 0);
            for (int k = 0; k < j; k++) sum -= row[k] * other[k];
            row[j] = i == j ? std::sqrt(sum > least ? sum : least) : sum / other[j];
            if (j < i) rest -= row[j] * whitened_[j];
        }
        whitened_[i] = rest / row[i];
    }
    float *now = moved_, *before = moved_ + n, *earlier = moved_ + 2 * n;
    for (int i = 0; i < n; i++) {
        int d = m.pitch_first[i];
        now[i] = z[d] + (m.timbre[d] ? 1 : PITCH) * (whitened_[i] - z[d]);
        if (!moved_before_) before[i] = earlier[i] = now[i];
        z[d] += amount * ((now[i] + 2 * before[i] + earlier[i]) / 4 - z[d]);
        earlier[i] = before[i];
        before[i] = now[i];
    }
    moved_before_ = true;
}

void Stream::edit(int frames) {
    int latents = model_->latents;
    for (int l = 0; l < frames; l++, frame_++) {
        for (int i = LOUDNESS_BY_HAND; i <= NOISE_RATE; i++) smooth_[i].advance(frame_share_);
        Smooth *scale = smooth_ + FIXED_COUNT, *bias = scale + latents;
        float* z = latents_ + static_cast<int64_t>(l) * latents;
        for (int d = 0; d < latents; d++) z[d] = freeze(smooth_[FREEZE], frozen_[d], z[d], frame_ == 0);
        match(z, loudness_[l]);
        for (int d = 0; d < latents; d++)
            z[d] = z[d] * scale[d].advance(frame_share_) + bias[d].advance(frame_share_);
        if (!smooth_[NOISE].is(0)) {
            double seconds = static_cast<double>(hop_) / model_->config.sample_rate;
            float keep = static_cast<float>(
                std::exp(-6.28318530717958647692 * static_cast<double>(smooth_[NOISE_RATE].value) * seconds));
            float fresh = std::sqrt(1 - keep * keep);
            uint32_t seed = static_cast<uint32_t>(smooth_[NOISE_SEED].target);
            for (int d = 0; d < latents; d++) {
                float g = normal(seed, static_cast<uint64_t>(frame_) * static_cast<uint64_t>(latents) +
                                           static_cast<uint64_t>(d));
                wander_[d] = frame_ == 0 ? g : keep * wander_[d] + fresh * g;
                z[d] += smooth_[NOISE].value * wander_[d];
            }
        }
        float level = freeze(smooth_[FREEZE_LOUDNESS], frozen_[latents], loudness_[l], frame_ == 0);
        if (level > LOUDNESS_FLOOR) level += smooth_[LOUDNESS_OFFSET].value;
        float hand = smooth_[LOUDNESS_BY_HAND].value;
        if (hand > 0) level += hand * (smooth_[LOUDNESS_LEVEL].value - level);
        loudness_[l] = level > LOUDNESS_FLOOR ? level : LOUDNESS_FLOOR;
        fine_[l] = smooth_[FINE].advance(frame_share_);
        colour_[l] = smooth_[COLOUR].advance(frame_share_);
    }
}

// Whether a layer is heard, or about to be.
bool Stream::layered() const { return !(smooth_[FINE].is(0) && smooth_[COLOUR].is(0)); }

// Analysed frames all the way to mel_, with what the latents leave out of them as far as the layers are turned up: against what
// the latents decode to before they are edited, so while these differ from the edited ones the decoder runs twice.
void Stream::pass(int frames) {
    const Model& m = *model_;
    encode(frames);
    calibrate(frames);
    if (!layered()) {
        edit(frames);
        decode(frames);
        beside_ = false;
        return;
    }
    size_t n = static_cast<size_t>(frames), z = static_cast<size_t>(m.latents), bands = static_cast<size_t>(m.bands);
    if (!beside_) {
        // from here on the two decoders stand alike: what was edited just before is still within the reach of both
        beside_ = true;
        apart_ = 0;
        m.residual.clear(residual_);
    }
    std::memcpy(true_, mel_, n * bands * sizeof(float));
    std::memcpy(plain_latents_, latents_, n * z * sizeof(float));
    std::memcpy(plain_loudness_, loudness_, n * sizeof(float));
    edit(frames);
    bool same = std::memcmp(plain_latents_, latents_, n * z * sizeof(float)) == 0 &&
                std::memcmp(plain_loudness_, loudness_, n * sizeof(float)) == 0;
    const float* plain = mel_;
    if (!same || apart_ > 0) {
        if (apart_ == 0) m.decoder.copy(decoder_, plain_decoder_);
        apart_ = same ? (apart_ > frames ? apart_ - frames : 0) : m.decoder.reach();
        shape(plain_decoder_, plain_latents_, plain_loudness_, frames, plain_);
        plain = plain_;
    }
    shape(decoder_, latents_, loudness_, frames, mel_);
    for (int l = 0; l < frames; l++) {
        size_t at = static_cast<size_t>(l) * bands;
        m.residual.follow(residual_, true_ + at, plain_loudness_[l], plain + at);
        give_back(fine_[l], colour_[l], mel_ + at);
        absolute(loudness_[l], mel_ + at);
        // another call may bring the rest of these frames: once both are down, nothing is followed
        if (fine_[l] == 0 && colour_[l] == 0 && smooth_[FINE].target == 0 && smooth_[COLOUR].target == 0) beside_ = false;
    }
}

// The layers onto a relative mel, which keeps the level that it has.
void Stream::give_back(float fine, float colour, float* mel) const {
    const Model& m = *model_;
    if (fine == 0 && colour == 0) return;
    m.residual.add(residual_, fine, colour, mel);
    m.kernels->level(m.analysis.log_weights(), m.bands, mel);
}

void Stream::decode(int frames) {
    shape(decoder_, latents_, loudness_, frames, mel_);
    for (int l = 0; l < frames; l++) absolute(loudness_[l], mel_ + static_cast<int64_t>(l) * model_->bands);
}

void Stream::shape(const Network::State& decoder, const float* latents, const float* loudness, int frames, float* mel) {
    const Model& m = *model_;
    int own = m.config.encoder_latents;
    m.kernels->multiply(m.back, latents, 0, frames, {nullptr, nullptr}, own_);
    float* room = m.decoder.room(decoder);
    for (int l = 0; l < frames; l++, room += own + 1) {
        std::memcpy(room, own_ + l * own, static_cast<size_t>(own) * sizeof(float));
        room[own] = loudness[l] / 50 + 1;
    }
    const float* features = m.decoder.step(*m.kernels, decoder, frames);
    m.kernels->multiply(m.decoder_out, features, 0, frames, {nullptr, nullptr}, mel);
    for (int l = 0; l < frames; l++) {
        float* v = mel + static_cast<int64_t>(l) * m.bands;
        for (int j = 0; j < m.bands; j++) v[j] = 0.5f + 0.5f * v[j];
        m.kernels->level(m.analysis.log_weights(), m.bands, v);
    }
}

void Stream::absolute(float loudness, float* mel) const {
    // silence stays silence in the lowest bands, too, which A-weighting hardly counts
    if (loudness < FADE) loudness -= 3 * (FADE - loudness);
    for (int j = 0; j < model_->bands; j++) {
        float level = 1 + (100 * mel[j] - 70 + loudness) / 100;
        level = level > 0 ? level : 0;  // NaN, from a damaged model, becomes silence
        mel[j] = level < CEILING ? level : CEILING;
    }
}

void Stream::vocode(const float* mel, int frames, float* out) {
    const Model& m = *model_;
    if (m.config.melgan)
        m.melgan.step(*m.kernels, melgan_, mel, frames, out);
    else
        m.phase.step(*m.kernels, phase_, mel, frames, out);
    ceiling_.bound(out, frames * hop_);
}

}  // namespace melisma
