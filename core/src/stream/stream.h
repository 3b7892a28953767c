// One reading of a model: everything that changes from sample to sample.
#pragma once

#include "dsp/ceiling.h"
#include "dsp/feedback.h"
#include "stream/model.h"
#include "dsp/resampler.h"
#include "dsp/smooth.h"

namespace melisma {

// A number from a host, within bounds; `otherwise` for NaN and infinities.
inline float sound(float x, float least, float most, float otherwise) {
    if (!(x - x == 0)) return otherwise;
    return x < least ? least : x > most ? most : x;
}

class Stream {
  public:
    static Stream* make(Model* model, int host_rate, Reason& reason);
    void free();

    void reset();
    int latency() const { return latency_; }
    int latents() const { return model_->latents; }
    const Declarations& declarations() const { return model_->parameters; }
    void set(int index, float value);
    float get(int index) const { return targets_[index].load(std::memory_order_relaxed); }

    void process(const float* in, float* out, int64_t n);
    // the frames that the samples complete; mel, loudness, mean, log-variance and latents where not null
    int64_t read(const float* in, int64_t n, float* mel, float* loudness, float* mean, float* log_variance,
                 float* latents);
    // and the residual's steps (frames, bands), too
    int64_t read_layers(const float* in, int64_t n, float* latents, float* loudness, int8_t* layers);
    // layers (frames, bands) or null
    void decode(const float* latents, const float* loudness, const int8_t* layers, float fine, float colour, int64_t frames,
                float* mel, float* out);
    void synthesize(const float* mel, int64_t frames, float* out);
    void encode_signals(const float* in, float* const* signals, int64_t n);
    void decode_signals(const float* const* signals, float* out, int64_t n);

  private:
    Stream() = default;
    ~Stream() = default;
    void plan(Arena& arena);

    // parts of the chain, on frames ≤ MOST_FRAMES in the stream's own rooms
    int analyse() { return model_->analysis.pull(*model_->kernels, analysis_, mel_, loudness_); }
    void encode(int frames);                                // mel_, loudness_ → coded_ (frames, 2 Z')
    void calibrate(int frames);                             // coded_ → latents_ (frames, Z)
    void match(float* z, float loudness);                   // one frame's latents
    void edit(int frames);                                  // parameters on latents_ and loudness_
    bool layered() const;                                   // a layer is turned up
    void pass(int frames);                                  // mel_, loudness_ → mel_, edited
    void decode(int frames);                                // latents_, loudness_ → mel_
    // the parts of that: relative mels, a layer on one, and one made absolute
    void shape(const Network::State& decoder, const float* latents, const float* loudness, int frames, float* mel);
    void give_back(float fine, float colour, float* mel) const;
    void absolute(float loudness, float* mel) const;
    void vocode(const float* mel, int frames, float* out);  // mel ≥ 0; never beyond the ceiling
    void follow(bool jump);                                 // parameters' targets

    void chain(const float* in, float* out, int n);  // at the model's rate; out may be in
    void settle();                                   // the frames in mel_ that still wait for the vocoder
    void give(float* out, int n);                    // n of the samples that are ready, or become so
    void mix(const float* dry, float* out, int n);

    Model* model_ = nullptr;
    Block memory_;
    int host_rate_ = 0, latency_ = 0, hop_ = 0;
    bool resamples_ = false;

    Analysis::State analysis_ = {};
    Network::State encoder_ = {}, decoder_ = {};
    // The layers: what is left over, the amounts of each frame, and what is needed of the frames before they are edited
    Residual::State residual_ = {};
    Network::State plain_decoder_ = {};
    float *true_ = nullptr, *plain_ = nullptr, *plain_latents_ = nullptr, *plain_loudness_ = nullptr;
    float *fine_ = nullptr, *colour_ = nullptr;
    bool beside_ = false;  // the layers are being followed
    int apart_ = 0;        // frames for which the two decoders will not have stood alike yet
    PhaseVocoder::State phase_ = {};
    MelganVocoder::State melgan_ = {};
    float *mel_ = nullptr, *loudness_ = nullptr, *coded_ = nullptr, *latents_ = nullptr, *own_ = nullptr;
    float* ready_ = nullptr;  // samples made and not yet given
    int ready_count_ = 0;
    int waiting_ = 0;  // frames decoded into mel_ and not yet vocoded

    Resampler in_, out_;
    float *host_ = nullptr, *model_in_ = nullptr, *dry_ = nullptr;
    int most_in_ = 0, dry_at_ = 0;
    float* held_ = nullptr;  // encode_signals: the values that the signals have now
    int gathered_ = 0;       // decode_signals: samples since the last frame

    std::atomic<float>* targets_ = nullptr;
    Smooth* smooth_ = nullptr;
    float* wander_ = nullptr;  // noise of each latent
    // What "match" takes out, the latents in the model's order `pitch_first`: their mean and covariance lately; its room; and where
    // it moved them in this frame and the two before, if it did
    float *mean_ = nullptr, *covariance_ = nullptr, *factor_ = nullptr, *whitened_ = nullptr, *moved_ = nullptr;
    bool moved_before_ = false;
    float* frozen_ = nullptr;  // the latents, and the loudness, that "freeze" holds
    int64_t frame_ = 0;
    float frame_share_ = 1, sample_share_ = 1, host_share_ = 1;
    Feedback feedback_;
    Ceiling ceiling_;
};

}  // namespace melisma
