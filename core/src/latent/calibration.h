// Between the encoder's own dimensions and the latents that a musician has
// (src/melisma/training/calibration.py).
#pragma once

#include "nn/layers.h"

namespace melisma {

class Calibration {
  public:
    void load(const Loader& from) {
        mean_ = from.vector("calibration", ".mean");
        forth_ = from.matrix_without_bias("calibration.forth");
        back_ = from.matrix_without_bias("calibration.back");
        back_.bias = mean_;
        own_ = from.file.config.vae.latents;
    }

    // means (frames, Z', every 2 Z' numbers) → latents (frames, Z); work: frames · Z'
    void forth(const Kernels& kernels, const float* means, int frames, float* work, float* latents) const {
        for (int l = 0; l < frames; l++)
            for (int d = 0; d < own_; d++) work[l * own_ + d] = means[l * 2 * own_ + d] - mean_[d];
        kernels.multiply(forth_, work, 0, frames, {nullptr, nullptr}, latents);
    }

    // latents (frames, Z) → (frames, Z')
    void back(const Kernels& kernels, const float* latents, int frames, float* own) const {
        kernels.multiply(back_, latents, 0, frames, {nullptr, nullptr}, own);
    }

  private:
    int own_ = 0;
    const float* mean_ = nullptr;
    Matrix forth_ = {}, back_ = {};
};

}  // namespace melisma
