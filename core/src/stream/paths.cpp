// The parts of the chain for hosts that keep the latent path in their own hands: as arrays, or as signals.
// They are of a stream's first channel.
#include "base/denormals.h"
#include "stream/stream.h"

namespace melisma {

constexpr float LOG_VARIANCE_LEAST = -9, LOG_VARIANCE_MOST = 3;
constexpr float LOUDNESS_SPAN = 200;  // dB: levels from a host are believed within ±
constexpr float LATENT_SPAN = 1000;

int64_t Stream::read(const float* in, int64_t n, float* mel, float* loudness, float* mean,
                     float* log_variance, float* latents) {
    NoDenormals guard;
    chain_.use(1);
    const Model& m = *model_;
    int64_t done = 0;
    size_t own = static_cast<size_t>(m.config.vae.latents), bands = static_cast<size_t>(m.bands),
           z = static_cast<size_t>(m.latents);
    while (n > 0) {
        int room = chain_.room();
        int block = n < room ? static_cast<int>(n) : room;
        chain_.push(0, in, block);
        in += block;
        n -= block;
        int frames = chain_.analyse();
        if (!frames) continue;
        if (mean || log_variance || latents) chain_.encode(frames);
        if (latents) {
            chain_.calibrate(frames);
            std::memcpy(latents + static_cast<size_t>(done) * z, chain_.latents,
                        static_cast<size_t>(frames) * z * sizeof(float));
        }
        for (int l = 0; l < frames; l++, done++) {
            size_t at = static_cast<size_t>(done);
            if (loudness) loudness[at] = chain_.loudness[l];
            for (size_t j = 0; mel && j < bands; j++) {
                float v = chain_.mel[static_cast<size_t>(l) * bands + j];
                mel[at * bands + j] = v > 0 ? v : 0;
            }
            const float* code = chain_.coded + static_cast<size_t>(l) * 2 * own;
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
    chain_.use(1);
    const Model& m = *model_;
    size_t z = static_cast<size_t>(m.latents);
    int64_t done = 0;
    while (n > 0) {
        int room = chain_.room();
        int block = n < room ? static_cast<int>(n) : room;
        chain_.push(0, in, block);
        in += block;
        n -= block;
        int frames = chain_.analyse();
        if (!frames) continue;
        chain_.encode(frames);
        chain_.calibrate(frames);
        size_t at = static_cast<size_t>(done), count = static_cast<size_t>(frames);
        layers_.follow(chain_, frames, layers ? layers + at * static_cast<size_t>(m.bands) : nullptr);
        if (latents) std::memcpy(latents + at * z, chain_.latents, count * z * sizeof(float));
        if (loudness) std::memcpy(loudness + at, chain_.loudness, count * sizeof(float));
        done += frames;
    }
    return done;
}

void Stream::decode(const float* latents, const float* loudness, const int8_t* layers, float fine,
                    float colour, int64_t frames, float* mel, float* out) {
    NoDenormals guard;
    chain_.use(1);
    fine = sound(fine, 0, 1, 0);
    colour = sound(colour, 0, 1, 0);
    size_t z = static_cast<size_t>(model_->latents), bands = static_cast<size_t>(model_->bands);
    for (int64_t l = 0; l < frames;) {
        int block = static_cast<int>(frames - l < MOST_FRAMES ? frames - l : MOST_FRAMES);
        for (size_t i = 0; i < static_cast<size_t>(block) * z; i++)
            chain_.latents[i] = sound(latents[static_cast<size_t>(l) * z + i], -LATENT_SPAN, LATENT_SPAN, 0);
        for (int i = 0; i < block; i++)
            chain_.loudness[i] = sound(loudness[l + i], -LOUDNESS_SPAN, LOUDNESS_SPAN, LOUDNESS_FLOOR);
        chain_.shape(chain_.decoders(), chain_.latents, chain_.loudness, block, chain_.mel);
        for (int i = 0; i < block; i++) {
            float* v = chain_.mel + static_cast<size_t>(i) * bands;
            if (layers) {
                layers_.take(layers + static_cast<size_t>(l + i) * bands);
                layers_.add(fine, colour, v);
            }
            chain_.absolute(chain_.loudness[i], v);
        }
        if (mel)
            std::memcpy(mel + static_cast<size_t>(l) * bands, chain_.mel,
                        static_cast<size_t>(block) * bands * sizeof(float));
        float* to = out + l * hop_;
        if (out) chain_.vocode(chain_.mel, block, &to);
        l += block;
    }
}

void Stream::synthesize(const float* mel, int64_t frames, float* out) {
    NoDenormals guard;
    chain_.use(1);
    size_t bands = static_cast<size_t>(model_->bands);
    for (int64_t l = 0; l < frames;) {
        int block = static_cast<int>(frames - l < MOST_FRAMES ? frames - l : MOST_FRAMES);
        for (size_t i = 0; i < static_cast<size_t>(block) * bands; i++)
            chain_.mel[i] = sound(mel[static_cast<size_t>(l) * bands + i], 0, 10, 0);
        float* to = out + l * hop_;
        chain_.vocode(chain_.mel, block, &to);
        l += block;
    }
}

// ---- the latent path as signals

void Stream::encode_signals(const float* in, float* const* signals, int64_t n) {
    NoDenormals guard;
    chain_.use(1);
    const Model& m = *model_;
    for (int64_t i = 0; i < n;) {
        // up to the sample that completes a frame; sample by sample where the rates differ
        int room = chain_.missing();
        int block = host_[0].resamples() ? 1 : static_cast<int>(n - i < room ? n - i : room);
        // read before anything is written: a host may give the same buffer twice
        bool complete = false;
        if (host_[0].resamples()) {
            float x = sound(in[i], -LOUDEST_SAMPLE, LOUDEST_SAMPLE, 0);
            int here = host_[0].in(&x, 1);
            for (int k = 0; k < here; k++) {
                chain_.push(0, host_[0].at_model + k, 1);
                if (chain_.analyse()) {
                    complete = true;
                    chain_.encode(1);
                    chain_.calibrate(1);
                }
            }
        } else {
            chain_.push(0, in + i, block);
            if (chain_.analyse()) {
                complete = true;
                chain_.encode(1);
                chain_.calibrate(1);
            }
        }
        int64_t last = i + block - 1;
        for (int d = 0; d <= m.latents; d++) {
            for (int64_t k = i; k < last; k++) signals[d][k] = held_[d];
            Fixed held = d < m.latents ? HOLD : HOLD_LOUDNESS;
            if (complete && live_[0].get(held) == 0)
                held_[d] = d < m.latents ? chain_.latents[d] : chain_.loudness[0];
            signals[d][last] = held_[d];
        }
        i += block;
    }
}

void Stream::decode_signals(const float* const* signals, float* out, int64_t n) {
    NoDenormals guard;
    chain_.use(1);
    const Model& m = *model_;
    live_[0].follow(false);
    for (int64_t i = 0; i < n;) {
        int room = hop_ - gathered_;
        int block = host_[0].resamples() ? 1 : static_cast<int>(n - i < room ? n - i : room);
        int here = host_[0].resamples() ? host_[0].due(1) : block;
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
                    chain_.latents[d] = sound(signals[d][last], -LATENT_SPAN, LATENT_SPAN, 0);
                chain_.loudness[0] =
                    sound(signals[m.latents][last], -LOUDNESS_SPAN, LOUDNESS_SPAN, LOUDNESS_FLOOR);
                live_[0].edit(chain_.latents, chain_.loudness, 1);
                chain_.decode(1);
                waiting_ = 1;
            }
            // at most a hop is ever given between two frames, so what is ready stays within its room
            float* to = host_[0].resamples() ? host_[0].at_model : out + i;
            give(&to, made, part);
            made += part;
        }
        if (host_[0].resamples()) host_[0].out(made, out + i, 1);
        i += block;
    }
}

}  // namespace melisma
