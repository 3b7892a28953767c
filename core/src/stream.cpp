#include "stream.h"

#include <cmath>
#include <cstdlib>
#include <new>

#include "denormals.h"

namespace melisma {

constexpr int HOST_BLOCK = 1024;    // host samples handled at once; larger blocks are cut
constexpr double SMOOTHING = 0.02;  // seconds in which a parameter goes most of its way
constexpr float LOG_VARIANCE_LEAST = -9, LOG_VARIANCE_MOST = 3;
constexpr float LOUDNESS_SPAN = 200;  // dB: levels from a host are believed within ±
constexpr float LATENT_SPAN = 1000;
constexpr float FADE = -80;      // dBFS: below it the level falls four times as fast as the loudness
constexpr float CEILING = 1.2f;  // of a decoded log-mel, +20 dBFS: latents pulled far out must not hurt ears

static float sound(float x, float least, float most, float otherwise) {
    if (!(x - x == 0)) return otherwise;
    return x < least ? least : x > most ? most : x;
}

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
    if (c.melgan)
        m.melgan.plan(arena, melgan_);
    else
        m.phase.plan(arena, phase_);
    mel_ = arena.take<float>(frames * static_cast<size_t>(m.bands));
    loudness_ = arena.take<float>(frames);
    coded_ = arena.take<float>(frames * 2 * static_cast<size_t>(c.encoder_latents));
    latents_ = arena.take<float>(frames * static_cast<size_t>(m.latents));
    own_ = arena.take<float>(frames * static_cast<size_t>(c.encoder_latents));
    ready_ = arena.take<float>((frames + 2) * static_cast<size_t>(c.hop));
    wander_ = arena.take<float>(static_cast<size_t>(m.latents));
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
    dry_at_ = gathered_ = 0;
    frame_ = 0;
    feedback_.reset(m.config.sample_rate);
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

// ---- the parts

void Stream::encode(int frames) {
    const Model& m = *model_;
    float* room = m.encoder.room(encoder_);
    for (int l = 0; l < frames; l++)
        for (int j = 0; j < m.bands; j++) {
            int64_t i = static_cast<int64_t>(l) * m.bands + j;
            float level = 100 * (mel_[i] - 1) - loudness_[l];
            level = level < -70 ? -70 : level > 40 ? 40 : level;
            room[i] = 2 * ((level + 70) / 100) - 1;
        }
    const float* features = m.encoder.step(*m.kernels, encoder_, frames);
    m.kernels->multiply(m.encoder_out, features, 0, frames, {nullptr, nullptr}, coded_);
}

void Stream::calibrate(int frames) {
    const Model& m = *model_;
    int own = m.config.encoder_latents;
    for (int l = 0; l < frames; l++)
        for (int d = 0; d < own; d++) own_[l * own + d] = coded_[l * 2 * own + d] - m.mean[d];
    m.kernels->multiply(m.forth, own_, 0, frames, {nullptr, nullptr}, latents_);
}

// Held while frozen, else remembered; going over smoothly. The first frame is always remembered.
static float freeze(Smooth& amount, float& held, float now, bool first) {
    if (amount.is(0) || first) return held = now;
    return now + amount.value * (held - now);
}

// A number of a normal distribution, from where it stands: the same for any block size and machine.
static float normal(uint32_t seed, uint64_t place) {
    uint64_t x = place * 0x9E3779B97F4A7C15ull + (static_cast<uint64_t>(seed) << 32 | 0x85EBCA6Bu);
    x ^= x >> 30, x *= 0xBF58476D1CE4E5B9ull;
    x ^= x >> 27, x *= 0x94D049BB133111EBull;
    x ^= x >> 31;
    double u = (static_cast<double>(x >> 32) + 0.5) / 4294967296.0,
           v = static_cast<double>(x & 0xffffffffu) / 4294967296.0;
    return static_cast<float>(std::sqrt(-2 * std::log(u)) * std::cos(6.28318530717958647692 * v));
}

void Stream::edit(int frames) {
    int latents = model_->latents;
    for (int l = 0; l < frames; l++, frame_++) {
        for (int i = LOUDNESS_BY_HAND; i <= NOISE_RATE; i++) smooth_[i].advance(frame_share_);
        Smooth *scale = smooth_ + FIXED_COUNT, *bias = scale + latents;
        float* z = latents_ + static_cast<int64_t>(l) * latents;
        for (int d = 0; d < latents; d++)
            z[d] = freeze(smooth_[FREEZE], frozen_[d], z[d], frame_ == 0) * scale[d].advance(frame_share_) +
                   bias[d].advance(frame_share_);
        if (!smooth_[NOISE].is(0)) {
            double seconds = static_cast<double>(hop_) / model_->config.sample_rate;
            float keep = static_cast<float>(
                std::exp(-6.28318530717958647692 * static_cast<double>(smooth_[NOISE_RATE].value) * seconds));
            float fresh = std::sqrt(1 - keep * keep);
            uint32_t seed = static_cast<uint32_t>(smooth_[NOISE_SEED].target);
            for (int d = 0; d < latents; d++) {
                float g = normal(seed, static_cast<uint64_t>(frame_) * static_cast<uint64_t>(latents) +
                                           static_cast<uint64_t>(d));
                wander_[d] = frame_ == 0 ? g : keep * wander_[d] + fresh * g;
                z[d] += smooth_[NOISE].value * wander_[d];
            }
        }
        float level = freeze(smooth_[FREEZE_LOUDNESS], frozen_[latents], loudness_[l], frame_ == 0);
        if (level > LOUDNESS_FLOOR) level += smooth_[LOUDNESS_OFFSET].value;
        float hand = smooth_[LOUDNESS_BY_HAND].value;
        if (hand > 0) level += hand * (smooth_[LOUDNESS_LEVEL].value - level);
        loudness_[l] = level > LOUDNESS_FLOOR ? level : LOUDNESS_FLOOR;
    }
}

void Stream::decode(int frames) {
    const Model& m = *model_;
    int own = m.config.encoder_latents;
    m.kernels->multiply(m.back, latents_, 0, frames, {nullptr, nullptr}, own_);
    float* room = m.decoder.room(decoder_);
    for (int l = 0; l < frames; l++, room += own + 1) {
        std::memcpy(room, own_ + l * own, static_cast<size_t>(own) * sizeof(float));
        room[own] = loudness_[l] / 50 + 1;
    }
    const float* features = m.decoder.step(*m.kernels, decoder_, frames);
    m.kernels->multiply(m.decoder_out, features, 0, frames, {nullptr, nullptr}, mel_);
    for (int l = 0; l < frames; l++) {
        float* v = mel_ + static_cast<int64_t>(l) * m.bands;
        for (int j = 0; j < m.bands; j++) v[j] = 0.5f + 0.5f * v[j];
        m.kernels->level(m.analysis.log_weights(), m.bands, v);
        // silence stays silence in the lowest bands, too, which A-weighting hardly counts
        float loudness = loudness_[l] < FADE ? loudness_[l] - 3 * (FADE - loudness_[l]) : loudness_[l];
        for (int j = 0; j < m.bands; j++) {
            float level = 1 + (100 * v[j] - 70 + loudness) / 100;
            level = level > 0 ? level : 0;  // NaN, from a damaged model, becomes silence
            v[j] = level < CEILING ? level : CEILING;
        }
    }
}

void Stream::vocode(const float* mel, int frames, float* out) {
    const Model& m = *model_;
    if (m.config.melgan)
        m.melgan.step(*m.kernels, melgan_, mel, frames, out);
    else
        m.phase.step(*m.kernels, phase_, mel, frames, out);
}

// ---- the chain

void Stream::chain(const float* in, float* out, int n) {
    follow(false);
    while (n > 0) {
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
                float back = feedback_.step(ready_[i], gain.advance(sample_share_));
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
        int frames = analyse();
        if (frames) {
            encode(frames);
            calibrate(frames);
            edit(frames);
            decode(frames);
            vocode(mel_, frames, ready_ + ready_count_);
            ready_count_ += frames * hop_;
        }
        std::memcpy(out, ready_, static_cast<size_t>(block) * sizeof(float));
        ready_count_ -= block;
        std::memmove(ready_, ready_ + block, static_cast<size_t>(ready_count_) * sizeof(float));
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

// ---- the parts, for hosts

int64_t Stream::read(const float* in, int64_t n, float* mel, float* loudness, float* mean,
                     float* log_variance, float* latents) {
    NoDenormals guard;
    const Model& m = *model_;
    int64_t done = 0;
    size_t own = static_cast<size_t>(m.config.encoder_latents), bands = static_cast<size_t>(m.bands),
           z = static_cast<size_t>(m.latents);
    while (n > 0) {
        int room = m.analysis.room(analysis_);
        int block = n < room ? static_cast<int>(n) : room;
        m.analysis.push(analysis_, in, block);
        in += block;
        n -= block;
        int frames = analyse();
        if (!frames) continue;
        if (mean || log_variance || latents) encode(frames);
        if (latents) {
            calibrate(frames);
            std::memcpy(latents + static_cast<size_t>(done) * z, latents_,
                        static_cast<size_t>(frames) * z * sizeof(float));
        }
        for (int l = 0; l < frames; l++, done++) {
            size_t at = static_cast<size_t>(done);
            if (loudness) loudness[at] = loudness_[l];
            for (size_t j = 0; mel && j < bands; j++) {
                float v = mel_[static_cast<size_t>(l) * bands + j];
                mel[at * bands + j] = v > 0 ? v : 0;
            }
            const float* code = coded_ + static_cast<size_t>(l) * 2 * own;
            for (size_t d = 0; mean && d < own; d++) mean[at * own + d] = code[d];
            for (size_t d = 0; log_variance && d < own; d++) {
                float v = code[own + d];
                v = v < LOG_VARIANCE_LEAST ? LOG_VARIANCE_LEAST : v;
                log_variance[at * own + d] = v > LOG_VARIANCE_MOST ? LOG_VARIANCE_MOST : v;
            }
        }
    }
    return done;
}

void Stream::decode(const float* latents, const float* loudness, int64_t frames, float* mel, float* out) {
    NoDenormals guard;
    size_t z = static_cast<size_t>(model_->latents), bands = static_cast<size_t>(model_->bands);
    for (int64_t l = 0; l < frames;) {
        int block = static_cast<int>(frames - l < MOST_FRAMES ? frames - l : MOST_FRAMES);
        for (size_t i = 0; i < static_cast<size_t>(block) * z; i++)
            latents_[i] = sound(latents[static_cast<size_t>(l) * z + i], -LATENT_SPAN, LATENT_SPAN, 0);
        for (int i = 0; i < block; i++)
            loudness_[i] = sound(loudness[l + i], -LOUDNESS_SPAN, LOUDNESS_SPAN, LOUDNESS_FLOOR);
        decode(block);
        if (mel)
            std::memcpy(mel + static_cast<size_t>(l) * bands, mel_,
                        static_cast<size_t>(block) * bands * sizeof(float));
        if (out) vocode(mel_, block, out + l * hop_);
        l += block;
    }
}

void Stream::synthesize(const float* mel, int64_t frames, float* out) {
    NoDenormals guard;
    size_t bands = static_cast<size_t>(model_->bands);
    for (int64_t l = 0; l < frames;) {
        int block = static_cast<int>(frames - l < MOST_FRAMES ? frames - l : MOST_FRAMES);
        for (size_t i = 0; i < static_cast<size_t>(block) * bands; i++)
            mel_[i] = sound(mel[static_cast<size_t>(l) * bands + i], 0, 10, 0);
        vocode(mel_, block, out + l * hop_);
        l += block;
    }
}

// ---- the latent path as signals

void Stream::encode_signals(const float* in, float* const* signals, int64_t n) {
    NoDenormals guard;
    const Model& m = *model_;
    for (int64_t i = 0; i < n;) {
        // up to the sample that completes a frame; sample by sample where the rates differ
        int room = hop_ - analysis_.filled;
        int block = resamples_ ? 1 : static_cast<int>(n - i < room ? n - i : room);
        // read before anything is written: a host may give the same buffer twice
        bool complete = false;
        if (resamples_) {
            float x = sound(in[i], -LOUDEST_SAMPLE, LOUDEST_SAMPLE, 0);
            int here = in_.run(*m.kernels, &x, 1, model_in_, most_in_ + 16);
            for (int k = 0; k < here; k++) {
                m.analysis.push(analysis_, model_in_ + k, 1);
                if (analyse()) {
                    complete = true;
                    encode(1);
                    calibrate(1);
                }
            }
        } else {
            m.analysis.push(analysis_, in + i, block);
            if (analyse()) {
                complete = true;
                encode(1);
                calibrate(1);
            }
        }
        int64_t last = i + block - 1;
        for (int d = 0; d <= m.latents; d++) {
            for (int64_t k = i; k < last; k++) signals[d][k] = held_[d];
            Fixed held = d < m.latents ? FREEZE : FREEZE_LOUDNESS;
            if (complete && targets_[held].load(std::memory_order_relaxed) == 0)
                held_[d] = d < m.latents ? latents_[d] : loudness_[0];
            signals[d][last] = held_[d];
        }
        i += block;
    }
}

void Stream::decode_signals(const float* const* signals, float* out, int64_t n) {
    NoDenormals guard;
    const Model& m = *model_;
    follow(false);
    for (int64_t i = 0; i < n;) {
        int room = hop_ - gathered_;
        int block = resamples_ ? 1 : static_cast<int>(n - i < room ? n - i : room);
        int here = resamples_ ? in_.count(1) : block;
        int64_t last = i + block - 1;
        int made = 0;
        for (int left = here; left > 0;) {
            room = hop_ - gathered_;
            int part = left < room ? left : room;
            gathered_ += part;
            left -= part;
            if (gathered_ == hop_) {
                gathered_ = 0;
                for (int d = 0; d < m.latents; d++)
                    latents_[d] = sound(signals[d][last], -LATENT_SPAN, LATENT_SPAN, 0);
                loudness_[0] = sound(signals[m.latents][last], -LOUDNESS_SPAN, LOUDNESS_SPAN, LOUDNESS_FLOOR);
                edit(1);
                decode(1);
                vocode(mel_, 1, ready_ + ready_count_);
                ready_count_ += hop_;
            }
            // at most a hop is ever given between two frames, so what is ready stays within its room
            float* to = resamples_ ? model_in_ + made : out + i + made;
            std::memcpy(to, ready_, static_cast<size_t>(part) * sizeof(float));
            made += part;
            ready_count_ -= part;
            std::memmove(ready_, ready_ + part, static_cast<size_t>(ready_count_) * sizeof(float));
        }
        if (resamples_) out_.run(*m.kernels, model_in_, made, out + i, 1);
        i += block;
    }
}

}  // namespace melisma
