#include "stream/layers.h"

namespace melisma {

void Layers::plan(Arena& arena, const Model& m) {
    size_t frames = MOST_FRAMES, bands = static_cast<size_t>(m.bands);
    model_ = &m;
    m.residual.plan(arena, residual_);
    m.decoder.plan(arena, decoder_);
    mel_ = arena.take<float>(frames * bands);
    decoded_ = arena.take<float>(frames * bands);
    latents_ = arena.take<float>(frames * static_cast<size_t>(m.latents));
    loudness_ = arena.take<float>(frames);
}

void Layers::clear() {
    model_->decoder.clear(decoder_);
    model_->residual.clear(residual_);
    beside_ = false;
    apart_ = 0;
}

// While the edited latents differ from those before, the decoder runs twice.
void Layers::pass(Chain& chain, Live& live, int frames) {
    const Model& m = *model_;
    if (live[FINE].is(0) && live[COLOUR].is(0)) {
        live.edit(chain.latents, chain.loudness, frames);
        chain.decode(frames);
        beside_ = false;
        return;
    }
    size_t n = static_cast<size_t>(frames), z = static_cast<size_t>(m.latents),
           bands = static_cast<size_t>(m.bands);
    if (!beside_) {
        // from here on the two decoders stand alike: what was edited just before is still within the reach of
        // both
        beside_ = true;
        apart_ = 0;
        m.residual.clear(residual_);
    }
    std::memcpy(mel_, chain.mel, n * bands * sizeof(float));
    std::memcpy(latents_, chain.latents, n * z * sizeof(float));
    std::memcpy(loudness_, chain.loudness, n * sizeof(float));
    live.edit(chain.latents, chain.loudness, frames);
    bool same = std::memcmp(latents_, chain.latents, n * z * sizeof(float)) == 0 &&
                std::memcmp(loudness_, chain.loudness, n * sizeof(float)) == 0;
    const float* decoded = chain.mel;
    if (!same || apart_ > 0) {
        if (apart_ == 0) m.decoder.copy(chain.decoder(), decoder_);
        apart_ = same ? (apart_ > frames ? apart_ - frames : 0) : m.decoder.reach();
        chain.shape(decoder_, latents_, loudness_, frames, decoded_);
        decoded = decoded_;
    }
    chain.shape(chain.decoder(), chain.latents, chain.loudness, frames, chain.mel);
    for (int l = 0; l < frames; l++) {
        size_t at = static_cast<size_t>(l) * bands;
        float fine = live.fine[l], colour = live.colour[l];
        m.residual.follow(residual_, mel_ + at, loudness_[l], decoded + at);
        add(fine, colour, chain.mel + at);
        chain.absolute(chain.loudness[l], chain.mel + at);
        // another call may bring the rest of these frames: once both are down, nothing is followed
        if (fine == 0 && colour == 0 && live[FINE].target == 0 && live[COLOUR].target == 0) beside_ = false;
    }
}

void Layers::follow(Chain& chain, int frames, int8_t* steps) {
    const Model& m = *model_;
    size_t bands = static_cast<size_t>(m.bands);
    chain.shape(chain.decoder(), chain.latents, chain.loudness, frames, decoded_);
    for (size_t l = 0; l < static_cast<size_t>(frames); l++) {
        m.residual.follow(residual_, chain.mel + l * bands, chain.loudness[l], decoded_ + l * bands);
        if (steps) std::memcpy(steps + l * bands, residual_.steps, bands);
    }
}

void Layers::add(float fine, float colour, float* mel) const {
    if (fine == 0 && colour == 0) return;
    model_->residual.add(residual_, fine, colour, mel);
    model_->kernels->level(model_->analysis.log_weights(), model_->bands, mel);
}

}  // namespace melisma
