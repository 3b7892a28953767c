// Vectors of LANES floats: all that the other sections know of an instruction set.

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

// a · b + c, rounded once where the machine can. No compiler may do so by itself (-ffp-contract=off): each
// would choose other places, and for one frame others than for eight.
#ifdef FUSED
INLINE V fused(V a, V b, V c) { return fuse(a, b, c); }
INLINE float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
INLINE double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }
#else
INLINE V fused(V a, V b, V c) { return a * b + c; }
INLINE float fused(float a, float b, float c) { return a * b + c; }
INLINE double fused(double a, double b, double c) { return a * b + c; }
#endif

INLINE float sum(V v) {
    float sums[4] = {};
    for (int i = 0; i < LANES; i += 4)
        for (int k = 0; k < 4; k++) sums[k] += v[i + k];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

#ifdef HALVES
INLINE V load(const uint16_t* p) { return widen(p); }
#endif

}  // namespace
}  // namespace melisma
