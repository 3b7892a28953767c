// Matrices of 8-bit weights. A frame's inputs are rounded to 16 bits by a scale of their own, products are
// summed as whole numbers: exact, so these sums are the same on every machine and for any number of frames. A
// quarter of the bytes of floats is read.

namespace melisma {
namespace {

typedef int32_t Counts __attribute__((vector_size(LANES * 4)));
typedef int16_t Shorts __attribute__((vector_size(LANES * 4)));  // two for each count
typedef int8_t Bytes __attribute__((vector_size(LANES * 2)));
typedef int16_t HalfShorts __attribute__((vector_size(LANES * 2)));

// sums + w[2i] · x[2i] + w[2i + 1] · x[2i + 1]
#if !defined(PAIRS)
INLINE Counts add_pairs(Counts sums, Shorts w, Shorts x) {
    for (int i = 0; i < LANES; i++)
        sums[i] +=
            static_cast<int32_t>(w[2 * i]) * x[2 * i] + static_cast<int32_t>(w[2 * i + 1]) * x[2 * i + 1];
    return sums;
}
#endif

INLINE Shorts widened(const int8_t* p) {
    Bytes b;
    std::memcpy(&b, p, sizeof b);
    return __builtin_convertvector(b, Shorts);
}

// The two inputs that lie at p, beside each other for every count.
INLINE Shorts both(const int16_t* p) {
    int32_t two;
    std::memcpy(&two, p, 4);
    Counts c = Counts{} + two;
    Shorts s;
    std::memcpy(&s, &c, sizeof s);
    return s;
}

// One frame's inputs of all taps → whole numbers, zeros up to an even count. → what one of them stands for
INLINE float round_inputs(const float* x, const Matrix& a, int64_t step, int16_t* q) {
    V tops = V{};
    float top = 0;
    for (int k = 0; k < a.taps; k++) {
        const float* from = x + k * step;
        int i = 0;
        for (; i + LANES <= a.inputs; i += LANES) {
            V v = load(from + i), magnitude = v < 0.0f ? -v : v;
            tops = magnitude > tops ? magnitude : tops;
        }
        for (; i < a.inputs; i++) {
            float magnitude = from[i] < 0 ? -from[i] : from[i];
            top = magnitude > top ? magnitude : top;
        }
    }
    for (int i = 0; i < LANES; i++) top = tops[i] > top ? tops[i] : top;
    const int count = a.inputs * a.taps;
    if (!(top > 1e-30f && top < 1e30f)) {  // silence, or a damaged model's absurd numbers
        std::memset(q, 0, static_cast<size_t>(count + 1) / 2 * 4);
        return 0;
    }
    const float most = static_cast<float>(byte_span(count)), scale = most / top;
    constexpr float ROUND =
        12582912.0f;  // 1.5 · 2^23: what is added to it is rounded to a whole number in the low 16 bits
    for (int k = 0; k < a.taps; k++, q += a.inputs) {
        const float* from = x + k * step;
        int i = 0;
        for (; i + LANES <= a.inputs; i += LANES) {
            V v = load(from + i) * scale;
            v = v >= -40000.0f ? v : V{};  // NaN is 0
            V shifted = v + ROUND;
            Counts c;
            std::memcpy(&c, &shifted, sizeof c);
            HalfShorts h = __builtin_convertvector(c, HalfShorts);
            std::memcpy(q + i, &h, sizeof h);
        }
        for (; i < a.inputs; i++) {
            float v = from[i] * scale;
            v = v >= -40000.0f ? v : 0;
            float shifted = v + ROUND;
            int32_t c;
            std::memcpy(&c, &shifted, 4);
            q[i] = static_cast<int16_t>(c);
        }
    }
    if (count & 1) *q = 0;
    return top / most;
}

// How far apart the whole numbers of two frames lie: always the same, so that one place tells those of all;
// not where a cache would keep them in each other's stead.
constexpr int APART = BYTE_ROW + 32;

// R vectors of outputs by T frames. w: in a panel whose rows are so many bytes wide.
template <int R, int T>
INLINE void byte_tile(const int8_t* w, int wide, const int16_t* q, int pairs, const float* steps,
                      const Matrix& a, const Epilogue& e, int output, float* y) {
    Counts sums[R][T];
    UNROLL
    for (int r = 0; r < R; r++) {
        UNROLL
        for (int t = 0; t < T; t++) sums[r][t] = Counts{};
    }
    constexpr int VECTOR = LANES * 2, AHEAD_BYTES = static_cast<int>(AHEAD);
    for (int p = 0; p < pairs; p++, w += wide, q += 2) {
        UNROLL
        for (int line = 0; line < R * VECTOR; line += 64) PREFETCH(w + line + AHEAD_BYTES);
        Shorts xs[T];
        UNROLL
        for (int t = 0; t < T; t++) xs[t] = both(q + t * APART);
        UNROLL
        for (int r = 0; r < R; r++) {
            Shorts v = widened(w + r * VECTOR);
            UNROLL
            for (int t = 0; t < T; t++) sums[r][t] = add_pairs(sums[r][t], v, xs[t]);
        }
    }
    float kept[T * R * LANES];
    UNROLL
    for (int r = 0; r < R; r++) {
        V scale = load(a.scale + output + r * LANES);
        UNROLL
        for (int t = 0; t < T; t++)
            store(kept + (t * R + r) * LANES, __builtin_convertvector(sums[r][t], V) * (scale * steps[t]));
    }
    finish(kept, R * LANES, T, a, e, output, y);
}

// Vectors of weights at once for so many frames: what the registers hold sums for, beside a widened vector
// and the frames' inputs. To widen takes time, too: many frames by two vectors are quicker than two frames by
// four.
constexpr int byte_rows(int frames) { return REGISTERS >= 32 || frames < 3 ? 4 : 2; }

template <int T>
void byte_panels(const Matrix& a, const int16_t* q, const float* steps, const Epilogue& e, float* y) {
    constexpr int R = byte_rows(T), VECTOR = LANES * 2;
    const int8_t* w = static_cast<const int8_t*>(a.data);
    const int vectors = (a.outputs + LANES - 1) / LANES, pairs = (a.inputs * a.taps + 1) / 2;
    for (int first = 0; first < vectors; first += BYTE_PANEL) {
        const int there = vectors - first < BYTE_PANEL ? vectors - first : BYTE_PANEL, wide = there * VECTOR;
        int r = 0;
        for (; r + R <= there; r += R)
            byte_tile<R, T>(w + r * VECTOR, wide, q, pairs, steps, a, e, (first + r) * LANES, y);
        if constexpr (R > 2)
            for (; r + 2 <= there; r += 2)
                byte_tile<2, T>(w + r * VECTOR, wide, q, pairs, steps, a, e, (first + r) * LANES, y);
        for (; r < there; r++)
            byte_tile<1, T>(w + r * VECTOR, wide, q, pairs, steps, a, e, (first + r) * LANES, y);
        w += static_cast<int64_t>(pairs) * wide;
    }
}

constexpr int BYTE_FRAMES = 4;  // at once

void multiply_bytes(const Matrix& a, const float* x, int64_t step, int frames, const Epilogue& epilogue,
                    float* y) {
    Epilogue e = epilogue;
    int16_t q[BYTE_FRAMES * APART];
    float steps[BYTE_FRAMES];
    while (frames > 0) {
        const int n = frames < BYTE_FRAMES ? frames : BYTE_FRAMES;
        for (int t = 0; t < n; t++)
            steps[t] = round_inputs(x + static_cast<int64_t>(t) * a.inputs, a, step, q + t * APART);
        if (n == 1)
            byte_panels<1>(a, q, steps, e, y);
        else if (n == 2)
            byte_panels<2>(a, q, steps, e, y);
        else if (n == 3)
            byte_panels<3>(a, q, steps, e, y);
        else
            byte_panels<4>(a, q, steps, e, y);
        frames -= n;
        x += static_cast<int64_t>(n) * a.inputs;
        y += static_cast<int64_t>(n) * a.outputs;
        if (e.add) e.add += static_cast<int64_t>(n) * a.outputs;
    }
}

}  // namespace
}  // namespace melisma
