// One reading of a model: everything that changes from sample to sample.
#pragma once

#include "dsp/feedback.h"
#include "stream/chain.h"
#include "stream/host.h"
#include "stream/layers.h"
#include "stream/live.h"

namespace melisma {

// A number from a host, within bounds; `otherwise` for NaN and infinities.
inline float bounded(float x, float minimum, float maximum, float otherwise) {
    if (!(x - x == 0)) return otherwise;
    return x < minimum ? minimum : x > maximum ? maximum : x;
}

constexpr float LOUDNESS_SPAN = 200;  // dB: levels from a host are believed within ±
constexpr float LATENT_SPAN = 1000;

// Where what is known of the frames is written, frame by frame; null for what is not wanted.
struct Parts {
    float *mel = nullptr, *loudness = nullptr, *mean = nullptr, *log_variance = nullptr, *latents = nullptr;
    bool residual = false;     // is followed, which takes the decoder
    int8_t* layers = nullptr;  // its steps (frames, bands)
};

class Stream {
  public:
    static Stream* make(Model* model, int host_rate, int channels, Reason& reason);
    void free();

    void reset();
    int latency() const { return host_[0].latency(); }
    int channels() const { return channels_; }
    int latents() const { return model_->latents; }
    const Declarations& declarations() const { return model_->parameters; }
    void set(int index, float value) { live_[0].set(index, value); }
    float get(int index) const { return live_[0].get(index); }

    // The first channel alone, as in all below.
    void process(const float* in, float* out, int64_t n) { process(1, &in, &out, n); }
    void process(const float* const* in, float* const* out, int64_t n) { process(channels_, in, out, n); }
    int64_t last_frame(float* latents, float* loudness, float* mel) const;  // → frames so far
    int64_t read(const float* in, int64_t n, const Parts& to);  // → frames that the samples complete
    // layers (frames, bands) or null
    void decode(const float* latents, const float* loudness, const int8_t* layers, float fine, float colour,
                int64_t frames, float* mel, float* out);
    // of all channels; heard: the sounds that they came from, phases: how far theirs are taken (frames)
    void decode(const float* const* latents, const float* const* loudness, const int8_t* const* layers,
                float fine, float colour, const float* const* heard, const float* phases, float matched,
                int64_t frames, float* const* out);
    // layers (frames, bands) of frames that were moved, so that their fine structure stays as it was
    void keep_layers(const float* latents, const float* loudness, const float* moved,
                     const float* loudness_moved, int64_t frames, int8_t* layers);
    void synthesize(const float* mel, int64_t frames, float* out);
    void encode_signals(const float* in, float* const* signals, int64_t n);
    void decode_signals(const float* const* signals, float* out, int64_t n);

  private:
    Stream() = default;
    ~Stream() = default;
    void plan(Arena& arena);

    void process(int channels, const float* const* in, float* const* out, int64_t n);
    void follow();  // the parameters' targets
    // a host's frames into the chain's buffers
    void bring(const float* latents, const float* loudness, int64_t from, int frames, int channel = 0);
    // at the model's rate; of each channel in use; out may be in
    void run(const float* const* in, float* const* out, int n);
    int take(int channel, const float* in, int n);  // → how many of them; with what the feedback adds
    void settle();                                  // the frames decoded that still wait for the vocoder
    // n of the samples that are ready, or become so, at out[channel] + from
    void give(float* const* out, int64_t from, int n);

    Model* model_ = nullptr;
    Block memory_;
    int host_rate_ = 0, hop_ = 0, channels_ = 1;

    // of each channel, where there is no common one; parameters are set in the first's
    Host host_[MOST_CHANNELS];
    Chain chain_;
    Live live_[MOST_CHANNELS];
    Layers layers_;
    Feedback feedback_[MOST_CHANNELS];
    float sample_share_ = 1;  // of a parameter's way, in a sample

    float* ready_[MOST_CHANNELS] = {};  // samples made and not yet given
    int ready_count_ = 0;
    int waiting_ = 0;        // frames decoded and not yet vocoded
    int newest_ = 0;         // of the frames in the chain's buffers, the last
    int64_t frames_ = 0;     // decoded by `process` so far
    float* held_ = nullptr;  // encode_signals: the values that the signals have now
    int gathered_ = 0;       // decode_signals: samples since the last frame
};

}  // namespace melisma
