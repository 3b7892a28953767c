// Causal layers: packed weights here (shared by all streams), what they need of the past in a state of each
// stream.
//
// One contract: a layer given its input in blocks gives what it gives for the whole
// (src/melisma/training/layers.py).
#pragma once

#include "format/file.h"
#include "nn/kernels/kernels.h"
#include "base/memory.h"

namespace melisma {

constexpr int MOST_FRAMES = 8;  // that a network takes at once, of each channel
constexpr int MOST_CHANNELS = 2;
// that a network steps at once: of each channel, as it is and edited
constexpr int MOST_STATES = 2 * MOST_CHANNELS;

// What layers are read from and packed into; see Arena for why it is walked twice.
struct Loader {
    const ModelFile& file;
    Arena& arena;
    const Kernels& kernels;

    // Weight (out, in, taps) or (out, in), and bias. With a ratio, output c · ratio + r is packed as r · (out
    // / ratio) + c: so that the rows of a frame lie as the `ratio` frames that a pixel shuffle would make of
    // them.
    Matrix matrix(const char* prefix, const char* part, int ratio = 1) const;
    Matrix matrix_without_bias(const char* name) const;
    float* vector(const char* prefix, const char* part) const;
    float* taps_first(const char* prefix, const char* part) const;  // (channels, 1, taps) → (taps, channels)
    // Bytes of weights that one pass over the network reads.
    mutable int64_t bytes = 0;

  private:
    Matrix pack(const Tensor& weight, const float* bias, int ratio) const;
};

// A convolution. Its state is a window of inputs: the past first, then a place for the block.
class Conv {
  public:
    struct State {
        float* window;
    };

    void load(const Loader& from, const char* prefix, int dilation = 1, int ratio = 1);
    void plan(Arena& arena, State& state, int most) const;
    int outputs() const { return matrix_.outputs; }
    int inputs() const { return matrix_.inputs; }

    void clear(const State& state) const;
    void copy(const State& from, const State& to) const;
    int64_t past() const { return past_; }
    // Where the caller puts the block's inputs, frame by frame, before `step`.
    float* input(const State& state) const { return state.window + past_ * matrix_.inputs; }
    void step(const Kernels& kernels, const State& state, int frames, float* y,
              const Epilogue& epilogue = {nullptr, nullptr}) const;

  private:
    Matrix matrix_ = {};
    const float* plain_ = nullptr;  // weights as floats where there is one output
    int64_t past_ = 0, step_ = 0;
    bool one_ = false;
};

// x + scale · down(gelu(up(norm(depth(x)))))
class ConvNeXt {
  public:
    struct State {
        float* window;
    };

    void load(const Loader& from, const char* prefix, int width, int kernel);
    void plan(Arena& arena, State& state) const;
    void clear(const State& state) const;
    void copy(const State& from, const State& to) const;
    int past() const { return kernel_ - 1; }
    // x (channels · frames, width) in place, each channel with a state of its own; a and b: room for as many
    // rows of width and of expansion · width
    void step(const Kernels& kernels, const State* const* states, int channels, int frames, float* x,
              float* a, float* b) const;
    int width() const { return width_; }
    int inner() const { return up_.outputs; }

  private:
    int width_ = 0, kernel_ = 0;
    const float *depth_ = nullptr, *depth_bias_ = nullptr, *norm_ = nullptr, *norm_bias_ = nullptr,
                *scale_ = nullptr;
    Matrix up_ = {}, down_ = {};
};

// A convolution of kernel 3 and ConvNeXt blocks: encoder, decoder and the `phase` vocoder's refiner.
class Network {
  public:
    struct State {
        Conv::State first;
        ConvNeXt::State blocks[MOST_BLOCKS];
        float *x, *a, *b;
    };

    void load(const Loader& from, const char* part, int width, int blocks, int kernel);
    void plan(Arena& arena, State& state, int channels = 1) const;
    void clear(const State& state) const;
    float* input(const State& state) const { return first_.input(state.first); }
    // Where `from` stands, a state of the same network.
    void copy(const State& from, const State& to) const;
    // Frames after which two states that are given the same are the same.
    int reach() const;
    // → the features (channels · frames, width), in the first state's own buffer, which was planned for as
    // many. The channels are columns of the same products: so the weights are read once for all.
    float* step(const Kernels& kernels, const State* states, int channels, int frames) const;
    int inputs() const { return first_.inputs(); }

  private:
    Conv first_;
    ConvNeXt blocks_[MOST_BLOCKS];
    int count_ = 0, width_ = 0;
};

}  // namespace melisma
