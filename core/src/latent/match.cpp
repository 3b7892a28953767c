#include "latent/match.h"

#include <cmath>

namespace melisma {

#include "latent/match.inc"

void Match::plan(Arena& arena, int latents, const int* pitch_first, const uint8_t* timbre) {
    size_t n = static_cast<size_t>(latents);
    latents_ = latents;
    order_ = pitch_first;
    timbre_ = timbre;
    steady_ = arena.take<float>(n);
    mean_ = arena.take<float>(n);
    whitened_ = arena.take<float>(n);
    covariance_ = arena.take<float>(n * n);
    factor_ = arena.take<float>(n * n);
}

void Match::clear() {
    int n = latents_;
    begun_ = false;
    for (int i = 0; i < n; i++) {
        steady_[i] = mean_[i] = 0;  // a first step from elsewhere would round otherwise
        for (int j = 0; j < n; j++) covariance_[i * n + j] = i == j;
    }
}

// Followed whether it is used or not.
void Match::follow(float share) {
    int n = latents_;
    for (int i = 0; i < n; i++) whitened_[i] = steady_[i] - mean_[i];  // how far off it was
    for (int i = 0; i < n; i++) {
        mean_[i] += share * whitened_[i];
        for (int j = 0; j <= i; j++) {
            float& entry = covariance_[i * n + j];
            entry = (1 - share) * (entry + share * whitened_[i] * whitened_[j]);
        }
    }
}

// Cholesky's factor of the shrunk covariance, row by row, and what it solves.
void Match::whiten() {
    const int n = latents_;
    const float least = 1 / (WIDEN * WIDEN);
    for (int i = 0; i < n; i++) {
        float* row = factor_ + i * n;
        float rest = steady_[i] - mean_[i];
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

void Match::step(float* z, float loudness, float amount, float pitch, float seconds, double frame_seconds,
                 bool keep) {
    const int n = latents_;
    const float pole = begun_ ? static_cast<float>(1 - std::exp(-frame_seconds / STEADY)) : 1;
    for (int i = 0; i < n; i++) steady_[i] += pole * (z[order_[i]] - steady_[i]);
    begun_ = true;
    if (loudness > QUIET && !keep)
        follow(static_cast<float>(1 - std::exp(-frame_seconds / static_cast<double>(seconds))));
    if (amount == 0) return;
    whiten();
    for (int i = 0; i < n; i++) {
        float share = timbre_[order_[i]] ? 1 : PITCH + (1 - PITCH) * pitch;
        z[order_[i]] += amount * share * (whitened_[i] - z[order_[i]]);
    }
}

}  // namespace melisma
