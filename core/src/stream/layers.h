// What the latents leave out of a sound, beside the chain: followed against what the latents decode to before
// they are edited, and given back as far as the layers `fine` and `colour` are turned up.
#pragma once

#include "stream/chain.h"
#include "stream/live.h"

namespace melisma {

// dB by which a sound may be lifted before its phases are none any more, and where that begins
constexpr float LIFTED_LEAST = 30, LIFTED_MOST = 50;

class Layers {
  public:
    void plan(Arena& arena, const Model& model, int channels);
    void clear();

    // Frames whose latents are known in the chain's buffers are edited and decoded there, the layers with
    // them.
    void pass(Chain& chain, Live* live, int frames);  // live: one a channel

    // For hosts that hold the path, of the first channel: one frame's steps known, and taken.
    void follow(Chain& chain, int frames,
                int8_t* steps);  // of the frames in the chain's buffers; steps may be null
    void take(const int8_t* steps, int channel = 0) { model_->residual.take(residual_[channel], steps); }
    // How far the frames in the chain's buffers take the phases of the sound last analysed: amounts (frames)
    // as far as they are its own. heard (channels · frames): the loudness before
    static void follow_phases(Chain& chain, const float* heard, const float* amounts, const float* matched,
                              int frames);
    // Of frames that were moved: first as they were in the chain's buffers, then as they are now. steps
    // (frames, bands) change so that their fine structure stays as it was.
    void before(Chain& chain, int frames);
    void keep(Chain& chain, int frames, int8_t* steps);
    // onto a relative mel, which keeps the level that it has
    void add(float fine, float colour, float* mel, int channel = 0) const;

  private:
    const Model* model_ = nullptr;
    int planned_ = 1;
    Residual::State residual_[MOST_CHANNELS] = {};
    Network::State decoder_[MOST_CHANNELS] = {};
    float* mel_ = nullptr;  // of the frames before they are edited
    // of the frames before, and then as they are edited
    float *decoded_ = nullptr, *latents_ = nullptr, *loudness_ = nullptr;
    bool beside_ = false;  // the layers are being followed
    int apart_ = 0;        // frames for which the two decoders will not have stood alike yet
};

}  // namespace melisma
