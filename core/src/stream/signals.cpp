// The latent path as signals, for hosts that patch signals. All of it is of a stream's first channel.
#include "base/denormals.h"
#include "stream/stream.h"

namespace melisma {

void Stream::encode_signals(const float* in, float* const* signals, int64_t n) {
    NoDenormals guard;
    chain_.use(1);
    const Model& m = *model_;
    for (int64_t i = 0; i < n;) {
        // up to the sample that completes a frame; sample by sample where the rates differ
        int missing = chain_.missing();
        int block = host_[0].resamples() ? 1 : static_cast<int>(n - i < missing ? n - i : missing);
        // read before anything is written: a host may give the same buffer twice
        bool complete = false;
        if (host_[0].resamples()) {
            float x = bounded(in[i], -LOUDEST_SAMPLE, LOUDEST_SAMPLE, 0);
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
        int missing = hop_ - gathered_;
        int block = host_[0].resamples() ? 1 : static_cast<int>(n - i < missing ? n - i : missing);
        int here = host_[0].resamples() ? host_[0].due(1) : block;
        int64_t last = i + block - 1;
        int made = 0;
        for (int left = here; left > 0;) {
            settle();
            missing = hop_ - gathered_;
            int part = left < missing ? left : missing;
            gathered_ += part;
            left -= part;
            if (gathered_ == hop_) {
                gathered_ = 0;
                for (int d = 0; d < m.latents; d++)
                    chain_.latents[d] = bounded(signals[d][last], -LATENT_SPAN, LATENT_SPAN, 0);
                chain_.loudness[0] =
                    bounded(signals[m.latents][last], -LOUDNESS_SPAN, LOUDNESS_SPAN, LOUDNESS_FLOOR);
                live_[0].edit(chain_.latents, chain_.loudness, 1, false);
                chain_.decode(1);
                chain_.follow[0] = 0;
                waiting_ = 1;
            }
            // at most a hop is ever given between two frames, so what is ready stays within its buffer
            float* to = host_[0].resamples() ? host_[0].at_model : out + i;
            give(&to, made, part);
            made += part;
        }
        if (host_[0].resamples()) host_[0].out(made, out + i, 1);
        i += block;
    }
}

}  // namespace melisma
