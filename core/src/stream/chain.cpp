#include "stream/chain.h"

#include <cmath>

namespace melisma {

void Chain::plan(Arena& arena, const Model& m, int channels) {
    size_t many = static_cast<size_t>(channels), frames = MOST_FRAMES * many,
           dimensions = static_cast<size_t>(m.config.vae.latents);
    model_ = &m;
    planned_ = used_ = channels;
    for (int c = 0; c < channels; c++) {
        m.analysis.plan(arena, analysis_[c]);
        m.encoder.plan(arena, encoder_[c], channels);
        m.decoder.plan(arena, decoder_[c], channels);
    }
    voices_ = arena.take<char>(many * m.vocoder->state_size);
    m.vocoder->plan(m.voice, arena, voices_, channels);
    mel = arena.take<float>(frames * static_cast<size_t>(m.bands));
    loudness = arena.take<float>(frames);
    size_t spectra = static_cast<size_t>(MOST_FRAMES) * 2 * static_cast<size_t>(m.analysis.bins());
    follow = arena.take<float>(MOST_FRAMES);
    low = arena.take<float>(MOST_FRAMES);
    louder = arena.take<float>(MOST_FRAMES);
    phases_ = arena.take<float>(spectra / 2 * 3);
    for (int c = 0; c < channels; c++) spectra_[c] = arena.take<float>(spectra);
    if (channels > 1) ipd_ = arena.take<float>(spectra);
    coded = arena.take<float>(frames * 2 * dimensions);
    latents = arena.take<float>(frames * static_cast<size_t>(m.latents));
    means_ = arena.take<float>(MOST_FRAMES * MOST_STATES * dimensions);
}

void Chain::clear() {
    const Model& m = *model_;
    for (int c = 0; c < planned_; c++) {
        m.analysis.clear(analysis_[c]);
        m.encoder.clear(encoder_[c]);
        m.decoder.clear(decoder_[c]);
        ceiling_[c].reset(m.config.analysis.sample_rate);
    }
    m.vocoder->clear(m.voice, voices_, planned_);
}

int Chain::analyse() {
    int frames = model_->analysis.pull(*model_->kernels, analysis_[0], mel, loudness, spectra_[0]);
    for (int c = 1; c < used_; c++)
        model_->analysis.pull(*model_->kernels, analysis_[c], mel + c * frames * model_->bands,
                              loudness + c * frames, spectra_[c]);
    return frames;
}

void Chain::compare(int frames) {
    const int bins = model_->analysis.bins();
    const float *a = spectra_[0], *b = spectra_[1];
    float* to = ipd_;
    for (int l = 0; l < frames; l++, a += 2 * bins, b += 2 * bins, to += 2 * bins)
        for (int k = 0; k < bins; k++) {
            double re = static_cast<double>(a[k]) * b[k] + static_cast<double>(a[bins + k]) * b[bins + k];
            double im = static_cast<double>(a[bins + k]) * b[k] - static_cast<double>(a[k]) * b[bins + k];
            double size = std::sqrt(re * re + im * im);
            bool known = size > 1e-30;
            to[k] = known ? static_cast<float>(re / size) : 1;
            to[bins + k] = known ? static_cast<float>(im / size) : 0;
        }
}

void Chain::listen(int frames) {
    const int bins = model_->analysis.bins();
    for (int l = 0; l < frames; l++) {
        if (!(follow[l] > 0)) continue;
        const float scale = model_->analysis.scale() * louder[l] / static_cast<float>(used_);
        float* to = phases_ + l * 3 * bins;
        for (int k = 0; k < bins; k++) to[k] = 1, to[bins + k] = to[2 * bins + k] = 0;
        // from the last channel to the first, whose phase stands unless it is silent: then what is between
        // them is 0
        for (int c = used_ - 1; c >= 0; c--) {
            const float* x = spectra_[c] + l * 2 * bins;
            for (int k = 0; k < bins; k++) {
                float size = std::sqrt(x[k] * x[k] + x[bins + k] * x[bins + k]);
                bool known = size > 1e-15f;
                to[k] = known ? x[k] / size : to[k];
                to[bins + k] = known ? x[bins + k] / size : to[bins + k];
                to[2 * bins + k] += scale * size;
            }
        }
    }
}

void Chain::encode(int frames) {
    const Model& m = *model_;
    const float *from = mel, *height = loudness;
    for (int c = 0; c < used_; c++) {
        float* input = m.encoder.input(encoder_[c]);
        for (int l = 0; l < frames; l++, from += m.bands, input += m.bands, height++)
            for (int j = 0; j < m.bands; j++) {
                float level = 100 * (from[j] - 1) - *height;
                level = level < RELATIVE_LEAST  ? RELATIVE_LEAST
                        : level > RELATIVE_MOST ? RELATIVE_MOST
                                                : level;
                input[j] = 2 * ((level - RELATIVE_LEAST) / 100) - 1;
            }
    }
    const float* features = m.encoder.step(*m.kernels, encoder_, used_, frames);
    m.kernels->multiply(m.encoder_out, features, 0, used_ * frames, {nullptr, nullptr}, coded);
}

void Chain::calibrate(int frames) {
    model_->calibration.to_latents(*model_->kernels, coded, used_ * frames, means_, latents);
}

void Chain::decode(int frames) {
    shape(decoder_, used_, latents, loudness, frames, mel);
    for (int l = 0; l < used_ * frames; l++)
        absolute(loudness[l], mel + static_cast<int64_t>(l) * model_->bands);
}

void Chain::shape(const Network::State* decoders, int many, const float* z, const float* level, int frames,
                  float* into) {
    const Model& m = *model_;
    int dimensions = m.config.vae.latents, rows = many * frames;
    m.calibration.to_means(*m.kernels, z, rows, means_);
    const float* from = means_;
    for (int c = 0; c < many; c++) {
        float* input = m.decoder.input(decoders[c]);
        for (int l = 0; l < frames; l++, input += dimensions + 1, from += dimensions) {
            std::memcpy(input, from, static_cast<size_t>(dimensions) * sizeof(float));
            input[dimensions] = *level++ / 50 + 1;
        }
    }
    const float* features = m.decoder.step(*m.kernels, decoders, many, frames);
    m.kernels->multiply(m.decoder_out, features, 0, rows, {nullptr, nullptr}, into);
    for (int l = 0; l < rows; l++, into += m.bands) {
        for (int j = 0; j < m.bands; j++) into[j] = 0.5f + 0.5f * into[j];
        m.kernels->level(m.analysis.log_weights(), m.bands, into);
    }
}

void Chain::absolute(float level, float* v) const {
    // silence stays silence in the lowest bands, too, which A-weighting hardly counts
    if (level < LOUDNESS_FADE) level -= 3 * (LOUDNESS_FADE - level);
    float sink = static_cast<float>(model_->config.vae.sink);
    for (int j = 0; j < model_->bands; j++) {
        float relative = 100 * v[j] + RELATIVE_LEAST;
        if (relative < SINKS) relative -= sink * (SINKS - relative);
        float height = 1 + (relative + level) / 100;
        height = height > 0 ? height : 0;  // NaN, from a damaged model, becomes silence
        v[j] = height < MEL_CEILING ? height : MEL_CEILING;
    }
}

void Chain::vocode(const float* x, bool heard, int frames, float* const* out) {
    const Model& m = *model_;
    Heard known;
    if (heard && used_ > 1) compare(frames), known.ipd = ipd_;
    if (heard) listen(frames), known.phases = phases_, known.follow = follow, known.low = low;
    m.vocoder->step(m.voice, *m.kernels, voices_, used_, x, known, frames, out);
    for (int c = 0; c < used_; c++) ceiling_[c].bound(out[c], frames * m.config.analysis.hop);
}

}  // namespace melisma
