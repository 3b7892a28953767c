#include "latent/match.h"

#include <cmath>

namespace melisma {

#include "latent/match.inc"

void Match::plan(Arena& arena, int latents, const int* pitch_first, const uint8_t* timbre) {
    size_t n = static_cast<size_t>(latents);
    latents_ = latents;
    order_ = pitch_first;
    timbre_ = timbre;
    mean_ = arena.take<float>(n);
    whitened_ = arena.take<float>(n);
    moved_ = arena.take<float>(3 * n);
    covariance_ = arena.take<float>(n * n);
    factor_ = arena.take<float>(n * n);
}

void Match::clear() {
    int n = latents_;
    moved_before_ = false;
    for (int i = 0; i < n; i++) {
        mean_[i] = 0;
        for (int j = 0; j < n; j++) covariance_[i * n + j] = i == j;
    }
}

// Followed whether it is used or not.
void Match::follow(const float* z, float share) {
    int n = latents_;
    for (int i = 0; i < n; i++) whitened_[i] = z[order_[i]] - mean_[i];  // how far off it was
    for (int i = 0; i < n; i++) {
        mean_[i] += share * whitened_[i];
        for (int j = 0; j <= i; j++) {
            float& entry = covariance_[i * n + j];
            entry = (1 - share) * (entry + share * whitened_[i] * whitened_[j]);
        }
    }
}

// Cholesky's factor of the shrunk covariance, row by row, and what it solves.
void Match::whiten(const float* z) {
    const int n = latents_;
    const float least = 1 / (WIDEN * WIDEN);
    for (int i = 0; i < n; i++) {
        float* row = factor_ + i * n;
        float rest = z[order_[i]] - mean_[i];
        for (int j = 0; j <= i; j++) {
            const float* other = factor_ + j * n;
            float sum = (1 - least) * covariance_[i * n + j] + (i == j ? least : 0);
            for (int k = 0; k < j; k++) sum -= row[k] * other[k];
            row[j] = i == j ? std::sqrt(sum > least ? sum : least) : sum / other[j];
            if (j < i) rest -= row[j] * whitened_[j];
        }
        whitened_[i] = rest / row[i];
    }
}

void Match::step(float* z, float loudness, float amount, float seconds, double frame_seconds, bool keep) {
    if (loudness > QUIET && !keep)
        follow(z, static_cast<float>(1 - std::exp(-frame_seconds / static_cast<double>(seconds))));
    if (amount == 0) {
        moved_before_ = false;
        return;
    }
    whiten(z);
    const int n = latents_;
    float *now = moved_, *before = moved_ + n, *earlier = moved_ + 2 * n;
    for (int i = 0; i < n; i++) {
        int d = order_[i];
        now[i] = z[d] + (timbre_[d] ? 1 : PITCH) * (whitened_[i] - z[d]);
        if (!moved_before_) before[i] = earlier[i] = now[i];
        z[d] += amount * ((now[i] + 2 * before[i] + earlier[i]) / 4 - z[d]);
        earlier[i] = before[i];
        before[i] = now[i];
    }
    moved_before_ = true;
}

}  // namespace melisma
