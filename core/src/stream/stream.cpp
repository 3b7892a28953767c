#include "stream/stream.h"

#include <cmath>
#include <cstdlib>
#include <new>

#include "base/denormals.h"

namespace melisma {

// Host samples handled at once, larger blocks are cut: as many frames as share a pass over the weights.
constexpr int HOST_BLOCK = 2048;
constexpr double SMOOTHING = 0.02;  // seconds in which a parameter goes most of its way

// ---- making

Stream* Stream::make(Model* model, int host_rate, Reason& reason) {
    if (host_rate == 0) host_rate = model->config.sample_rate;
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
        stream->hop_ = model->config.hop;
        Arena measure;
        stream->plan(measure);
        if (stream->memory_.allocate(measure.used())) {
            Arena arena(stream->memory_.base());
            stream->plan(arena);
            for (int i = 0; i < model->parameters.count(); i++)
                new (stream->targets_ + i) std::atomic<float>(model->parameters.at(i).usual);
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
    const Config& c = m.config;
    size_t frames = MOST_FRAMES;
    targets_ = arena.take<std::atomic<float>>(static_cast<size_t>(m.parameters.count()));
    smooth_ = arena.take<Smooth>(static_cast<size_t>(m.parameters.count()));
    m.analysis.plan(arena, analysis_);
    m.encoder.plan(arena, encoder_);
    m.decoder.plan(arena, decoder_);
    m.decoder.plan(arena, plain_decoder_);
    m.residual.plan(arena, residual_);
    if (c.melgan)
        m.melgan.plan(arena, melgan_);
    else
        m.phase.plan(arena, phase_);
    mel_ = arena.take<float>(frames * static_cast<size_t>(m.bands));
    loudness_ = arena.take<float>(frames);
    true_ = arena.take<float>(frames * static_cast<size_t>(m.bands));
    plain_ = arena.take<float>(frames * static_cast<size_t>(m.bands));
    plain_latents_ = arena.take<float>(frames * static_cast<size_t>(m.latents));
    plain_loudness_ = arena.take<float>(frames);
    fine_ = arena.take<float>(frames);
    colour_ = arena.take<float>(frames);
    coded_ = arena.take<float>(frames * 2 * static_cast<size_t>(c.encoder_latents));
    latents_ = arena.take<float>(frames * static_cast<size_t>(m.latents));
    own_ = arena.take<float>(frames * static_cast<size_t>(c.encoder_latents));
    ready_ = arena.take<float>((frames + 2) * static_cast<size_t>(c.hop));
    wander_ = arena.take<float>(static_cast<size_t>(m.latents));
    mean_ = arena.take<float>(static_cast<size_t>(m.latents));
    whitened_ = arena.take<float>(static_cast<size_t>(m.latents));
    moved_ = arena.take<float>(static_cast<size_t>(m.latents) * 3);
    covariance_ = arena.take<float>(static_cast<size_t>(m.latents) * static_cast<size_t>(m.latents));
    factor_ = arena.take<float>(static_cast<size_t>(m.latents) * static_cast<size_t>(m.latents));
    frozen_ = arena.take<float>(static_cast<size_t>(m.latents) + 1);
    held_ = arena.take<float>(static_cast<size_t>(m.latents) + 1);

    int64_t host = host_rate_, own = c.sample_rate;
    resamples_ = host != own;
    latency_ = m.latency();
    most_in_ = HOST_BLOCK;
    if (resamples_) {
        // A model sample is due when the last host sample that it reads has come; a host sample needs model
        // samples ahead of its own place. The least latency that always has them, for any block size, rounded
        // up to a whole host sample:
        int reach_in = Resampler::reach(host_rate_, c.sample_rate),
            reach_out = Resampler::reach(c.sample_rate, host_rate_);
        int64_t needed = (static_cast<int64_t>(m.latency()) + reach_out + 1) * host +
                         static_cast<int64_t>(reach_in - 1) * own;
        latency_ = static_cast<int>((needed + own - 1) / own);
        int common = Resampler::gcd(host_rate_, c.sample_rate);
        most_in_ = static_cast<int>(HOST_BLOCK * own / host + 2);
        in_.plan(arena, host_rate_, c.sample_rate, 0, HOST_BLOCK);
        out_.plan(arena, c.sample_rate, host_rate_, (latency_ * own - m.latency() * host) / common, most_in_);
        model_in_ = arena.take<float>(static_cast<size_t>(most_in_) + 16);
    }
    host_ = arena.take<float>(HOST_BLOCK);
    dry_ = arena.take<float>(static_cast<size_t>(latency_) + 1);
    double frame_seconds = static_cast<double>(c.hop) / c.sample_rate;
    frame_share_ = static_cast<float>(1 - std::exp(-frame_seconds / SMOOTHING));
    sample_share_ = static_cast<float>(1 - std::exp(-1 / (SMOOTHING * c.sample_rate)));
    host_share_ = static_cast<float>(1 - std::exp(-1 / (SMOOTHING * host_rate_)));
}

void Stream::reset() {
    NoDenormals guard;
    const Model& m = *model_;
    // not the whole block at once: the resamplers' tables and the parameters' targets stay
    m.analysis.clear(analysis_);
    m.encoder.clear(encoder_);
    m.decoder.clear(decoder_);
    m.decoder.clear(plain_decoder_);
    m.residual.clear(residual_);
    beside_ = false;
    apart_ = 0;
    if (m.config.melgan)
        m.melgan.clear(melgan_);
    else
        m.phase.clear(phase_);
    ready_count_ = hop_;
    std::memset(ready_, 0, static_cast<size_t>(hop_) * sizeof(float));
    if (resamples_) {
        in_.reset();
        out_.reset();
    }
    std::memset(dry_, 0, static_cast<size_t>(latency_ + 1) * sizeof(float));
    std::memset(held_, 0, static_cast<size_t>(m.latents) * sizeof(float));
    held_[m.latents] = LOUDNESS_FLOOR;
    std::memset(wander_, 0, static_cast<size_t>(m.latents) * sizeof(float));
    moved_before_ = false;
    std::memset(mean_, 0, static_cast<size_t>(m.latents) * sizeof(float));
    for (int i = 0; i < m.latents; i++)
        for (int j = 0; j < m.latents; j++) covariance_[i * m.latents + j] = i == j;
    dry_at_ = gathered_ = waiting_ = 0;
    frame_ = 0;
    feedback_.reset(m.config.sample_rate);
    ceiling_.reset(m.config.sample_rate);
    follow(true);
    feedback_.tune(smooth_[FEEDBACK_FREQUENCY].value, smooth_[FEEDBACK_Q].value);
}

void Stream::set(int index, float value) {
    if (index < 0 || index >= declarations().count() || !(value == value)) return;
    const melisma_parameter& p = declarations().at(index);
    if (p.whole) value = std::floor(value + 0.5f);
    value = value < p.least ? p.least : value > p.most ? p.most : value;
    targets_[index].store(value, std::memory_order_relaxed);
}

void Stream::follow(bool jump) {
    int count = declarations().count();
    for (int i = 0; i < count; i++) {
        float target = targets_[i].load(std::memory_order_relaxed);
        if (jump)
            smooth_[i].jump(target);
        else
            smooth_[i].target = target;
    }
}

// ---- the chain

// The first sample of a frame's output is given one sample after the frame's last has come: there is a pause between the
// two only where a host's block ends with the frame. There the vocoder waits for the next call, so that small blocks share
// the work of a frame: 64 samples at a time, one call encodes and decodes, and the next one synthesizes.
void Stream::settle() {
    if (waiting_) vocode(mel_, waiting_, ready_ + ready_count_);
    ready_count_ += waiting_ * hop_;
    waiting_ = 0;
}

void Stream::give(float* out, int n) {
    if (ready_count_ < n) settle();
    std::memcpy(out, ready_, static_cast<size_t>(n) * sizeof(float));
    ready_count_ -= n;
    std::memmove(ready_, ready_ + n, static_cast<size_t>(ready_count_) * sizeof(float));
}

void Stream::chain(const float* in, float* out, int n) {
    follow(false);
    while (n > 0) {
        settle();
        int block;
        Smooth& gain = smooth_[FEEDBACK];
        if (gain.is(0)) {
            int room = model_->analysis.room(analysis_);
            block = n < room ? n : room;
            model_->analysis.push(analysis_, in, block);
        } else {
            // up to the next frame the output is there already: so each sample of it can come back in time
            int room = hop_ - analysis_.filled;
            block = n < room ? n : room;
            for (int i = 0; i < block; i++) {
                float amount = gain.advance(sample_share_);
                float back = feedback_.step(ready_[i], amount) + feedback_.hiss(amount);
                float x = in[i];
                x = (x - x == 0 ? x : 0) + back;
                model_->analysis.push(analysis_, &x, 1);
            }
            if (block == room) {
                smooth_[FEEDBACK_FREQUENCY].advance(frame_share_);
                smooth_[FEEDBACK_Q].advance(frame_share_);
                feedback_.tune(smooth_[FEEDBACK_FREQUENCY].value, smooth_[FEEDBACK_Q].value);
            }
        }
        waiting_ = analyse();
        if (waiting_) pass(waiting_);
        give(out, block);
        in += block;
        out += block;
        n -= block;
    }
}

// out = out · mix + dry, as late as the model, · (1 − mix)
void Stream::mix(const float* dry, float* out, int n) {
    Smooth& mix = smooth_[MIX];
    mix.target = targets_[MIX].load(std::memory_order_relaxed);
    bool wet = mix.is(1);
    for (int i = 0; i < n; i++) {
        float now = dry_[dry_at_];
        dry_[dry_at_] = dry[i];
        if (++dry_at_ >= latency_) dry_at_ = 0;
        if (!wet) {
            float share = mix.advance(host_share_);
            out[i] = share * out[i] + (1 - share) * now;
        }
    }
}

void Stream::process(const float* in, float* out, int64_t n) {
    NoDenormals guard;
#ifdef MELISMA_SABOTAGE  // what the test of real-time safety must find
    void* volatile sabotage = std::malloc(1);
    std::free(sabotage);
#endif
    for (; n > 0;) {
        int block = static_cast<int>(n < HOST_BLOCK ? n : HOST_BLOCK);
        // in may be out: what the dry path needs is put aside first
        for (int i = 0; i < block; i++) host_[i] = sound(in[i], -LOUDEST_SAMPLE, LOUDEST_SAMPLE, 0);
        if (resamples_) {
            int here = in_.run(*model_->kernels, host_, block, model_in_, most_in_ + 16);
            chain(model_in_, model_in_, here);
            out_.run(*model_->kernels, model_in_, here, out, block);
        } else {
            chain(host_, out, block);
        }
        mix(host_, out, block);
        in += block;
        out += block;
        n -= block;
    }
}

}  // namespace melisma
