// Functions, branch-free so that loops over them become vectors; and the activations made of them.

namespace melisma {
namespace {

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
    float shifted =
        fused(x, 1.44269504f, 12582912.0f);  // 1.5 · 2^23: rounds to a whole number in the low bits
    float n = shifted - 12582912.0f;
    float r = fused(n, 2.12194440e-4f, fused(-n, 0.693359375f, x));
    float p = 1.3981999507e-3f;
    p = fused(p, r, 8.3334519073e-3f);
    p = fused(p, r, 4.1665795894e-2f);
    p = fused(p, r, 1.6666665459e-1f);
    p = fused(p, r, 5.0000001201e-1f);
    p = fused(p * r, r, r) + 1.0f;
    return p * bits<float>((bits<uint32_t>(shifted) + 127u) << 23);
}

INLINE float hyperbolic_tangent(float x) { return 1.0f - 2.0f / (exponential(2.0f * x) + 1.0f); }

// exp in double, |x| below 700; relative error below 1e-14
INLINE double exponential(double x) {
    double shifted = fused(x, 1.4426950408889634, 6755399441055744.0);
    double n = shifted - 6755399441055744.0;
    double r = fused(-n, 1.90821492927058770002e-10, fused(-n, 0.693147180369123816490, x));
    double p = 1.0 / 479001600;
    p = fused(p, r, 1.0 / 39916800);
    p = fused(p, r, 1.0 / 3628800);
    p = fused(p, r, 1.0 / 362880);
    p = fused(p, r, 1.0 / 40320);
    p = fused(p, r, 1.0 / 5040);
    p = fused(p, r, 1.0 / 720);
    p = fused(p, r, 1.0 / 120);
    p = fused(p, r, 1.0 / 24);
    p = fused(p, r, 1.0 / 6);
    p = fused(p, r, 0.5);
    p = fused(p, r, 1.0);
    p = fused(p, r, 1.0);
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
    p = fused(p, z, 2.0 / 17);
    p = fused(p, z, 2.0 / 15);
    p = fused(p, z, 2.0 / 13);
    p = fused(p, z, 2.0 / 11);
    p = fused(p, z, 2.0 / 9);
    p = fused(p, z, 2.0 / 7);
    p = fused(p, z, 2.0 / 5);
    p = fused(p, z, 2.0 / 3);
    return fused(e, 0.69314718055994530942, fused(2.0, s, p * z * s));
}

// cosine and sine in double of moderate angles (the quadrant is counted in doubles: |x| below 1e9); error
// below 1e-15
INLINE void turn(double x, double& c, double& s) {
    double shifted = fused(x, 0.63661977236758134308, 6755399441055744.0);
    double n = shifted - 6755399441055744.0;
    double r = fused(-n, 6.07710050650619224932e-11, fused(-n, 1.57079632673412561417, x));
    double z = r * r;
    double ps = 1.58969099521155010221e-10;
    ps = fused(ps, z, -2.50507602534068634195e-08);
    ps = fused(ps, z, 2.75573137070700676789e-06);
    ps = fused(ps, z, -1.98412698298579493134e-04);
    ps = fused(ps, z, 8.33333333332248946124e-03);
    ps = fused(ps, z, -1.66666666666666324348e-01);
    double sine = fused(r * z, ps, r);
    double pc = -1.13596475577881948265e-11;
    pc = fused(pc, z, 2.08757232129817482790e-09);
    pc = fused(pc, z, -2.75573143513906633035e-07);
    pc = fused(pc, z, 2.48015872894767294178e-05);
    pc = fused(pc, z, -1.38888888888741095749e-03);
    pc = fused(pc, z, 4.16666666666666019037e-02);
    double cosine = fused(z * z, pc, fused(-0.5, z, 1.0));
    uint64_t quadrant = bits<uint64_t>(shifted);
    uint64_t swap = 0 - (quadrant & 1);  // all ones where sine and cosine change places
    uint64_t bc = bits<uint64_t>(cosine), bs = bits<uint64_t>(sine);
    uint64_t a = (bc & ~swap) | (bs & swap), b = (bs & ~swap) | (bc & swap);
    c = bits<double>(a ^ ((((quadrant + 1) >> 1) & 1) << 63));
    s = bits<double>(b ^ (((quadrant >> 1) & 1) << 63));
}

// ---- activations
INLINE V reciprocal(V d) {
#ifdef RECIPROCAL
    V r = about_reciprocal(d);  // twelve bits or more; one round of Newton's
    return fused(r, fused(-d, r, all(1.0f)), r);
#else
    return 1.0f / d;
#endif
}

// v · σ(2 √(2/π) (v + 0.044715 v³)): tanh by the logistic function, whose exponential is of base 2, so that
// its argument needs no exact remainder; relative error of σ below 4e-7
INLINE V gelu(V v) {
    typedef uint32_t Words __attribute__((vector_size(LANES * 4)));
    const V most = all(126.0f), least = -most;
    V e = v * fused(v * v, all(-0.102943240f), all(-2.30220821f));
    e = e < least ? least : e;
    e = e > most ? most : e;
    V shifted = e + 12582912.0f, r = e - (shifted - 12582912.0f);
    V p = all(1.54353904e-4f);
    p = fused(p, r, all(1.33335581e-3f));
    p = fused(p, r, all(9.61812911e-3f));
    p = fused(p, r, all(5.55041087e-2f));
    p = fused(p, r, all(2.40226507e-1f));
    p = fused(p, r, all(6.93147181e-1f));
    p = fused(p, r, all(1.0f));
    return v * reciprocal(1.0f + bits<V>(bits<Words>(p) + (bits<Words>(shifted) << 23)));
}

void gelu(float* x, int channels, int frames) {
    int64_t n = static_cast<int64_t>(channels) * frames, i = 0;
    for (; i + LANES <= n; i += LANES) store(x + i, gelu(load(x + i)));
    if (i == n) return;
    float rest[LANES] = {};
    std::memcpy(rest, x + i, static_cast<size_t>(n - i) * sizeof(float));
    store(rest, gelu(load(rest)));
    std::memcpy(x + i, rest, static_cast<size_t>(n - i) * sizeof(float));
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

}  // namespace
}  // namespace melisma
