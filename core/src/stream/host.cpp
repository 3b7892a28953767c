#include "stream/host.h"

#include <cmath>

#include "stream/live.h"

namespace melisma {

void Host::plan(Arena& arena, const Model& model, int rate) {
    int model_rate = model.config.analysis.sample_rate;
    kernels_ = model.kernels;
    resamples_ = rate != model_rate;
    latency_ = model.latency();
    most_ = BLOCK;
    if (resamples_) {
        // A model sample is due when the last host sample that it reads has come; a host sample needs model
        // samples ahead of its own place. The least latency that always has them, for any block size, rounded
        // up to a whole host sample:
        int64_t wide = rate, narrow = model_rate;
        int64_t needed =
            (static_cast<int64_t>(model.latency()) + Resampler::reach(model_rate, rate) + 1) * wide +
            static_cast<int64_t>(Resampler::reach(rate, model_rate) - 1) * narrow;
        latency_ = static_cast<int>((needed + narrow - 1) / narrow);
        most_ = static_cast<int>(BLOCK * narrow / wide + 2);
        in_.plan(arena, rate, model_rate, 0, BLOCK);
        out_.plan(arena, model_rate, rate,
                  (latency_ * narrow - model.latency() * wide) / Resampler::gcd(rate, model_rate), most_);
        at_model = arena.take<float>(static_cast<size_t>(most_) + 16);
    }
    sound = arena.take<float>(BLOCK);
    dry_ = arena.take<float>(static_cast<size_t>(latency_) + 1);
    share_ = static_cast<float>(1 - std::exp(-1 / (Live::SMOOTHING * rate)));
}

void Host::clear() {
    if (resamples_) {
        in_.reset();
        out_.reset();
    }
    std::memset(dry_, 0, static_cast<size_t>(latency_ + 1) * sizeof(float));
    dry_at_ = 0;
}

void Host::mix(const float* x, float* y, int n, Smooth& amount) {
    bool wet = amount.is(1);
    for (int i = 0; i < n; i++) {
        float now = dry_[dry_at_];
        dry_[dry_at_] = x[i];
        if (++dry_at_ >= latency_) dry_at_ = 0;
        if (!wet) {
            float share = amount.advance(share_);
            y[i] = share * y[i] + (1 - share) * now;
        }
    }
}

}  // namespace melisma
