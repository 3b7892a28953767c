// A model's steps, on the few frames (at most MOST_FRAMES) that lie in its rooms at once, with what each
// needs of the past.
#pragma once

#include "dsp/ceiling.h"
#include "stream/model.h"

namespace melisma {

class Chain {
  public:
    // rooms, frame by frame
    float *mel = nullptr, *loudness = nullptr, *latents = nullptr;
    float* coded = nullptr;  // 2 Z' numbers a frame: means, log-variances

    void plan(Arena& arena, const Model& model);
    void clear();

    int room() const { return model_->analysis.room(analysis_); }  // samples that `push` takes
    int missing() const {
        return model_->config.analysis.hop - analysis_.filled;
    }  // samples until the next frame
    void push(const float* x, int n) { model_->analysis.push(analysis_, x, n); }
    int analyse() { return model_->analysis.pull(*model_->kernels, analysis_, mel, loudness); }  // → frames

    void encode(int frames);     // mel, loudness → coded
    void calibrate(int frames);  // coded → latents
    void decode(int frames);     // latents, loudness → mel, in its two parts:
    // latents, loudness → relative mels, by a decoder that stands there
    void shape(const Network::State& decoder, const float* latents, const float* loudness, int frames,
               float* mel);
    void absolute(float loudness, float* mel) const;  // one frame's
    const Network::State& decoder() const { return decoder_; }
    void vocode(const float* mel, int frames, float* out);  // mel ≥ 0; never beyond the ceiling

  private:
    const Model* model_ = nullptr;
    Analysis::State analysis_ = {};
    Network::State encoder_ = {}, decoder_ = {};
    void* voice_ = nullptr;  // the vocoder's state
    float* own_ = nullptr;
    Ceiling ceiling_;
};

}  // namespace melisma
