// What is turned while a stream runs: parameters, set from any thread and followed smoothly, and what they do
// to each frame's latents and loudness.
#pragma once

#include <atomic>

#include "dsp/smooth.h"
#include "latent/match.h"
#include "stream/model.h"

namespace melisma {

class Live {
  public:
    static constexpr double SMOOTHING = 0.02;  // seconds in which a parameter goes most of its way

    void plan(Arena& arena, const Model& model);
    void begin();  // every parameter as it usually is
    void clear();  // as just made; parameters keep their values

    // of each frame last edited: how far these layers are turned up, how far the fine one is as it was
    // before, how far phases are the input's, how far it is matched
    float *fine = nullptr, *colour = nullptr, *kept = nullptr, *phases = nullptr, *matched = nullptr;

    void set(int index, float value);
    float get(int index) const { return targets_[index].load(std::memory_order_relaxed); }
    Smooth& operator[](int index) { return smooth_[index]; }
    void follow(bool jump);          // all targets
    void follow(const Live& other);  // the targets that another, of the same model, has taken up
    void jump(const Live& other);    // and its values
    void aim(int index) { smooth_[index].target = get(index); }

    // Whether nothing is kept beside the latents, now or later: of what was set, and of the way there.
    bool bare() const;
    bool bare_later() const;
    // layered: the layers are heard beside them, as far as they are turned up
    void edit(float* latents, float* loudness, int frames, bool layered);
    float frame_share() const { return frame_share_; }

  private:
    void wander(float* z);

    const Model* model_ = nullptr;
    std::atomic<float>* targets_ = nullptr;
    Smooth* smooth_ = nullptr;
    Match match_;
    float* wander_ = nullptr;  // noise of each latent
    float* held_ = nullptr;    // the latents, and the loudness, that "hold" keeps
    int64_t frame_ = 0;
    double frame_seconds_ = 0;
    float frame_share_ = 1;
};

}  // namespace melisma
