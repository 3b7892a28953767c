#include "stream/layers.h"

#include <cmath>

namespace melisma {

void Layers::plan(Arena& arena, const Model& m, int channels) {
    size_t frames = MOST_FRAMES * static_cast<size_t>(channels), bands = static_cast<size_t>(m.bands);
    model_ = &m;
    planned_ = channels;
    for (int c = 0; c < channels; c++) {
        m.residual.plan(arena, residual_[c]);
        m.decoder.plan(arena, decoder_[c], 2 * channels);
    }
    mel_ = arena.take<float>(frames * bands);
    decoded_ = arena.take<float>(2 * frames * bands);
    latents_ = arena.take<float>(2 * frames * static_cast<size_t>(m.latents));
    loudness_ = arena.take<float>(2 * frames);
}

void Layers::clear() {
    for (int c = 0; c < planned_; c++) {
        model_->decoder.clear(decoder_[c]);
        model_->residual.clear(residual_[c]);
    }
    beside_ = false;
    apart_ = 0;
}

// While the edited latents differ from those before, both are decoded, through the same products: so weights
// are read once.
void Layers::pass(Chain& chain, Live* live, int frames) {
    const Model& m = *model_;
    int channels = chain.channels(), rows = channels * frames;
    auto edit = [&] {
        for (int c = 0; c < channels; c++)
            live[c].edit(chain.latents + c * frames * m.latents, chain.loudness + c * frames, frames, true);
    };
    // what is turned is turned for all channels
    if (live[0].bare()) {
        edit();
        chain.decode(frames);
        for (int l = 0; l < frames; l++) chain.follow[l] = 0;
        beside_ = false;
        return;
    }
    size_t n = static_cast<size_t>(rows), z = static_cast<size_t>(m.latents),
           bands = static_cast<size_t>(m.bands);
    if (!beside_) {
        // from here on the two decoders stand alike: what was edited just before is still within the reach of
        // both
        beside_ = true;
        apart_ = 0;
        for (int c = 0; c < channels; c++) m.residual.clear(residual_[c]);
    }
    std::memcpy(mel_, chain.mel, n * bands * sizeof(float));
    std::memcpy(latents_, chain.latents, n * z * sizeof(float));
    std::memcpy(loudness_, chain.loudness, n * sizeof(float));
    edit();
    bool same = std::memcmp(latents_, chain.latents, n * z * sizeof(float)) == 0 &&
                std::memcmp(loudness_, chain.loudness, n * sizeof(float)) == 0;
    const float* decoded = chain.mel;
    if (same && apart_ == 0) {
        chain.shape(chain.decoders(), channels, chain.latents, chain.loudness, frames, chain.mel);
    } else {
        Network::State both[MOST_STATES];
        for (int c = 0; c < channels; c++) {
            if (apart_ == 0) m.decoder.copy(chain.decoders()[c], decoder_[c]);
            both[c] = decoder_[c];
            both[channels + c] = chain.decoders()[c];
        }
        apart_ = same ? (apart_ > frames ? apart_ - frames : 0) : m.decoder.reach();
        std::memcpy(latents_ + n * z, chain.latents, n * z * sizeof(float));
        std::memcpy(loudness_ + n, chain.loudness, n * sizeof(float));
        chain.shape(both, 2 * channels, latents_, loudness_, frames, decoded_);
        std::memcpy(chain.mel, decoded_ + n * bands, n * bands * sizeof(float));
        decoded = decoded_;
    }
    follow_phases(chain, loudness_, live[0].phases, live[0].matched, frames);
    for (int row = 0; row < rows; row++) {
        int c = row / frames, l = row % frames;
        size_t at = static_cast<size_t>(row) * bands;
        float fine = live[c].fine[l], colour = live[c].colour[l];
        m.residual.follow(residual_[c], mel_ + at, loudness_[row], decoded + at);
        float kept = live[c].kept[l];
        if (kept > 0 && decoded != chain.mel) m.residual.keep(kept, decoded + at, chain.mel + at);
        add(fine, colour, chain.mel + at, c);
        chain.absolute(chain.loudness[row], chain.mel + at);
        // another call may bring the rest of these frames: once both are down, nothing is followed
        if (fine == 0 && colour == 0 && live[c].bare_later()) beside_ = false;
    }
}

// All the way, unless a frame is so much louder than it was that its phases are the input's noise's, as where
// a level is held while the input is silent.
void Layers::follow_phases(Chain& chain, const float* heard, const float* amounts, const float* matched,
                           int frames) {
    for (int l = 0; l < frames; l++) {
        float most = -1000;
        for (int row = l; row < chain.channels() * frames; row += frames) {
            float lifted = chain.loudness[row] - heard[row];
            most = lifted > most ? lifted : most;
        }
        float share = (LIFTED_MOST - most) / (LIFTED_MOST - LIFTED_LEAST);
        share = share < 1 ? share : 1;
        chain.follow[l] = amounts[l] * (share > 0 ? share : 0);
        chain.low[l] = chain.follow[l] * matched[l];
        chain.louder[l] = std::pow(10.0f, most / 20);
    }
}

void Layers::follow(Chain& chain, int frames, int8_t* steps) {
    const Model& m = *model_;
    size_t bands = static_cast<size_t>(m.bands);
    chain.shape(chain.decoders(), chain.channels(), chain.latents, chain.loudness, frames, decoded_);
    for (size_t l = 0; l < static_cast<size_t>(frames); l++) {
        m.residual.follow(residual_[0], chain.mel + l * bands, chain.loudness[l], decoded_ + l * bands);
        if (steps) std::memcpy(steps + l * bands, residual_[0].steps, bands);
    }
}

void Layers::before(Chain& chain, int frames) {
    chain.shape(decoder_, chain.channels(), chain.latents, chain.loudness, frames, decoded_);
}

void Layers::keep(Chain& chain, int frames, int8_t* steps) {
    size_t bands = static_cast<size_t>(model_->bands);
    chain.shape(chain.decoders(), chain.channels(), chain.latents, chain.loudness, frames, chain.mel);
    for (size_t l = 0; l < static_cast<size_t>(frames); l++)
        model_->residual.keep(decoded_ + l * bands, chain.mel + l * bands, steps + l * bands);
}

void Layers::add(float fine, float colour, float* mel, int channel) const {
    if (fine == 0 && colour == 0) return;
    model_->residual.add(residual_[channel], fine, colour, mel);
    model_->kernels->level(model_->analysis.log_weights(), model_->bands, mel);
}

}  // namespace melisma
