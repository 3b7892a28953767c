#include "stream/stream.h"

#include <cmath>
#include <cstdlib>
#include <new>

#include "base/denormals.h"

namespace melisma {

// ---- making

Stream* Stream::make(Model* model, int host_rate, int channels, Reason& reason) {
    if (host_rate == 0) host_rate = model->config.analysis.sample_rate;
    if (host_rate < 8000 || host_rate > 384000) {
        reason.say("a stream runs at 8000 to 384000 Hz, not at %d", host_rate);
        return nullptr;
    }
    if (channels < 1 || channels > MOST_CHANNELS) {
        reason.say("a stream has 1 or 2 channels, not %d", channels);
        return nullptr;
    }
    Stream* stream = static_cast<Stream*>(std::malloc(sizeof(Stream)));
    if (stream) {
        new (stream) Stream();
        stream->model_ = model;
        model->hold();
        stream->host_rate_ = host_rate;
        stream->channels_ = channels;
        stream->hop_ = model->config.analysis.hop;
        Arena measure;
        stream->plan(measure);
        if (stream->memory_.allocate(measure.used())) {
            Arena arena(stream->memory_.base());
            stream->plan(arena);
            for (int c = 0; c < channels; c++) stream->live_[c].begin();
            stream->reset();
            return stream;
        }
        stream->free();
    }
    reason.say("there is not enough memory for a stream");
    return nullptr;
}

void Stream::free() {
    model_->release();
    this->~Stream();
    std::free(static_cast<void*>(this));
}

void Stream::plan(Arena& arena) {
    const Model& m = *model_;
    chain_.plan(arena, m, channels_);
    layers_.plan(arena, m, channels_);
    for (int c = 0; c < channels_; c++) {
        live_[c].plan(arena, m);
        host_[c].plan(arena, m, host_rate_);
        ready_[c] = arena.take<float>(static_cast<size_t>((MOST_FRAMES + 2) * hop_));
    }
    held_ = arena.take<float>(static_cast<size_t>(m.latents) + 1);
    sample_share_ = static_cast<float>(1 - std::exp(-1 / (Live::SMOOTHING * m.config.analysis.sample_rate)));
}

void Stream::reset() {
    NoDenormals guard;
    const Model& m = *model_;
    // not the whole block at once: the resamplers' tables and the parameters' targets stay
    chain_.clear();
    layers_.clear();
    ready_count_ = hop_;
    for (int c = 0; c < channels_; c++) {
        host_[c].clear();
        live_[c].clear();
        if (c) live_[c].jump(live_[0]);
        std::memset(ready_[c], 0, static_cast<size_t>(hop_) * sizeof(float));
        feedback_[c].reset(m.config.analysis.sample_rate);
        feedback_[c].tune(live_[c][FEEDBACK_FREQUENCY].value, live_[c][FEEDBACK_Q].value);
    }
    std::memset(held_, 0, static_cast<size_t>(m.latents) * sizeof(float));
    held_[m.latents] = LOUDNESS_FLOOR;
    gathered_ = waiting_ = newest_ = 0;
    frames_ = 0;
}

void Stream::follow() {
    live_[0].follow(false);
    for (int c = 1; c < channels_; c++) live_[c].follow(live_[0]);
}

// ---- the chain

// The first sample of a frame's output is given one sample after the frame's last has come: there is a pause
// between the two only where a host's block ends with the frame. There the vocoder waits for the next call,
// so that small blocks share the work of a frame: 64 samples at a time, one call encodes and decodes, and the
// next one synthesizes.
void Stream::settle() {
    if (waiting_) {
        float* to[MOST_CHANNELS];
        for (int c = 0; c < channels_; c++) to[c] = ready_[c] + ready_count_;
        chain_.vocode(chain_.mel, true, waiting_, to);
    }
    ready_count_ += waiting_ * hop_;
    waiting_ = 0;
}

void Stream::give(float* const* out, int64_t from, int n) {
    if (ready_count_ < n) settle();
    ready_count_ -= n;
    for (int c = 0; c < chain_.channels(); c++) {
        std::memcpy(out[c] + from, ready_[c], static_cast<size_t>(n) * sizeof(float));
        std::memmove(ready_[c], ready_[c] + n, static_cast<size_t>(ready_count_) * sizeof(float));
    }
}

int Stream::take(int c, const float* in, int n) {
    Live& live = live_[c];
    Smooth& gain = live[FEEDBACK];
    if (gain.is(0)) {
        int block = n < chain_.capacity(c) ? n : chain_.capacity(c);
        chain_.push(c, in, block);
        return block;
    }
    // up to the next frame the output is there already: so each sample of it can come back in time
    int missing = chain_.missing(c), block = n < missing ? n : missing;
    for (int i = 0; i < block; i++) {
        float amount = gain.advance(sample_share_);
        float back = feedback_[c].step(ready_[c][i], amount) + feedback_[c].hiss(amount);
        float x = in[i];
        x = (x - x == 0 ? x : 0) + back;
        chain_.push(c, &x, 1);
    }
    if (block == missing) {
        live[FEEDBACK_FREQUENCY].advance(live.frame_share());
        live[FEEDBACK_Q].advance(live.frame_share());
        feedback_[c].tune(live[FEEDBACK_FREQUENCY].value, live[FEEDBACK_Q].value);
    }
    return block;
}

void Stream::run(const float* const* in, float* const* out, int n) {
    follow();
    for (int at = 0; at < n;) {
        settle();
        int block = 0;
        for (int c = 0; c < chain_.channels(); c++) block = take(c, in[c] + at, n - at);  // as many of each
        waiting_ = chain_.analyse();
        if (waiting_) {
            chain_.encode(waiting_);
            chain_.calibrate(waiting_);
            layers_.pass(chain_, live_, waiting_);
            newest_ = waiting_ - 1;
            frames_ += waiting_;
        }
        give(out, at, block);
        at += block;
    }
}

void Stream::process(int channels, const float* const* in, float* const* out, int64_t n) {
    NoDenormals guard;
#ifdef MELISMA_SABOTAGE  // what the test of real-time safety must find
    void* volatile sabotage = std::malloc(1);
    std::free(sabotage);
#endif
    chain_.use(channels);
    for (int64_t at = 0; at < n;) {
        int block = static_cast<int>(n - at < Host::BLOCK ? n - at : Host::BLOCK), here = block;
        const float* from[MOST_CHANNELS] = {};
        float* to[MOST_CHANNELS] = {};
        // in may be out, and of another channel: what is heard and what the dry path needs is put aside first
        for (int c = 0; c < channels; c++) {
            float* heard = host_[c].sound;
            for (int i = 0; i < block; i++)
                heard[i] = bounded(in[c][at + i], -LOUDEST_SAMPLE, LOUDEST_SAMPLE, 0);
            from[c] = heard;
            to[c] = out[c] + at;
            if (!host_[c].resamples()) continue;
            here = host_[c].in(heard, block);
            from[c] = to[c] = host_[c].at_model;
        }
        run(from, to, here);
        live_[0].aim(MIX);
        for (int c = 0; c < channels; c++) {
            Smooth& mix = live_[c][MIX];
            mix.target = live_[0][MIX].target;
            if (host_[c].resamples()) host_[c].out(here, out[c] + at, block);
            host_[c].mix(host_[c].sound, out[c] + at, block, mix);
        }
        at += block;
    }
}

int64_t Stream::last_frame(float* latents, float* loudness, float* mel) const {
    const size_t z = static_cast<size_t>(model_->latents), bands = static_cast<size_t>(model_->bands),
                 at = static_cast<size_t>(newest_);
    if (frames_ && latents) std::memcpy(latents, chain_.latents + at * z, z * sizeof(float));
    if (frames_ && loudness) *loudness = chain_.loudness[at];
    if (frames_ && mel) std::memcpy(mel, chain_.mel + at * bands, bands * sizeof(float));
    return frames_;
}

}  // namespace melisma
