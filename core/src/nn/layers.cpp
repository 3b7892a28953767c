#include "nn/layers.h"

#include <cstdio>
#include <cstring>

namespace melisma {

// ---- packing

static_assert(BYTE_PANEL <= PANEL, "rows of a panel");

// Where a matrix's numbers are in the file: that of an output and a place (tap · inputs + input) at row +
// column.
static int64_t row_in(const Matrix& m, int ratio, int output) {
    int row = output % (m.outputs / ratio) * ratio + output / (m.outputs / ratio);
    return static_cast<int64_t>(row) * m.inputs * m.taps;
}

static int64_t column_in(const Matrix& m, int place) {
    return static_cast<int64_t>(place % m.inputs) * m.taps + place / m.inputs;
}

Matrix Loader::pack(const Tensor& weight, const float* bias, int ratio) const {
    Matrix m = {};
    m.outputs = static_cast<int>(weight.shape[0]);
    m.inputs = static_cast<int>(weight.shape[1]);
    m.taps = weight.axes == 3 ? static_cast<int>(weight.shape[2]) : 1;
    m.weights = weight.type == Tensor::I8                      ? Weights::INT8
                : weight.type == Tensor::F16 && kernels.halves ? Weights::FLOAT16
                                                               : Weights::FLOAT32;
    m.bias = bias;
    const int vectors = (m.outputs + kernels.lanes - 1) / kernels.lanes, places = m.inputs * m.taps;
    const bool whole = m.weights == Weights::INT8;
    const size_t outputs = static_cast<size_t>(vectors) * kernels.lanes;
    const size_t size = whole ? 1 : m.weights == Weights::FLOAT16 ? 2 : 4;
    const size_t numbers = outputs * static_cast<size_t>(whole ? (places + 1) / 2 * 2 : places);
    if (whole) {
        float* scale = arena.take<float>(outputs);
        m.scale = scale;
        for (int o = 0; o < m.outputs && !arena.planning(); o++)
            scale[o] = file.at(*weight.scale, row_in(m, ratio, o) / places);
    }
    char* data = arena.take<char>(numbers * size);
    bytes += static_cast<int64_t>(numbers * size);
    m.data = data;
    if (arena.planning()) return m;
    const int panel = whole ? BYTE_PANEL : PANEL,
              beside = whole ? 2 : 1;  // inputs that lie beside each other
    const uint8_t* body = file.body + weight.begin;
    for (int first = 0; first < vectors; first += panel) {
        int wide = (vectors - first < panel ? vectors - first : panel) * kernels.lanes;
        int there = m.outputs - first * kernels.lanes < wide ? m.outputs - first * kernels.lanes : wide;
        int64_t rows[PANEL * MOST_LANES];
        for (int o = 0; o < there; o++) rows[o] = row_in(m, ratio, first * kernels.lanes + o);
        // what is beyond the matrix stays zero: the block is cleared
        for (int place = 0; place < places; place++) {
            int64_t column = column_in(m, place);
            char* to = data + size * static_cast<size_t>(place / beside * beside * wide + place % beside);
            size_t apart = size * static_cast<size_t>(beside);
            if (m.weights == Weights::INT8)
                for (int o = 0; o < there; o++)
                    to[apart * static_cast<size_t>(o)] = static_cast<char>(body[rows[o] + column]);
            else if (m.weights == Weights::FLOAT16)
                for (int o = 0; o < there; o++)
                    std::memcpy(to + apart * static_cast<size_t>(o), body + 2 * (rows[o] + column), 2);
            else
                for (int o = 0; o < there; o++) {
                    float value = file.at(weight, rows[o] + column);
                    std::memcpy(to + apart * static_cast<size_t>(o), &value, 4);
                }
        }
        data += size * static_cast<size_t>((places + beside - 1) / beside * beside * wide);
    }
    return m;
}

Matrix Loader::matrix(const char* prefix, const char* part, int ratio) const {
    char name[128];
    std::snprintf(name, sizeof name, "%s%s.weight", prefix, part);
    const Tensor& weight = *file.find(name);
    std::snprintf(name, sizeof name, "%s%s.bias", prefix, part);
    const Tensor& tensor = *file.find(name);
    int64_t n = tensor.count();
    float* bias = arena.take<float>(static_cast<size_t>(n));
    if (!arena.planning())
        for (int64_t o = 0; o < n; o++) bias[o] = file.at(tensor, o % (n / ratio) * ratio + o / (n / ratio));
    return pack(weight, bias, ratio);
}

Matrix Loader::matrix_without_bias(const char* name) const {
    const Tensor& weight = *file.find(name);
    return pack(weight, arena.take<float>(static_cast<size_t>(weight.shape[0])), 1);  // cleared: zeros
}

float* Loader::vector(const char* prefix, const char* part) const {
    char name[128];
    std::snprintf(name, sizeof name, "%s%s", prefix, part);
    const Tensor& tensor = *file.find(name);
    float* values = arena.take<float>(static_cast<size_t>(tensor.count()));
    if (!arena.planning())
        for (int64_t i = 0; i < tensor.count(); i++) values[i] = file.at(tensor, i);
    return values;
}

float* Loader::taps_first(const char* prefix, const char* part) const {
    char name[128];
    std::snprintf(name, sizeof name, "%s%s", prefix, part);
    const Tensor& tensor = *file.find(name);
    int64_t channels = tensor.shape[0], inputs = tensor.shape[1], taps = tensor.shape[2];
    float* values = arena.take<float>(static_cast<size_t>(tensor.count()));
    if (!arena.planning())
        for (int64_t c = 0; c < channels; c++)
            for (int64_t i = 0; i < inputs; i++)
                for (int64_t k = 0; k < taps; k++)
                    values[(k * inputs + i) * channels + c] = file.at(tensor, (c * inputs + i) * taps + k);
    return values;
}

// ---- convolution

void Conv::load(const Loader& from, const char* prefix, int dilation, int ratio) {
    char name[96];
    std::snprintf(name, sizeof name, "%s.conv", prefix);
    matrix_ = from.matrix(name, "", ratio);
    step_ = static_cast<int64_t>(dilation) * matrix_.inputs;
    past_ = static_cast<int64_t>(matrix_.taps - 1) * dilation;
    one_ = matrix_.outputs == 1 && dilation == 1;
    if (one_) plain_ = from.taps_first(name, ".weight");  // (taps, inputs, 1): in the window's own order
}

void Conv::plan(Arena& arena, State& state, int most) const {
    state.window = arena.take<float>(static_cast<size_t>((past_ + most) * matrix_.inputs));
}

void Conv::clear(const State& state) const {
    std::memset(state.window, 0, static_cast<size_t>(past_ * matrix_.inputs) * sizeof(float));
}

void Conv::copy(const State& from, const State& to) const {
    std::memcpy(to.window, from.window, static_cast<size_t>(past_ * matrix_.inputs) * sizeof(float));
}

void Conv::step(const Kernels& kernels, const State& state, int frames, float* y,
                const Epilogue& epilogue) const {
    if (one_ && !epilogue.add && !epilogue.scale)
        kernels.dot(plain_, matrix_.bias[0], state.window, matrix_.inputs, matrix_.taps, frames, y);
    else
        kernels.multiply(matrix_, state.window, step_, frames, epilogue, y);
    std::memmove(state.window, state.window + static_cast<int64_t>(frames) * matrix_.inputs,
                 static_cast<size_t>(past_ * matrix_.inputs) * sizeof(float));
}

// ---- ConvNeXt block

void ConvNeXt::load(const Loader& from, const char* prefix, int width, int kernel) {
    width_ = width;
    kernel_ = kernel;
    depth_ = from.taps_first(prefix, ".depth.conv.weight");
    depth_bias_ = from.vector(prefix, ".depth.conv.bias");
    norm_ = from.vector(prefix, ".norm.weight");
    norm_bias_ = from.vector(prefix, ".norm.bias");
    up_ = from.matrix(prefix, ".up");
    down_ = from.matrix(prefix, ".down");
    scale_ = from.vector(prefix, ".scale");
}

void ConvNeXt::plan(Arena& arena, State& state) const {
    state.window = arena.take<float>(static_cast<size_t>(kernel_ - 1 + MOST_FRAMES) * width_);
}

void ConvNeXt::clear(const State& state) const {
    std::memset(state.window, 0, static_cast<size_t>(kernel_ - 1) * width_ * sizeof(float));
}

void ConvNeXt::copy(const State& from, const State& to) const {
    std::memcpy(to.window, from.window, static_cast<size_t>(kernel_ - 1) * width_ * sizeof(float));
}

void ConvNeXt::step(const Kernels& kernels, const State* const* states, int channels, int frames, float* x,
                    float* a, float* b) const {
    size_t past = static_cast<size_t>(kernel_ - 1) * width_, block = static_cast<size_t>(frames) * width_;
    for (int c = 0; c < channels; c++) {
        float *window = states[c]->window, *to = a + static_cast<size_t>(c) * block;
        std::memcpy(window + past, x + static_cast<size_t>(c) * block, block * sizeof(float));
        kernels.depthwise(depth_, depth_bias_, window, width_, kernel_, frames, to);
        std::memmove(window, window + block, past * sizeof(float));
    }
    int rows = channels * frames;
    kernels.norm(norm_, norm_bias_, width_, rows, a, a);
    kernels.multiply(up_, a, 0, rows, {nullptr, nullptr}, b);
    kernels.gelu(b, up_.outputs, rows);
    kernels.multiply(down_, b, 0, rows, {scale_, x}, x);
}

// ---- network

void Network::load(const Loader& from, const char* part, int width, int blocks, int kernel) {
    char prefix[64];
    std::snprintf(prefix, sizeof prefix, "%s.0", part);
    first_.load(from, prefix);
    count_ = blocks;
    width_ = width;
    for (int i = 0; i < blocks; i++) {
        std::snprintf(prefix, sizeof prefix, "%s.%d", part, i + 1);
        blocks_[i].load(from, prefix, width, kernel);
    }
}

void Network::plan(Arena& arena, State& state, int channels) const {
    first_.plan(arena, state.first, MOST_FRAMES);
    for (int i = 0; i < count_; i++) blocks_[i].plan(arena, state.blocks[i]);
    size_t frames = MOST_FRAMES * static_cast<size_t>(channels), width = static_cast<size_t>(width_);
    state.x = arena.take<float>(frames * width);
    state.a = arena.take<float>(frames * width);
    state.b = arena.take<float>(frames * static_cast<size_t>(count_ ? blocks_[0].inner() : 0));
}

void Network::clear(const State& state) const {
    first_.clear(state.first);
    for (int i = 0; i < count_; i++) blocks_[i].clear(state.blocks[i]);
}

void Network::copy(const State& from, const State& to) const {
    first_.copy(from.first, to.first);
    for (int i = 0; i < count_; i++) blocks_[i].copy(from.blocks[i], to.blocks[i]);
}

int Network::reach() const {
    int frames = static_cast<int>(first_.past());
    for (int i = 0; i < count_; i++) frames += blocks_[i].past();
    return frames;
}

float* Network::step(const Kernels& kernels, const State* states, int channels, int frames) const {
    const State& buffers = states[0];
    for (int c = 0; c < channels; c++)
        first_.step(kernels, states[c].first, frames, buffers.x + static_cast<int64_t>(c) * frames * width_);
    for (int i = 0; i < count_; i++) {
        const ConvNeXt::State* of_block[MOST_STATES] = {};
        for (int c = 0; c < channels; c++) of_block[c] = &states[c].blocks[i];
        blocks_[i].step(kernels, of_block, channels, frames, buffers.x, buffers.a, buffers.b);
    }
    return buffers.x;
}

}  // namespace melisma
