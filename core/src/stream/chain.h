// A model's steps, on the few frames (at most MOST_FRAMES of each channel) that lie in its buffers at once,
// with what each needs of the past.
//
// Channels are as many readings of one model that go in step: the same number of frames at the same time.
// Where both sound, both go through each product of matrices together, so that weights are read once.
#pragma once

#include "dsp/ceiling.h"
#include "stream/model.h"

namespace melisma {

class Chain {
  public:
    // buffers, row by row: the frames of the first channel, then those of the second
    float *mel = nullptr, *loudness = nullptr, *latents = nullptr;
    // (frames): how far the phases are those of the sound last analysed, and what lies below its lowest
    // partial stays low, and how many times louder it is now
    float *follow = nullptr, *low = nullptr, *louder = nullptr;
    float* coded = nullptr;  // 2 Z' numbers a frame: means, log-variances

    void plan(Arena& arena, const Model& model, int channels);
    void clear();
    // How many channels the steps below are for: all, or the first alone. Between two uses, `clear`.
    void use(int channels) { used_ = channels; }
    int channels() const { return used_; }

    int capacity(int channel = 0) const {  // samples that `push` takes
        return model_->analysis.capacity(analysis_[channel]);
    }
    int missing(int channel = 0) const {  // samples until the next frame
        return model_->config.analysis.hop - analysis_[channel].filled;
    }
    void push(int channel, const float* x, int n) { model_->analysis.push(analysis_[channel], x, n); }
    int analyse();  // → frames of each channel

    void encode(int frames);     // mel, loudness → coded
    void calibrate(int frames);  // coded → latents
    void decode(int frames);     // latents, loudness → mel, in its two parts:
    // latents, loudness → relative mels, by so many decoders that stand there, MOST_STATES at most
    void shape(const Network::State* decoders, int many, const float* latents, const float* loudness,
               int frames, float* mel);
    void absolute(float loudness, float* mel) const;  // one frame's
    const Network::State* decoders() const { return decoder_; }
    // mel ≥ 0; never beyond the ceiling; out: of each channel. heard: the frames were analysed last, too, and
    // what that told of phases is taken: between the channels, and as far as `follow`
    void vocode(const float* mel, bool heard, int frames, float* const* out);

  private:
    void compare(int frames);  // spectra → ipd
    void listen(int frames);   // spectra → phases

    const Model* model_ = nullptr;
    int planned_ = 1, used_ = 1;
    Analysis::State analysis_[MOST_CHANNELS] = {};
    Network::State encoder_[MOST_CHANNELS] = {}, decoder_[MOST_CHANNELS] = {};
    void* voices_ = nullptr;  // the vocoder's states
    float* means_ = nullptr;
    float* spectra_[MOST_CHANNELS] = {};        // (frames, 2, bins): real and imaginary parts
    float *phases_ = nullptr, *ipd_ = nullptr;  // see vocoders/vocoder.h
    Ceiling ceiling_[MOST_CHANNELS];
};

}  // namespace melisma
