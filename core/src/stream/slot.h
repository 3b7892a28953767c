// A place for a stream that another may take while it sounds.
#pragma once

#include "stream/stream.h"

namespace melisma {

class Slot {
  public:
    static Slot* make(int host_rate);
    void free();

    // the control thread
    bool put(Stream* stream);
    Stream* stream() const { return newest_; }
    Stream* retired() { return retired_.exchange(nullptr, std::memory_order_acquire); }
    bool waiting() const;

    // the audio thread
    void reset();
    void process(int channels, const float* const* in, float* const* out, int64_t n);
    void encode_signals(const float* in, float* const* signals, int width, int64_t n);
    void decode_signals(const float* const* signals, int width, float* out, int64_t n);

  private:
    static constexpr int CHUNK = 64;  // samples handled at once while one stream goes over into the other
    static constexpr int MOST_LATENTS = 128;

    Slot() = default;
    ~Slot() = default;
    void begin();               // take what was put, if the time has come
    int part(int64_t n) const;  // samples to handle at once
    bool fades() const { return left_ > 0; }
    float share();  // of the next stream, at the next sample
    void end();     // the next stream is the one now, if the fade is over
    void encode(Stream* stream, const float* in, float* const* signals, int width, int n);
    void decode(Stream* stream, const float* const* signals, int width, float* out, int n);

    Stream* newest_ = nullptr;  // the control thread's
    std::atomic<Stream*> offered_{nullptr}, retired_{nullptr};
    std::atomic<int> fading_{0};

    int rate_ = 0;
    bool used_ = false;  // something was processed: from now on streams fade in
    Stream *now_ = nullptr, *next_ = nullptr;
    int fade_ = 0, left_ = 0;  // samples until the next stream has taken over; above fade_ it only warms up
    float in_[MOST_CHANNELS][CHUNK], a_[MOST_CHANNELS][CHUNK], b_[MOST_CHANNELS][CHUNK];
    float nothing_[CHUNK], aside_[CHUNK];
    float other_[MOST_LATENTS + 1][CHUNK];
};

}  // namespace melisma
