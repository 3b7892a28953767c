// The latent path as arrays, for hosts that keep it in their own hands. All of it is of a stream's first
// channel.
#include "base/denormals.h"
#include "stream/stream.h"

namespace melisma {

constexpr float LOG_VARIANCE_LEAST = -9, LOG_VARIANCE_MOST = 3;

int64_t Stream::read(const float* in, int64_t n, const Parts& to) {
    NoDenormals guard;
    chain_.use(1);
    const Model& m = *model_;
    int64_t done = 0;
    size_t dimensions = static_cast<size_t>(m.config.vae.latents), bands = static_cast<size_t>(m.bands),
           z = static_cast<size_t>(m.latents);
    while (n > 0) {
        int capacity = chain_.capacity();
        int block = n < capacity ? static_cast<int>(n) : capacity;
        chain_.push(0, in, block);
        in += block;
        n -= block;
        int frames = chain_.analyse();
        if (!frames) continue;
        size_t at = static_cast<size_t>(done), count = static_cast<size_t>(frames);
        done += frames;
        if (to.mean || to.log_variance || to.latents || to.residual) chain_.encode(frames);
        if (to.latents || to.residual) chain_.calibrate(frames);
        if (to.residual) layers_.follow(chain_, frames, to.layers ? to.layers + at * bands : nullptr);
        if (to.latents) std::memcpy(to.latents + at * z, chain_.latents, count * z * sizeof(float));
        if (to.loudness) std::memcpy(to.loudness + at, chain_.loudness, count * sizeof(float));
        for (size_t i = 0; to.mel && i < count * bands; i++)
            to.mel[at * bands + i] = chain_.mel[i] > 0 ? chain_.mel[i] : 0;
        for (size_t l = 0; l < count; l++) {
            const float* code = chain_.coded + l * 2 * dimensions;
            for (size_t d = 0; to.mean && d < dimensions; d++) to.mean[(at + l) * dimensions + d] = code[d];
            for (size_t d = 0; to.log_variance && d < dimensions; d++) {
                float v = code[dimensions + d];
                v = v < LOG_VARIANCE_LEAST ? LOG_VARIANCE_LEAST : v;
                to.log_variance[(at + l) * dimensions + d] = v > LOG_VARIANCE_MOST ? LOG_VARIANCE_MOST : v;
            }
        }
    }
    return done;
}

void Stream::bring(const float* latents, const float* loudness, int64_t from, int frames, int channel) {
    const float* z = latents + from * model_->latents;
    float *to = chain_.latents + channel * frames * model_->latents,
          *level = chain_.loudness + channel * frames;
    for (int i = 0; i < frames * model_->latents; i++) to[i] = bounded(z[i], -LATENT_SPAN, LATENT_SPAN, 0);
    for (int i = 0; i < frames; i++)
        level[i] = bounded(loudness[from + i], -LOUDNESS_SPAN, LOUDNESS_SPAN, LOUDNESS_FLOOR);
}

void Stream::keep_layers(const float* latents, const float* loudness, const float* moved,
                         const float* loudness_moved, int64_t frames, int8_t* layers) {
    NoDenormals guard;
    chain_.use(1);
    for (int64_t l = 0; l < frames;) {
        int block = static_cast<int>(frames - l < MOST_FRAMES ? frames - l : MOST_FRAMES);
        bring(latents, loudness, l, block);
        layers_.before(chain_, block);
        bring(moved, loudness_moved, l, block);
        layers_.keep(chain_, block, layers + l * model_->bands);
        l += block;
    }
}

void Stream::decode(const float* latents, const float* loudness, const int8_t* layers, float fine,
                    float colour, int64_t frames, float* mel, float* out) {
    NoDenormals guard;
    chain_.use(1);
    fine = bounded(fine, 0, 1, 0);
    colour = bounded(colour, 0, 1, 0);
    size_t bands = static_cast<size_t>(model_->bands);
    for (int64_t l = 0; l < frames;) {
        int block = static_cast<int>(frames - l < MOST_FRAMES ? frames - l : MOST_FRAMES);
        bring(latents, loudness, l, block);
        chain_.shape(chain_.decoders(), chain_.channels(), chain_.latents, chain_.loudness, block,
                     chain_.mel);
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
        if (out) chain_.vocode(chain_.mel, false, block, &to);
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
            chain_.mel[i] = bounded(mel[static_cast<size_t>(l) * bands + i], 0, 10, 0);
        float* to = out + l * hop_;
        chain_.vocode(chain_.mel, false, block, &to);
        l += block;
    }
}

void Stream::decode(const float* const* latents, const float* const* loudness, const int8_t* const* layers,
                    float fine, float colour, const float* const* heard, const float* phases, float matched,
                    int64_t frames, float* const* out) {
    NoDenormals guard;
    chain_.use(channels_);
    fine = bounded(fine, 0, 1, 0);
    colour = bounded(colour, 0, 1, 0);
    float lows[MOST_FRAMES];
    for (float& low : lows) low = bounded(matched, 0, 1, 0);
    size_t bands = static_cast<size_t>(model_->bands);
    float before[MOST_CHANNELS * MOST_FRAMES];
    for (int64_t l = 0; l < frames;) {
        int block = static_cast<int>(frames - l < MOST_FRAMES ? frames - l : MOST_FRAMES);
        float* to[MOST_CHANNELS];
        if (heard) {
            for (int c = 0; c < channels_; c++) chain_.push(c, heard[c] + l * hop_, block * hop_);
            chain_.analyse();
            std::memcpy(before, chain_.loudness, static_cast<size_t>(channels_ * block) * sizeof(float));
        }
        for (int c = 0; c < channels_; c++) {
            bring(latents[c], loudness[c], l, block, c);
            to[c] = out[c] + l * hop_;
        }
        chain_.shape(chain_.decoders(), chain_.channels(), chain_.latents, chain_.loudness, block,
                     chain_.mel);
        for (int row = 0; row < channels_ * block; row++) {
            int c = row / block, i = row % block;
            float* v = chain_.mel + static_cast<size_t>(row) * bands;
            if (layers && layers[c]) {
                layers_.take(layers[c] + static_cast<size_t>(l + i) * bands, c);
                layers_.add(fine, colour, v, c);
            }
            chain_.absolute(chain_.loudness[row], v);
        }
        float amounts[MOST_FRAMES];
        for (int i = 0; i < block; i++) amounts[i] = phases ? bounded(phases[l + i], 0, 1, 0) : 0;
        if (heard) Layers::follow_phases(chain_, before, amounts, lows, block);
        chain_.vocode(chain_.mel, heard != nullptr, block, to);
        l += block;
    }
}

}  // namespace melisma
