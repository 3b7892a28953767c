// Matrices, convolutions and normalisation.

namespace melisma {
namespace {

// R vectors of outputs by T frames, summed over taps and inputs in registers.
template <class W, int R, int T>
INLINE void tile(const W* w, int64_t panel, const float* x, const Matrix& a, int64_t step, const Epilogue& e,
                 int output, float* y) {
    constexpr int VECTOR = LANES * static_cast<int>(sizeof(W)),
                  LINE = VECTOR < 64 ? 64 / VECTOR : 1;  // vectors in a cache line
    V sums[R][T];
    UNROLL
    for (int r = 0; r < R; r++) {
        UNROLL
        for (int t = 0; t < T; t++) sums[r][t] = V{};
    }
    const int64_t row = a.inputs;
    for (int k = 0; k < a.taps; k++, x += step) {
        const float* from = x;
        for (int i = 0; i < a.inputs; i++, w += panel, from++) {
            UNROLL
            for (int r = 0; r < R; r += LINE) PREFETCH(w + r * LANES + AHEAD / sizeof(W));
            V ws[R];
            UNROLL
            for (int r = 0; r < R; r++) ws[r] = load(w + r * LANES);
            UNROLL
            for (int t = 0; t < T; t++) {
                V v = all(from[t * row]);
                UNROLL
                for (int r = 0; r < R; r++) sums[r][t] = fused(ws[r], v, sums[r][t]);
            }
        }
    }
    float kept[T * R * LANES];
    UNROLL
    for (int r = 0; r < R; r++) {
        UNROLL
        for (int t = 0; t < T; t++) store(kept + (t * R + r) * LANES, sums[r][t]);
    }
    finish(kept, R * LANES, T, a, e, output, y);
}

// Vectors of outputs at once for so many frames: what the registers hold beside weights and an input.
constexpr int rows(int frames) {
    if (REGISTERS >= 32) return frames <= 2 ? 8 : frames <= 4 ? 4 : 2;
    return frames == 1 ? 8 : frames <= 3 ? 4 : frames == 4 ? 2 : 1;
}

// All panels for T frames.
template <class W, int T>
void panels(const Matrix& a, const float* x, int64_t step, const Epilogue& e, float* y) {
    constexpr int R = rows(T);
    const W* w = static_cast<const W*>(a.data);
    int vectors = (a.outputs + LANES - 1) / LANES;
    for (int first = 0; first < vectors; first += PANEL) {
        int wide = vectors - first < PANEL ? vectors - first : PANEL;
        int64_t panel = static_cast<int64_t>(wide) * LANES;
        int r = 0;
        for (; r + R <= wide; r += R)
            tile<W, R, T>(w + r * LANES, panel, x, a, step, e, (first + r) * LANES, y);
        if constexpr (R > 4)
            for (; r + 4 <= wide; r += 4)
                tile<W, 4, T>(w + r * LANES, panel, x, a, step, e, (first + r) * LANES, y);
        if constexpr (R > 2)
            for (; r + 2 <= wide; r += 2)
                tile<W, 2, T>(w + r * LANES, panel, x, a, step, e, (first + r) * LANES, y);
        if constexpr (R > 1)
            for (; r < wide; r++) tile<W, 1, T>(w + r * LANES, panel, x, a, step, e, (first + r) * LANES, y);
        w += panel * a.inputs * a.taps;
    }
}

template <class W>
void multiply_as(const Matrix& a, const float* x, int64_t step, int frames, Epilogue e, float* y) {
    while (frames > 0) {
        int n = frames < 8 ? frames : 8;
        switch (n) {
            case 1:
                panels<W, 1>(a, x, step, e, y);
                break;
            case 2:
                panels<W, 2>(a, x, step, e, y);
                break;
            case 3:
                panels<W, 3>(a, x, step, e, y);
                break;
            case 4:
                panels<W, 4>(a, x, step, e, y);
                break;
            case 5:
                panels<W, 5>(a, x, step, e, y);
                break;
            case 6:
                panels<W, 6>(a, x, step, e, y);
                break;
            case 7:
                panels<W, 7>(a, x, step, e, y);
                break;
            default:
                panels<W, 8>(a, x, step, e, y);
                break;
        }
        frames -= n;
        x += static_cast<int64_t>(n) * a.inputs;
        y += static_cast<int64_t>(n) * a.outputs;
        if (e.add) e.add += static_cast<int64_t>(n) * a.outputs;
    }
}

void multiply_floats(const Matrix& a, const float* x, int64_t step, int frames, const Epilogue& e, float* y) {
#ifdef HALVES
    if (a.weights == Weights::FLOAT16) return multiply_as<uint16_t>(a, x, step, frames, e, y);
#endif
    multiply_as<float>(a, x, step, frames, e, y);
}

void dot(const float* w, float bias, const float* x, int inputs, int taps, int frames, float* y) {
    int n = inputs * taps;
    for (int t = 0; t < frames; t++, x += inputs) {
        V a = V{}, b = V{};
        int i = 0;
        for (; i + 2 * LANES <= n; i += 2 * LANES) {
            a = fused(load(w + i), load(x + i), a);
            b = fused(load(w + i + LANES), load(x + i + LANES), b);
        }
        if (i + LANES <= n) a = fused(load(w + i), load(x + i), a), i += LANES;
        float s = sum(a + b) + bias;
        for (; i < n; i++) s = fused(w[i], x[i], s);
        y[t] = s;
    }
}

// TAPS: how many, where it is known, so that weights stay in registers from frame to frame
template <int TAPS>
INLINE void depthwise_of(const float* w, const float* bias, const float* x, int channels, int most,
                         int frames, float* y) {
    const int taps = TAPS ? TAPS : most;
    int c = 0;
    for (; c + LANES <= channels; c += LANES) {
        V ws[TAPS ? TAPS : 1], first = load(bias + c);
        for (int k = 0; k < TAPS; k++) ws[k] = load(w + k * channels + c);
        for (int t = 0; t < frames; t++) {
            V s = first;
            for (int k = 0; k < taps; k++)
                s = fused(TAPS ? ws[TAPS ? k : 0] : load(w + k * channels + c),
                          load(x + (t + k) * channels + c), s);
            store(y + t * channels + c, s);
        }
    }
    for (; c < channels; c++)
        for (int t = 0; t < frames; t++) {
            float s = bias[c];
            for (int k = 0; k < taps; k++) s = fused(w[k * channels + c], x[(t + k) * channels + c], s);
            y[t * channels + c] = s;
        }
}

void depthwise(const float* w, const float* bias, const float* x, int channels, int taps, int frames,
               float* y) {
    if (taps == 5) return depthwise_of<5>(w, bias, x, channels, taps, frames, y);
    depthwise_of<0>(w, bias, x, channels, taps, frames, y);
}

void norm(const float* weight, const float* bias, int channels, int frames, const float* x, float* y) {
    for (int t = 0; t < frames; t++, x += channels, y += channels) {
        V total = V{};
        int c = 0;
        for (; c + LANES <= channels; c += LANES) total += load(x + c);
        float mean = sum(total);
        for (; c < channels; c++) mean += x[c];
        mean /= static_cast<float>(channels);
        V squares = V{}, centre = all(mean);
        for (c = 0; c + LANES <= channels; c += LANES) {
            V d = load(x + c) - centre;
            squares = fused(d, d, squares);
        }
        float variance = sum(squares);
        for (; c < channels; c++) variance = fused(x[c] - mean, x[c] - mean, variance);
        float inverse = 1.0f / std::sqrt(variance / static_cast<float>(channels) + 1e-5f);
        // y may be x: written out, for a compiler would not dare
        for (c = 0; c + LANES <= channels; c += LANES)
            store(y + c, fused((load(x + c) - centre) * inverse, load(weight + c), load(bias + c)));
        for (; c < channels; c++) y[c] = fused((x[c] - mean) * inverse, weight[c], bias[c]);
    }
}

}  // namespace
}  // namespace melisma
