// The kernels, over vectors of LANES floats. Included by each kernels_*.cpp, which defines LANES, REGISTERS
// and NAME, and, where the machine widens 16-bit floats, HALVES and `widen`. Everything is in an unnamed
// namespace: code compiled for one instruction set must not be linked into another.

#include <cmath>
#include <cstring>

#include "kernels.h"

#if defined(_MSC_VER)
#define INLINE __forceinline
#else
#define INLINE inline __attribute__((always_inline))
#endif

namespace melisma {
namespace {

typedef float V __attribute__((vector_size(LANES * 4)));

INLINE V load(const float* p) {
    V v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
INLINE void store(float* p, V v) { std::memcpy(p, &v, sizeof v); }
INLINE V all(float s) { return s - V{}; }  // s − 0 is s, to the sign of its zero: so no subtraction is left
INLINE float sum(V v) {
    float sums[4] = {};
    for (int i = 0; i < LANES; i += 4)
        for (int k = 0; k < 4; k++) sums[k] += v[i + k];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

#ifdef HALVES
INLINE V load(const uint16_t* p) { return widen(p); }
#endif

// ---- matrices

// Loops over registers must vanish, or the sums would live in memory.
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

// Sums (frames, wide) of the outputs from `output` on → y. Apart from the tiles, so that these stay small.
__attribute__((noinline)) void finish(const float* sums, int wide, int frames, const Matrix& a,
                                      const Epilogue& e, int output, float* y) {
    int n = a.outputs - output < wide ? a.outputs - output : wide;
    const float *bias = a.bias + output, *scale = e.scale ? e.scale + output : nullptr;
    for (int t = 0; t < frames; t++, sums += wide) {
        int64_t place = static_cast<int64_t>(t) * a.outputs + output;
        const float* add = e.add ? e.add + place : nullptr;
        float* to = y + place;
        int i = 0;
        for (; i + LANES <= n; i += LANES) {
            V v = load(sums + i) + load(bias + i);
            if (scale) v *= load(scale + i);
            if (add) v += load(add + i);
            store(to + i, v);
        }
        for (; i < n; i++) {
            float v = sums[i] + bias[i];
            if (scale) v *= scale[i];
            if (add) v += add[i];
            to[i] = v;
        }
    }
}

// Between two blocks a host's other work empties the caches: then weights come from memory, at most a few lines of a page
// ahead of their reader, unless they are asked for earlier. What lies behind a matrix is the next one that is read.
#if defined(_MSC_VER)
#define PREFETCH(place) ((void)0)
#else
#define PREFETCH(place) __builtin_prefetch(reinterpret_cast<const void*>(place))
#endif
constexpr size_t AHEAD = 4096;  // bytes

// R vectors of outputs by T frames, summed over taps and inputs in registers.
template <class W, int R, int T>
INLINE void tile(const W* w, int64_t panel, const float* x, const Matrix& a, int64_t step, const Epilogue& e,
                 int output, float* y) {
    constexpr int VECTOR = LANES * static_cast<int>(sizeof(W)), LINE = VECTOR < 64 ? 64 / VECTOR : 1;  // vectors in a cache line
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
                for (int r = 0; r < R; r++) sums[r][t] += ws[r] * v;
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

void multiply(const Matrix& a, const float* x, int64_t step, int frames, const Epilogue& e, float* y) {
#ifdef HALVES
    if (a.half) return multiply_as<uint16_t>(a, x, step, frames, e, y);
#endif
    multiply_as<float>(a, x, step, frames, e, y);
}

void dot(const float* w, float bias, const float* x, int inputs, int taps, int frames, float* y) {
    int n = inputs * taps;
    for (int t = 0; t < frames; t++, x += inputs) {
        V a = V{}, b = V{};
        int i = 0;
        for (; i + 2 * LANES <= n; i += 2 * LANES) {
            a += load(w + i) * load(x + i);
            b += load(w + i + LANES) * load(x + i + LANES);
        }
        if (i + LANES <= n) a += load(w + i) * load(x + i), i += LANES;
        float s = sum(a + b) + bias;
        for (; i < n; i++) s += w[i] * x[i];
        y[t] = s;
    }
}

void depthwise(const float* w, const float* bias, const float* x, int channels, int taps, int frames,
               float* y) {
    for (int t = 0; t < frames; t++, x += channels, y += channels) {
        int c = 0;
        for (; c + LANES <= channels; c += LANES) {
            V s = load(bias + c);
            for (int k = 0; k < taps; k++) s += load(w + k * channels + c) * load(x + k * channels + c);
            store(y + c, s);
        }
        for (; c < channels; c++) {
            float s = bias[c];
            for (int k = 0; k < taps; k++) s += w[k * channels + c] * x[k * channels + c];
            y[c] = s;
        }
    }
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
            squares += d * d;
        }
        float variance = sum(squares);
        for (; c < channels; c++) variance += (x[c] - mean) * (x[c] - mean);
        float inverse = 1.0f / std::sqrt(variance / static_cast<float>(channels) + 1e-5f);
        for (c = 0; c < channels; c++) y[c] = (x[c] - mean) * inverse * weight[c] + bias[c];
    }
}

// ---- functions, branch-free so that loops over them become vectors

template <class To, class From>
INLINE To bits(From from) {
    static_assert(sizeof(To) == sizeof(From), "");
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}

// exp, relative error below 2e-7; within what a float holds
INLINE float exponential(float x) {
    x = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
    float shifted = x * 1.44269504f + 12582912.0f;  // 1.5 · 2^23: rounds to a whole number in the low bits
    float n = shifted - 12582912.0f;
    float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = (p * r) * r + r + 1.0f;
    return p * bits<float>((bits<uint32_t>(shifted) + 127u) << 23);
}

INLINE float hyperbolic_tangent(float x) { return 1.0f - 2.0f / (exponential(2.0f * x) + 1.0f); }

// exp in double, |x| below 700; relative error below 1e-14
INLINE double exponential(double x) {
    double shifted = x * 1.4426950408889634 + 6755399441055744.0;
    double n = shifted - 6755399441055744.0;
    double r = x - n * 0.693147180369123816490 - n * 1.90821492927058770002e-10;
    double p = 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    return p * bits<double>((bits<uint64_t>(shifted) + 1023) << 52);
}

// log in double of a normal number; error below 1e-15
INLINE double logarithm(double x) {
    const uint64_t middle = 0x3fe6a09e667f3bcdull;  // sqrt(1/2)
    uint64_t b = bits<uint64_t>(x) + (0x3ff0000000000000ull - middle);
    double e = bits<double>((b >> 52) | 0x4330000000000000ull) - (4503599627370496.0 + 1023.0);
    double m = bits<double>((b & 0x000fffffffffffffull) + middle);
    double s = (m - 1.0) / (m + 1.0), z = s * s;
    double p = 2.0 / 19;
    p = p * z + 2.0 / 17;
    p = p * z + 2.0 / 15;
    p = p * z + 2.0 / 13;
    p = p * z + 2.0 / 11;
    p = p * z + 2.0 / 9;
    p = p * z + 2.0 / 7;
    p = p * z + 2.0 / 5;
    p = p * z + 2.0 / 3;
    return e * 0.69314718055994530942 + (p * z * s + 2.0 * s);
}

// cosine and sine in double of moderate angles (the quadrant is counted in doubles: |x| below 1e9); error
// below 1e-15
INLINE void turn(double x, double& c, double& s) {
    double shifted = x * 0.63661977236758134308 + 6755399441055744.0;
    double n = shifted - 6755399441055744.0;
    double r = x - n * 1.57079632673412561417 - n * 6.07710050650619224932e-11;
    double z = r * r;
    double ps = 1.58969099521155010221e-10;
    ps = ps * z - 2.50507602534068634195e-08;
    ps = ps * z + 2.75573137070700676789e-06;
    ps = ps * z - 1.98412698298579493134e-04;
    ps = ps * z + 8.33333333332248946124e-03;
    ps = ps * z - 1.66666666666666324348e-01;
    double sine = r + r * z * ps;
    double pc = -1.13596475577881948265e-11;
    pc = pc * z + 2.08757232129817482790e-09;
    pc = pc * z - 2.75573143513906633035e-07;
    pc = pc * z + 2.48015872894767294178e-05;
    pc = pc * z - 1.38888888888741095749e-03;
    pc = pc * z + 4.16666666666666019037e-02;
    double cosine = 1.0 - 0.5 * z + z * z * pc;
    uint64_t quadrant = bits<uint64_t>(shifted);
    uint64_t swap = 0 - (quadrant & 1);  // all ones where sine and cosine change places
    uint64_t bc = bits<uint64_t>(cosine), bs = bits<uint64_t>(sine);
    uint64_t a = (bc & ~swap) | (bs & swap), b = (bs & ~swap) | (bc & swap);
    c = bits<double>(a ^ ((((quadrant + 1) >> 1) & 1) << 63));
    s = bits<double>(b ^ (((quadrant >> 1) & 1) << 63));
}

// ---- activations

void gelu(float* x, int channels, int frames) {
    for (int t = 0; t < frames; t++, x += channels)
        for (int c = 0; c < channels; c++) {
            float v = x[c];
            float u = 1.5957691216f *
                      (v + 0.044715f * v * v * v);  // twice sqrt(2 / pi): tanh by the logistic function
            x[c] = v / (1.0f + exponential(-u));
        }
}

void leaky(const float* x, int64_t n, float* y) {
    for (int64_t i = 0; i < n; i++) y[i] = x[i] >= 0 ? x[i] : 0.2f * x[i];
}

void tangents(float* x, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        float v = hyperbolic_tangent(x[i]);
        x[i] = v == v ? v : 0;  // NaN, from a damaged model, becomes silence
    }
}

// ---- Fourier transform: Stockham's, over split arrays; the next radix first

// One stage from (x, u) to (y, v): Y[q + s (r p + j)] = w^(p j) Σ_k x[q + s (p + m k)] root^(j k)
void stage2(const FftStage& f, const float* xr, const float* xi, float* yr, float* yi) {
    int s = f.stride;
    for (int p = 0; p < f.m; p++) {
        float c = f.cosine[p], d = f.sine[p];
        const float *ar = xr + s * p, *ai = xi + s * p, *br = ar + s * f.m, *bi = ai + s * f.m;
        float *or0 = yr + s * 2 * p, *oi0 = yi + s * 2 * p, *or1 = or0 + s, *oi1 = oi0 + s;
        for (int q = 0; q < s; q++) {
            float dr = ar[q] - br[q], di = ai[q] - bi[q];
            or0[q] = ar[q] + br[q];
            oi0[q] = ai[q] + bi[q];
            or1[q] = dr * c - di * d;
            oi1[q] = dr * d + di * c;
        }
    }
}

struct Four {
    float r[4], i[4];
};

INLINE Four butterfly(float ar, float ai, float br, float bi, float cr, float ci, float dr, float di) {
    float sr = ar + cr, si = ai + ci, tr = ar - cr, ti = ai - ci;
    float ur = br + dr, ui = bi + di, vr = bi - di, vi = dr - br;  // v = −i (b − d)
    return {{sr + ur, tr + vr, sr - ur, tr - vr}, {si + ui, ti + vi, si - ui, ti - vi}};
}

void stage4(const FftStage& f, const float* __restrict xr, const float* __restrict xi, float* __restrict yr,
            float* __restrict yi) {
    int s = f.stride, m = f.m;
    const float *c1 = f.cosine, *c2 = c1 + m, *c3 = c2 + m, *s1 = f.sine, *s2 = s1 + m, *s3 = s2 + m;
    if (s == 1) {  // neighbours are different p
        for (int p = 0; p < m; p++) {
            Four z = butterfly(xr[p], xi[p], xr[p + m], xi[p + m], xr[p + 2 * m], xi[p + 2 * m],
                               xr[p + 3 * m], xi[p + 3 * m]);
            yr[4 * p] = z.r[0], yi[4 * p] = z.i[0];
            yr[4 * p + 1] = z.r[1] * c1[p] - z.i[1] * s1[p], yi[4 * p + 1] = z.r[1] * s1[p] + z.i[1] * c1[p];
            yr[4 * p + 2] = z.r[2] * c2[p] - z.i[2] * s2[p], yi[4 * p + 2] = z.r[2] * s2[p] + z.i[2] * c2[p];
            yr[4 * p + 3] = z.r[3] * c3[p] - z.i[3] * s3[p], yi[4 * p + 3] = z.r[3] * s3[p] + z.i[3] * c3[p];
        }
        return;
    }
    for (int p = 0; p < m; p++) {
        float a1 = c1[p], a2 = c2[p], a3 = c3[p], b1 = s1[p], b2 = s2[p], b3 = s3[p];
        const float *pr = xr + s * p, *pi = xi + s * p;
        float *qr = yr + 4 * s * p, *qi = yi + 4 * s * p;
        int k = s * m;
        for (int q = 0; q < s; q++) {
            Four z = butterfly(pr[q], pi[q], pr[q + k], pi[q + k], pr[q + 2 * k], pi[q + 2 * k],
                               pr[q + 3 * k], pi[q + 3 * k]);
            qr[q] = z.r[0], qi[q] = z.i[0];
            qr[q + s] = z.r[1] * a1 - z.i[1] * b1, qi[q + s] = z.r[1] * b1 + z.i[1] * a1;
            qr[q + 2 * s] = z.r[2] * a2 - z.i[2] * b2, qi[q + 2 * s] = z.r[2] * b2 + z.i[2] * a2;
            qr[q + 3 * s] = z.r[3] * a3 - z.i[3] * b3, qi[q + 3 * s] = z.r[3] * b3 + z.i[3] * a3;
        }
    }
}

// Any radix, for odd frame sizes: slow and exact.
void stage_any(const FftStage& f, const float* xr, const float* xi, float* yr, float* yi) {
    int s = f.stride, m = f.m, r = f.radix;
    for (int p = 0; p < m; p++)
        for (int q = 0; q < s; q++)
            for (int j = 0; j < r; j++) {
                double re = 0, im = 0;
                for (int k = 0, w = 0; k < r; k++) {
                    double a = xr[q + s * (p + m * k)], b = xi[q + s * (p + m * k)];
                    re += a * f.root_cosine[w] - b * f.root_sine[w];
                    im += a * f.root_sine[w] + b * f.root_cosine[w];
                    w = w + j < r ? w + j : w + j - r;
                }
                double c = j ? f.cosine[(j - 1) * m + p] : 1, d = j ? f.sine[(j - 1) * m + p] : 0;
                int to = q + s * (r * p + j);
                yr[to] = static_cast<float>(re * c - im * d);
                yi[to] = static_cast<float>(re * d + im * c);
            }
}

// The complex transform of what lies at work[0 …]; → where it lies then.
float* transform(const FftPlan& plan, float* from, float* to, int pitch) {
    for (int i = 0; i < plan.stages; i++) {
        const FftStage& stage = plan.stage[i];
        auto run = stage.radix == 4 ? stage4 : stage.radix == 2 ? stage2 : stage_any;
        run(stage, from, from + pitch, to, to + pitch);
        float* other = from;
        from = to;
        to = other;
    }
    return from;
}

void forward(const FftPlan& plan, const float* x, float* re, float* im) {
    int h = plan.length, pitch = h + 16;
    float *work = plan.work, *other = work + 2 * pitch;
    if (h == plan.size) {  // odd
        for (int n = 0; n < h; n++) work[n] = x[n], work[pitch + n] = 0;
        const float* z = transform(plan, work, other, pitch);
        for (int k = 0; k <= h / 2; k++) re[k] = z[k], im[k] = z[pitch + k];
        return;
    }
    for (int n = 0; n < h; n++) work[n] = x[2 * n], work[pitch + n] = x[2 * n + 1];
    float *zr = transform(plan, work, other, pitch), *zi = zr + pitch;
    zr[h] = zr[0], zi[h] = zi[0];
    for (int k = 0; k <= h; k++) {
        float ar = zr[k] + zr[h - k], ai = zi[k] - zi[h - k], br = zi[k] + zi[h - k], bi = zr[h - k] - zr[k];
        float c = plan.cosine[k], s = plan.sine[k];
        re[k] = 0.5f * (ar + br * c - bi * s);
        im[k] = 0.5f * (ai + br * s + bi * c);
    }
}

void inverse(const FftPlan& plan, const float* re, const float* im, float* x) {
    int h = plan.length, pitch = h + 16;
    float *work = plan.work, *other = work + 2 * pitch;
    // real and imaginary parts change places: so the forward transform is the inverse
    if (h == plan.size) {
        work[0] = 0, work[pitch] = re[0];
        for (int k = 1; k <= h / 2; k++) {
            work[k] = im[k], work[pitch + k] = re[k];
            work[h - k] = -im[k], work[pitch + h - k] = re[k];
        }
        const float* z = transform(plan, work, other, pitch);
        for (int n = 0; n < h; n++) x[n] = z[pitch + n];
        return;
    }
    float *zr = work + pitch, *zi = work;
    for (int k = 0; k < h; k++) {
        float yr = re[h - k], yi = im[h - k];
        float ar = re[k] + yr, ai = im[k] - yi, br = re[k] - yr, bi = im[k] + yi;
        float c = plan.cosine[k], s = -plan.sine[k];
        float orr = br * c - bi * s, oi = br * s + bi * c;
        zr[k] = ar - oi;
        zi[k] = ai + orr;
    }
    // the imaginary parts of the first and last bin count for nothing
    zr[0] = re[0] + re[h], zi[0] = re[0] - re[h];
    const float* z = transform(plan, work, other, pitch);
    for (int n = 0; n < h; n++) x[2 * n] = z[pitch + n], x[2 * n + 1] = z[n];
}

// ---- spectra

void multiply_vectors(const float* a, const float* b, int n, float* y) {
    for (int i = 0; i < n; i++) y[i] = a[i] * b[i];
}

void magnitude(const float* re, const float* im, float scale, int n, float* y) {
    for (int i = 0; i < n; i++) y[i] = std::sqrt(re[i] * re[i] + im[i] * im[i]) * scale;
}

// Σ a b in four sums side by side: one alone would wait for each addition.
template <class T>
INLINE T products(const float* a, const T* b, int n) {
    T sums[4] = {};
    int i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++) sums[k] += a[i + k] * b[i + k];
    for (; i < n; i++) sums[0] += a[i] * b[i];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

void logmel(const BankView& bank, const float* magnitude, float* mel) {
    for (int j = 0; j < bank.bands; j++) {
        float s = products(bank.weights + bank.offset[j], magnitude + bank.start[j], bank.width[j]);
        mel[j] = s > 1e-8f ? s : 1e-8f;
    }
    for (int j = 0; j < bank.bands; j++)
        mel[j] =
            static_cast<float>(1.0 + logarithm(static_cast<double>(mel[j])) * (0.43429448190325182765 / 5));
}

void level(const float* log_weights, int bands, float* mel) {
    constexpr float PER_BEL =
        23.0258509f;  // 10 ln 10: natural logarithms of power in a relative mel's unit of 100 dB
    float most = -1e30f;
    for (int j = 0; j < bands; j++) {
        float power = PER_BEL * (mel[j] - 0.7f) + log_weights[j];
        most = power > most ? power : most;
    }
    double total = 0;
    for (int first = 0; first < bands; first += 64) {
        int n = bands - first < 64 ? bands - first : 64;
        float powers[64];
        for (int j = 0; j < n; j++)
            powers[j] = exponential(PER_BEL * (mel[first + j] - 0.7f) + log_weights[first + j] - most);
        for (int j = 0; j < n; j++) total += static_cast<double>(powers[j]);
    }
    float implied =
        static_cast<float>((static_cast<double>(most) + logarithm(total)) / static_cast<double>(PER_BEL));
    for (int j = 0; j < bands; j++) mel[j] -= implied;
}

constexpr double FLOOR = 1e-7;  // magnitude below which nothing is audible

void draft(const BankView& bank, const double* total, int rounds, const float* mel, double* work,
           float* out) {
    int bins = bank.bins, bands = bank.bands;
    double *value = work, *target = value + bins, *seen = target + bins, *have = seen + bins;
    for (int m = 0; m < bins; m++) target[m] = 0;
    for (int j = 0; j < bands; j++) {
        double linear = exponential(11.512925464970228420 * (static_cast<double>(mel[j]) - 1.0)) -
                        1e-5;               // 10^(5 (v − 1))
        have[j] = linear > 0 ? linear : 0;  // 0 is silence, not noise at −100 dBFS
    }
    for (int j = 0; j < bands; j++) {
        const float* w = bank.weights + bank.offset[j];
        double* t = target + bank.start[j];
        for (int i = 0; i < bank.width[j]; i++) t[i] += w[i] * have[j];
    }
    for (int m = 0; m < bins; m++) {
        double v = target[m] / (total[m] > 0 ? total[m] : 1);
        value[m] = total[m] > 0 ? (v > FLOOR ? v : FLOOR) : 0;
    }
    for (int n = 0; n < rounds; n++) {
        for (int m = 0; m < bins; m++) seen[m] = 1e-20;
        for (int j = 0; j < bands; j++) {
            const float* w = bank.weights + bank.offset[j];
            double s = products(w, value + bank.start[j], bank.width[j]);
            double* t = seen + bank.start[j];
            for (int i = 0; i < bank.width[j]; i++) t[i] += w[i] * s;
        }
        for (int m = 0; m < bins; m++) value[m] *= target[m] / seen[m];
    }
    for (int m = 0; m < bins; m++) out[m] = static_cast<float>(value[m] > FLOOR ? value[m] : FLOOR);
}

void refine(const float* correction, int n, float* magnitude) {
    for (int m = 0; m < n; m++)
        magnitude[m] *= exponential(3.0f * hyperbolic_tangent(correction[m] * (1.0f / 3.0f)));
}

// ---- phases: src/melisma/training/vocoders/integration.py, loop for loop

constexpr int ROUNDS = 3;
constexpr double PI = 3.14159265358979323846;
constexpr double LOUDEST = 1e6;  // magnitude; only a damaged model goes beyond, or gives no number at all

void integrate(const Phases& state, const float* magnitude, const float* turns, float* re, float* im) {
    const int bins = state.bins;
    double* __restrict cosine = state.cosine;
    double* __restrict sine = state.sine;
    double* __restrict last = state.last;
    double* __restrict older = state.older;
    double* __restrict before = state.before;
    double* __restrict energy = state.energy;
    double* __restrict log = state.log;
    double* __restrict weight = state.weight;
    double* __restrict advance = state.advance;
    double* __restrict turn_c = state.turn_c;
    double* __restrict turn_s = state.turn_s;
    double* __restrict past_c = state.past_c;
    double* __restrict past_s = state.past_s;
    double* __restrict told_c = state.told_c;
    double* __restrict told_s = state.told_s;
    double* __restrict says_c = state.says_c;
    double* __restrict says_s = state.says_s;
    for (int m = 0; m < bins; m++) {
        double v = static_cast<double>(magnitude[m]);
        v = v > FLOOR ? v : FLOOR;  // NaN, too, becomes silence
        v = v < LOUDEST ? v : LOUDEST;
        weight[m] = v * v;
        log[m] = logarithm(v);
    }
    const double half = state.per_time * 0.5;
    advance[0] = state.per_time * (log[1] - log[0]) + state.steady[0];
    for (int m = 1; m < bins - 1; m++) advance[m] = half * (log[m + 1] - log[m - 1]) + state.steady[m];
    advance[bins - 1] = state.per_time * (log[bins - 1] - log[bins - 2]) + state.steady[bins - 1];
    // the past, advanced, speaks with the energy its bin had
    for (int m = 0; m < bins; m++) {
        double c, s;
        turn((before[m] + advance[m]) * 0.5, c, s);
        told_c[m] = past_c[m] = energy[m] * (cosine[m] * c - sine[m] * s);
        told_s[m] = past_s[m] = energy[m] * (cosine[m] * s + sine[m] * c);
    }
    for (int m = 0; m < bins; m++)
        says_c[m] = 3 * log[m] - 4 * last[m] + older[m];  // twice the slope over time
    for (int m = 0; m < bins - 1; m++)
        turn(-PI - state.per_bin * 0.25 * (says_c[m] + says_c[m + 1]), turn_c[m], turn_s[m]);
    turn_c[bins - 1] = turn_s[bins - 1] = 0;
    says_c[-1] = says_s[-1] = says_c[bins] = says_s[bins] = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int m = 0; m < bins; m++) {
            double size = std::sqrt(told_c[m] * told_c[m] + told_s[m] * told_s[m]) + 1e-30;
            double share = weight[m] / size;
            share = share < 1.0 ? share : 1.0;
            says_c[m] = told_c[m] * share;
            says_s[m] = told_s[m] * share;
        }
        for (int m = 0; m < bins; m++) {
            double lc = turn_c[m - 1], ls = turn_s[m - 1], hc = turn_c[m], hs = turn_s[m];
            told_c[m] = past_c[m] + (says_c[m - 1] * lc - says_s[m - 1] * ls) +
                        (says_c[m + 1] * hc + says_s[m + 1] * hs);
            told_s[m] = past_s[m] + (says_c[m - 1] * ls + says_s[m - 1] * lc) +
                        (says_s[m + 1] * hc - says_c[m + 1] * hs);
        }
    }
    for (int m = 0; m < bins; m++) {
        double size = std::sqrt(told_c[m] * told_c[m] + told_s[m] * told_s[m]);
        double inverse = 1.0 / (size > 1e-30 ? size : 1.0);
        double c = size > 1e-30 ? told_c[m] * inverse : cosine[m],
               s = size > 1e-30 ? told_s[m] * inverse : sine[m];
        cosine[m] = c;
        sine[m] = s;
        older[m] = last[m];
        last[m] = log[m];
        before[m] = advance[m];
        energy[m] = weight[m];
        float v = magnitude[m] > 0 ? magnitude[m] : 0;
        v = v < static_cast<float>(LOUDEST) ? v : static_cast<float>(LOUDEST);
        re[m] = v * static_cast<float>(c);
        im[m] = v * static_cast<float>(s);
    }
    if (turns)
        for (int m = 0; m < bins; m++) {
            double c, s;
            double angle = turns[m];
            turn(angle > -1e6 && angle < 1e6 ? angle : 0, c, s);
            float a = re[m], b = im[m], fc = static_cast<float>(c), fs = static_cast<float>(s);
            re[m] = a * fc - b * fs;
            im[m] = a * fs + b * fc;
        }
}

void overlap(const float* frame, const float* window, int n, float* y) {
    for (int i = 0; i < n; i++) y[i] += frame[i] * window[i];
}

#ifdef HALVES
constexpr bool READS_HALVES = true;
#else
constexpr bool READS_HALVES = false;
#endif

const Kernels KERNELS = {
    NAME,    LANES,   READS_HALVES,     multiply,  dot,    depthwise, norm,  gelu,   leaky,     tangents,
    forward, inverse, multiply_vectors, magnitude, logmel, level,     draft, refine, integrate, overlap,
};

}  // namespace
}  // namespace melisma
