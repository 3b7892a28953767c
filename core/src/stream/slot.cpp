// Two threads meet in two cells: `offered_`, from the control thread to the audio thread, and `retired_`,
// back. The audio thread begins nothing new before the cell for what it gives back is empty, so that it never
// waits.
#include "stream/slot.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>

namespace melisma {

constexpr double FADE_SECONDS = 0.03;
constexpr double WARM_SECONDS = 0.05;  // beyond its latency, so that a stream knows the sound it comes into

// stands in `offered_` for "no stream"
static Stream* nobody() {
    static char mark;
    return reinterpret_cast<Stream*>(&mark);
}

Slot* Slot::make(int host_rate) {
    void* place = std::calloc(1, sizeof(Slot));
    if (!place) return nullptr;
    Slot* slot = new (place) Slot();
    slot->rate_ = host_rate;
    slot->fade_ = static_cast<int>(FADE_SECONDS * host_rate) + 1;
    std::memset(slot->nothing_, 0, sizeof slot->nothing_);
    return slot;
}

void Slot::free() {
    Stream* offered = offered_.load();
    if (offered == nobody()) offered = nullptr;
    Stream* const all[] = {offered, retired_.load(), now_, next_};
    for (Stream* stream : all)
        if (stream) stream->free();
    this->~Slot();
    std::free(static_cast<void*>(this));
}

bool Slot::put(Stream* stream) {
    if (stream && stream->latents() > MOST_LATENTS) return false;
    newest_ = stream;
    Stream* missed = offered_.exchange(stream ? stream : nobody(), std::memory_order_acq_rel);
    if (missed && missed != nobody()) missed->free();  // never sounded
    return true;
}

bool Slot::waiting() const { return offered_.load() || fading_.load() || retired_.load(); }

// ---- the audio thread

void Slot::begin() {
    if (fades() || retired_.load(std::memory_order_relaxed)) return;
    if (!offered_.load(std::memory_order_relaxed)) return;
    // told first, so that `waiting` never sees a moment between the two
    fading_.store(1);
    Stream* taken = offered_.exchange(nullptr, std::memory_order_acquire);
    next_ = taken == nobody() ? nullptr : taken;
    left_ = fade_ + (next_ ? next_->latency() + static_cast<int>(WARM_SECONDS * rate_) : 0);
    if (!used_) {
        left_ = 0;
        end();
    }
}

void Slot::end() {
    if (fades()) return;
    if (now_) retired_.store(now_, std::memory_order_release);
    now_ = next_;
    next_ = nullptr;
    fading_.store(0);
}

int Slot::part(int64_t n) const {
    int most = fades() && left_ < CHUNK ? left_ : CHUNK;
    return static_cast<int>(n < most ? n : most);
}

float Slot::share() {
    left_--;
    if (left_ >= fade_) return 0;
    return 0.5f + 0.5f * std::cos(3.14159265f * static_cast<float>(left_) / static_cast<float>(fade_));
}

void Slot::reset() {
    begin();
    if (fades()) {
        left_ = 0;
        end();
    }
    if (now_) now_->reset();
}

// A stream of one channel hears the mean of two, and is heard on both. Equal channels stay what they are.
static void run(Stream* stream, int channels, const float* const* in, float* const* out, int64_t n) {
    size_t bytes = static_cast<size_t>(n) * sizeof(float);
    if (!stream) {
        for (int c = 0; c < channels; c++) std::memset(out[c], 0, bytes);
    } else if (channels == 1) {
        stream->process(in[0], out[0], n);
    } else if (stream->channels() == channels) {
        stream->process(in, out, n);
    } else {
        for (int64_t i = 0; i < n; i++) out[0][i] = 0.5f * in[0][i] + 0.5f * in[1][i];
        stream->process(out[0], out[0], n);
        std::memcpy(out[1], out[0], bytes);
    }
}

void Slot::process(int channels, const float* const* in, float* const* out, int64_t n) {
    const float* heard[MOST_CHANNELS];
    float *made[MOST_CHANNELS], *now[MOST_CHANNELS], *next[MOST_CHANNELS];
    for (int64_t at = 0; at < n;) {
        begin();
        used_ = true;
        for (int c = 0; c < channels; c++) {
            heard[c] = in[c] + at;
            made[c] = out[c] + at;
            now[c] = a_[c];
            next[c] = b_[c];
        }
        if (!fades()) return run(now_, channels, heard, made, n - at);
        int block = part(n - at);
        for (int c = 0; c < channels; c++) {
            std::memcpy(in_[c], heard[c], static_cast<size_t>(block) * sizeof(float));
            heard[c] = in_[c];
        }
        run(now_, channels, heard, now, block);
        run(next_, channels, heard, next, block);
        for (int i = 0; i < block; i++) {
            float w = share();
            for (int c = 0; c < channels; c++) made[c][i] = now[c][i] + w * (next[c][i] - now[c][i]);
        }
        end();
        at += block;
    }
}

// One stream's latents on as many signals as there are; loudness is the last.
void Slot::encode(Stream* stream, const float* in, float* const* signals, int width, int n) {
    float* to[MOST_LATENTS + 1];
    int latents = stream ? stream->latents() : 0;
    for (int d = 0; d < latents; d++) to[d] = d < width - 1 ? signals[d] : aside_;
    to[latents] = signals[width - 1];
    if (stream)
        stream->encode_signals(in, to, n);
    else
        for (int i = 0; i < n; i++) to[0][i] = LOUDNESS_FLOOR;  // the loudness of no stream
    for (int d = latents; d < width - 1; d++)
        std::memset(signals[d], 0, static_cast<size_t>(n) * sizeof(float));
}

void Slot::encode_signals(const float* in, float* const* signals, int width, int64_t n) {
    float* made[MOST_LATENTS + 1];
    float* other[MOST_LATENTS + 1];
    for (int d = 0; d < width; d++) other[d] = other_[d];
    for (int64_t at = 0; at < n;) {
        begin();
        used_ = true;
        int block = part(n - at);
        for (int d = 0; d < width; d++) made[d] = signals[d] + at;
        std::memcpy(in_[0], in + at, static_cast<size_t>(block) * sizeof(float));
        bool both = fades();
        encode(now_, in_[0], made, width, block);
        if (both) {
            encode(next_, in_[0], other, width, block);
            for (int i = 0; i < block; i++) {
                float w = share();
                for (int d = 0; d < width; d++) made[d][i] += w * (other[d][i] - made[d][i]);
            }
            end();
        }
        at += block;
        // a host may give its input's buffer for a signal: within a chunk it was put aside, beyond one it is
        // not written yet
    }
}

void Slot::decode(Stream* stream, const float* const* signals, int width, float* out, int n) {
    if (!stream) return static_cast<void>(std::memset(out, 0, static_cast<size_t>(n) * sizeof(float)));
    const float* from[MOST_LATENTS + 1];
    int latents = stream->latents();
    for (int d = 0; d < latents; d++) from[d] = d < width - 1 ? signals[d] : nothing_;
    from[latents] = signals[width - 1];
    stream->decode_signals(from, out, n);
}

void Slot::decode_signals(const float* const* signals, int width, float* out, int64_t n) {
    const float* from[MOST_LATENTS + 1];
    for (int64_t at = 0; at < n;) {
        begin();
        used_ = true;
        int block = part(n - at);
        for (int d = 0; d < width; d++) from[d] = signals[d] + at;
        bool both = fades();
        decode(now_, from, width, a_[0], block);
        if (both) decode(next_, from, width, b_[0], block);
        for (int i = 0; i < block; i++) {
            float fading = a_[0][i];
            out[at + i] = both ? fading + share() * (b_[0][i] - fading) : fading;
        }
        if (both) end();
        at += block;
    }
}

}  // namespace melisma
