// Between the encoder's own dimensions and the latents that a musician has
// (src/melisma/training/reference.py).
#pragma once

#include "nn/layers.h"

namespace melisma {

class Calibration {
  public:
    void load(const Loader& from) {
        mean_ = from.vector("calibration", ".mean");
        to_latents_ = from.matrix_without_bias("calibration.forth");
        to_means_ = from.matrix_without_bias("calibration.back");
        to_means_.bias = mean_;
        dimensions_ = from.file.config.vae.latents;
    }

    // means (frames, Z', every 2 Z' numbers) → latents (frames, Z); work: frames · Z'
    void to_latents(const Kernels& kernels, const float* means, int frames, float* work,
                    float* latents) const {
        for (int l = 0; l < frames; l++)
            for (int d = 0; d < dimensions_; d++)
                work[l * dimensions_ + d] = means[l * 2 * dimensions_ + d] - mean_[d];
        kernels.multiply(to_latents_, work, 0, frames, {nullptr, nullptr}, latents);
    }

    // latents (frames, Z) → (frames, Z')
    void to_means(const Kernels& kernels, const float* latents, int frames, float* means) const {
        kernels.multiply(to_means_, latents, 0, frames, {nullptr, nullptr}, means);
    }

  private:
    int dimensions_ = 0;
    const float* mean_ = nullptr;
    Matrix to_latents_ = {}, to_means_ = {};
};

}  // namespace melisma
