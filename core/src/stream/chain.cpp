#include "stream/chain.h"

namespace melisma {

constexpr float FADE = -80;  // dBFS: below it the level falls four times as fast as the loudness
constexpr float CEILING =
    1.2f;  // of a band of a decoded log-mel, +20 dBFS; the whole sound has one of its own, ceiling.h

void Chain::plan(Arena& arena, const Model& m) {
    size_t frames = MOST_FRAMES, own = static_cast<size_t>(m.config.vae.latents);
    model_ = &m;
    m.analysis.plan(arena, analysis_);
    m.encoder.plan(arena, encoder_);
    m.decoder.plan(arena, decoder_);
    voice_ = arena.take<char>(m.vocoder->state_size);
    m.vocoder->plan(m.voice, arena, voice_);
    mel = arena.take<float>(frames * static_cast<size_t>(m.bands));
    loudness = arena.take<float>(frames);
    coded = arena.take<float>(frames * 2 * own);
    latents = arena.take<float>(frames * static_cast<size_t>(m.latents));
    own_ = arena.take<float>(frames * own);
}

void Chain::clear() {
    const Model& m = *model_;
    m.analysis.clear(analysis_);
    m.encoder.clear(encoder_);
    m.decoder.clear(decoder_);
    m.vocoder->clear(m.voice, voice_);
    ceiling_.reset(m.config.analysis.sample_rate);
}

void Chain::encode(int frames) {
    const Model& m = *model_;
    float* room = m.encoder.room(encoder_);
    for (int l = 0; l < frames; l++)
        for (int j = 0; j < m.bands; j++) {
            int64_t i = static_cast<int64_t>(l) * m.bands + j;
            float level = 100 * (mel[i] - 1) - loudness[l];
            level = level < -70 ? -70 : level > 40 ? 40 : level;
            room[i] = 2 * ((level + 70) / 100) - 1;
        }
    const float* features = m.encoder.step(*m.kernels, encoder_, frames);
    m.kernels->multiply(m.encoder_out, features, 0, frames, {nullptr, nullptr}, coded);
}

void Chain::calibrate(int frames) {
    model_->calibration.forth(*model_->kernels, coded, frames, own_, latents);
}

void Chain::decode(int frames) {
    shape(decoder_, latents, loudness, frames, mel);
    for (int l = 0; l < frames; l++) absolute(loudness[l], mel + static_cast<int64_t>(l) * model_->bands);
}

void Chain::shape(const Network::State& decoder, const float* z, const float* level, int frames,
                  float* into) {
    const Model& m = *model_;
    int own = m.config.vae.latents;
    m.calibration.back(*m.kernels, z, frames, own_);
    float* room = m.decoder.room(decoder);
    for (int l = 0; l < frames; l++, room += own + 1) {
        std::memcpy(room, own_ + l * own, static_cast<size_t>(own) * sizeof(float));
        room[own] = level[l] / 50 + 1;
    }
    const float* features = m.decoder.step(*m.kernels, decoder, frames);
    m.kernels->multiply(m.decoder_out, features, 0, frames, {nullptr, nullptr}, into);
    for (int l = 0; l < frames; l++, into += m.bands) {
        for (int j = 0; j < m.bands; j++) into[j] = 0.5f + 0.5f * into[j];
        m.kernels->level(m.analysis.log_weights(), m.bands, into);
    }
}

void Chain::absolute(float level, float* v) const {
    // silence stays silence in the lowest bands, too, which A-weighting hardly counts
    if (level < FADE) level -= 3 * (FADE - level);
    for (int j = 0; j < model_->bands; j++) {
        float height = 1 + (100 * v[j] - 70 + level) / 100;
        height = height > 0 ? height : 0;  // NaN, from a damaged model, becomes silence
        v[j] = height < CEILING ? height : CEILING;
    }
}

void Chain::vocode(const float* x, int frames, float* out) {
    const Model& m = *model_;
    m.vocoder->step(m.voice, *m.kernels, voice_, x, frames, out);
    ceiling_.bound(out, frames * m.config.analysis.hop);
}

}  // namespace melisma
