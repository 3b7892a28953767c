#include "stream/stream.h"

#include <cmath>
#include <cstdlib>
#include <new>

#include "base/denormals.h"

namespace melisma {

// ---- making

Stream* Stream::make(Model* model, int host_rate, Reason& reason) {
    if (host_rate == 0) host_rate = model->config.analysis.sample_rate;
    if (host_rate < 8000 || host_rate > 384000) {
        reason.say("a stream runs at 8000 to 384000 Hz, not at %d", host_rate);
        return nullptr;
    }
    Stream* stream = static_cast<Stream*>(std::malloc(sizeof(Stream)));
    if (stream) {
        new (stream) Stream();
        stream->model_ = model;
        model->hold();
        stream->host_rate_ = host_rate;
        stream->hop_ = model->config.analysis.hop;
        Arena measure;
        stream->plan(measure);
        if (stream->memory_.allocate(measure.used())) {
            Arena arena(stream->memory_.base());
            stream->plan(arena);
            stream->live_.begin();
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
    live_.plan(arena, m);
    chain_.plan(arena, m);
    layers_.plan(arena, m);
    host_.plan(arena, m, host_rate_);
    ready_ = arena.take<float>(static_cast<size_t>((MOST_FRAMES + 2) * hop_));
    held_ = arena.take<float>(static_cast<size_t>(m.latents) + 1);
    sample_share_ = static_cast<float>(1 - std::exp(-1 / (Live::SMOOTHING * m.config.analysis.sample_rate)));
}

void Stream::reset() {
    NoDenormals guard;
    const Model& m = *model_;
    // not the whole block at once: the resamplers' tables and the parameters' targets stay
    chain_.clear();
    layers_.clear();
    host_.clear();
    live_.clear();
    ready_count_ = hop_;
    std::memset(ready_, 0, static_cast<size_t>(hop_) * sizeof(float));
    std::memset(held_, 0, static_cast<size_t>(m.latents) * sizeof(float));
    held_[m.latents] = LOUDNESS_FLOOR;
    gathered_ = waiting_ = newest_ = 0;
    frames_ = 0;
    feedback_.reset(m.config.analysis.sample_rate);
    feedback_.tune(live_[FEEDBACK_FREQUENCY].value, live_[FEEDBACK_Q].value);
}

// ---- the chain

// The first sample of a frame's output is given one sample after the frame's last has come: there is a pause
// between the two only where a host's block ends with the frame. There the vocoder waits for the next call,
// so that small blocks share the work of a frame: 64 samples at a time, one call encodes and decodes, and the
// next one synthesizes.
void Stream::settle() {
    if (waiting_) chain_.vocode(chain_.mel, waiting_, ready_ + ready_count_);
    ready_count_ += waiting_ * hop_;
    waiting_ = 0;
}

void Stream::give(float* out, int n) {
    if (ready_count_ < n) settle();
    std::memcpy(out, ready_, static_cast<size_t>(n) * sizeof(float));
    ready_count_ -= n;
    std::memmove(ready_, ready_ + n, static_cast<size_t>(ready_count_) * sizeof(float));
}

int Stream::take(const float* in, int n) {
    Smooth& gain = live_[FEEDBACK];
    if (gain.is(0)) {
        int block = n < chain_.room() ? n : chain_.room();
        chain_.push(in, block);
        return block;
    }
    // up to the next frame the output is there already: so each sample of it can come back in time
    int room = chain_.missing(), block = n < room ? n : room;
    for (int i = 0; i < block; i++) {
        float amount = gain.advance(sample_share_);
        float back = feedback_.step(ready_[i], amount) + feedback_.hiss(amount);
        float x = in[i];
        x = (x - x == 0 ? x : 0) + back;
        chain_.push(&x, 1);
    }
    if (block == room) {
        live_[FEEDBACK_FREQUENCY].advance(live_.frame_share());
        live_[FEEDBACK_Q].advance(live_.frame_share());
        feedback_.tune(live_[FEEDBACK_FREQUENCY].value, live_[FEEDBACK_Q].value);
    }
    return block;
}

void Stream::run(const float* in, float* out, int n) {
    live_.follow(false);
    while (n > 0) {
        settle();
        int block = take(in, n);
        waiting_ = chain_.analyse();
        if (waiting_) {
            chain_.encode(waiting_);
            chain_.calibrate(waiting_);
            layers_.pass(chain_, live_, waiting_);
            newest_ = waiting_ - 1;
            frames_ += waiting_;
        }
        give(out, block);
        in += block;
        out += block;
        n -= block;
    }
}

void Stream::process(const float* in, float* out, int64_t n) {
    NoDenormals guard;
#ifdef MELISMA_SABOTAGE  // what the test of real-time safety must find
    void* volatile sabotage = std::malloc(1);
    std::free(sabotage);
#endif
    for (; n > 0;) {
        int block = static_cast<int>(n < Host::BLOCK ? n : Host::BLOCK);
        // in may be out: what the dry path needs is put aside first
        for (int i = 0; i < block; i++) host_.sound[i] = sound(in[i], -LOUDEST_SAMPLE, LOUDEST_SAMPLE, 0);
        if (host_.resamples()) {
            int here = host_.in(host_.sound, block);
            run(host_.at_model, host_.at_model, here);
            host_.out(here, out, block);
        } else {
            run(host_.sound, out, block);
        }
        live_.aim(MIX);
        host_.mix(host_.sound, out, block, live_[MIX]);
        in += block;
        out += block;
        n -= block;
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
