// The parts of the chain for hosts that keep the latent path in their own hands: as arrays, or as signals.
#include "base/denormals.h"
#include "stream/stream.h"

namespace melisma {

constexpr float LOG_VARIANCE_LEAST = -9, LOG_VARIANCE_MOST = 3;
constexpr float LOUDNESS_SPAN = 200;  // dB: levels from a host are believed within ±
constexpr float LATENT_SPAN = 1000;

int64_t Stream::read(const float* in, int64_t n, float* mel, float* loudness, float* mean,
                     float* log_variance, float* latents) {
    NoDenormals guard;
    const Model& m = *model_;
    int64_t done = 0;
    size_t own = static_cast<size_t>(m.config.encoder_latents), bands = static_cast<size_t>(m.bands),
           z = static_cast<size_t>(m.latents);
    while (n > 0) {
        int room = m.analysis.room(analysis_);
        int block = n < room ? static_cast<int>(n) : room;
        m.analysis.push(analysis_, in, block);
        in += block;
        n -= block;
        int frames = analyse();
        if (!frames) continue;
        if (mean || log_variance || latents) encode(frames);
        if (latents) {
            calibrate(frames);
            std::memcpy(latents + static_cast<size_t>(done) * z, latents_,
                        static_cast<size_t>(frames) * z * sizeof(float));
        }
        for (int l = 0; l < frames; l++, done++) {
            size_t at = static_cast<size_t>(done);
            if (loudness) loudness[at] = loudness_[l];
            for (size_t j = 0; mel && j < bands; j++) {
                float v = mel_[static_cast<size_t>(l) * bands + j];
                mel[at * bands + j] = v > 0 ? v : 0;
            }
            const float* code = coded_ + static_cast<size_t>(l) * 2 * own;
            for (size_t d = 0; mean && d < own; d++) mean[at * own + d] = code[d];
            for (size_t d = 0; log_variance && d < own; d++) {
                float v = code[own + d];
                v = v < LOG_VARIANCE_LEAST ? LOG_VARIANCE_LEAST : v;
                log_variance[at * own + d] = v > LOG_VARIANCE_MOST ? LOG_VARIANCE_MOST : v;
            }
        }
    }
    return done;
}

int64_t Stream::read_layers(const float* in, int64_t n, float* latents, float* loudness, int8_t* layers) {
    NoDenormals guard;
    const Model& m = *model_;
    size_t bands = static_cast<size_t>(m.bands), z = static_cast<size_t>(m.latents);
    int64_t done = 0;
    while (n > 0) {
        int room = m.analysis.room(analysis_);
        int block = n < room ? static_cast<int>(n) : room;
        m.analysis.push(analysis_, in, block);
        in += block;
        n -= block;
        int frames = analyse();
        if (!frames) continue;
        encode(frames);
        calibrate(frames);
        shape(decoder_, latents_, loudness_, frames, plain_);
        size_t at = static_cast<size_t>(done), count = static_cast<size_t>(frames);
        if (latents) std::memcpy(latents + at * z, latents_, count * z * sizeof(float));
        if (loudness) std::memcpy(loudness + at, loudness_, count * sizeof(float));
        for (size_t l = 0; l < count; l++) {
            m.residual.follow(residual_, mel_ + l * bands, loudness_[l], plain_ + l * bands);
            if (layers) std::memcpy(layers + (at + l) * bands, residual_.steps, bands);
        }
        done += frames;
    }
    return done;
}

void Stream::decode(const float* latents, const float* loudness, const int8_t* layers, float fine, float colour,
                    int64_t frames, float* mel, float* out) {
    NoDenormals guard;
    fine = sound(fine, 0, 1, 0);
    colour = sound(colour, 0, 1, 0);
    size_t z = static_cast<size_t>(model_->latents), bands = static_cast<size_t>(model_->bands);
    for (int64_t l = 0; l < frames;) {
        int block = static_cast<int>(frames - l < MOST_FRAMES ? frames - l : MOST_FRAMES);
        for (size_t i = 0; i < static_cast<size_t>(block) * z; i++)
            latents_[i] = sound(latents[static_cast<size_t>(l) * z + i], -LATENT_SPAN, LATENT_SPAN, 0);
        for (int i = 0; i < block; i++)
            loudness_[i] = sound(loudness[l + i], -LOUDNESS_SPAN, LOUDNESS_SPAN, LOUDNESS_FLOOR);
        shape(decoder_, latents_, loudness_, block, mel_);
        for (int i = 0; i < block; i++) {
            float* v = mel_ + static_cast<size_t>(i) * bands;
            if (layers) {
                model_->residual.take(residual_, layers + static_cast<size_t>(l + i) * bands);
                give_back(fine, colour, v);
            }
            absolute(loudness_[i], v);
        }
        if (mel)
            std::memcpy(mel + static_cast<size_t>(l) * bands, mel_,
                        static_cast<size_t>(block) * bands * sizeof(float));
        if (out) vocode(mel_, block, out + l * hop_);
        l += block;
    }
}

void Stream::synthesize(const float* mel, int64_t frames, float* out) {
    NoDenormals guard;
    size_t bands = static_cast<size_t>(model_->bands);
    for (int64_t l = 0; l < frames;) {
        int block = static_cast<int>(frames - l < MOST_FRAMES ? frames - l : MOST_FRAMES);
        for (size_t i = 0; i < static_cast<size_t>(block) * bands; i++)
            mel_[i] = sound(mel[static_cast<size_t>(l) * bands + i], 0, 10, 0);
        vocode(mel_, block, out + l * hop_);
        l += block;
    }
}

// ---- the latent path as signals

void Stream::encode_signals(const float* in, float* const* signals, int64_t n) {
    NoDenormals guard;
    const Model& m = *model_;
    for (int64_t i = 0; i < n;) {
        // up to the sample that completes a frame; sample by sample where the rates differ
        int room = hop_ - analysis_.filled;
        int block = resamples_ ? 1 : static_cast<int>(n - i < room ? n - i : room);
        // read before anything is written: a host may give the same buffer twice
        bool complete = false;
        if (resamples_) {
            float x = sound(in[i], -LOUDEST_SAMPLE, LOUDEST_SAMPLE, 0);
            int here = in_.run(*m.kernels, &x, 1, model_in_, most_in_ + 16);
            for (int k = 0; k < here; k++) {
                m.analysis.push(analysis_, model_in_ + k, 1);
                if (analyse()) {
                    complete = true;
                    encode(1);
                    calibrate(1);
                }
            }
        } else {
            m.analysis.push(analysis_, in + i, block);
            if (analyse()) {
                complete = true;
                encode(1);
                calibrate(1);
            }
        }
        int64_t last = i + block - 1;
        for (int d = 0; d <= m.latents; d++) {
            for (int64_t k = i; k < last; k++) signals[d][k] = held_[d];
            Fixed held = d < m.latents ? FREEZE : FREEZE_LOUDNESS;
            if (complete && targets_[held].load(std::memory_order_relaxed) == 0)
                held_[d] = d < m.latents ? latents_[d] : loudness_[0];
            signals[d][last] = held_[d];
        }
        i += block;
    }
}

void Stream::decode_signals(const float* const* signals, float* out, int64_t n) {
    NoDenormals guard;
    const Model& m = *model_;
    follow(false);
    for (int64_t i = 0; i < n;) {
        int room = hop_ - gathered_;
        int block = resamples_ ? 1 : static_cast<int>(n - i < room ? n - i : room);
        int here = resamples_ ? in_.count(1) : block;
        int64_t last = i + block - 1;
        int made = 0;
        for (int left = here; left > 0;) {
            settle();
            room = hop_ - gathered_;
            int part = left < room ? left : room;
            gathered_ += part;
            left -= part;
            if (gathered_ == hop_) {
                gathered_ = 0;
                for (int d = 0; d < m.latents; d++)
                    latents_[d] = sound(signals[d][last], -LATENT_SPAN, LATENT_SPAN, 0);
                loudness_[0] = sound(signals[m.latents][last], -LOUDNESS_SPAN, LOUDNESS_SPAN, LOUDNESS_FLOOR);
                edit(1);
                decode(1);
                waiting_ = 1;
            }
            // at most a hop is ever given between two frames, so what is ready stays within its room
            give(resamples_ ? model_in_ + made : out + i + made, part);
            made += part;
        }
        if (resamples_) out_.run(*m.kernels, model_in_, made, out + i, 1);
        i += block;
    }
}

}  // namespace melisma
