// What matrices of all kinds of weights share: how their sums end, and how weights are asked for.

namespace melisma {
namespace {

// Loops over registers must vanish, or the sums would live in memory.
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

template <bool SCALED, bool ADDED>
INLINE void finish_as(const float* sums, int wide, int frames, const Matrix& a, const Epilogue& e, int output,
                      float* y) {
    int n = a.outputs - output < wide ? a.outputs - output : wide;
    const float *bias = a.bias + output, *scale = e.scale + (SCALED ? output : 0);
    for (int t = 0; t < frames; t++, sums += wide) {
        int64_t place = static_cast<int64_t>(t) * a.outputs + output;
        const float* add = e.add + (ADDED ? place : 0);
        float* to = y + place;
        int i = 0;
        for (; i + LANES <= n; i += LANES) {
            V v = load(sums + i) + load(bias + i);
            if (SCALED) v *= load(scale + i);
            if (ADDED) v += load(add + i);
            store(to + i, v);
        }
        for (; i < n; i++) {
            float v = sums[i] + bias[i];
            if (SCALED) v *= scale[i];
            if (ADDED) v += add[i];
            to[i] = v;
        }
    }
}

// Sums (frames, wide) of the outputs from `output` on → y. Apart from the tiles, so that these stay small.
__attribute__((noinline)) void finish(const float* sums, int wide, int frames, const Matrix& a,
                                      const Epilogue& e, int output, float* y) {
    if (e.scale && e.add) return finish_as<true, true>(sums, wide, frames, a, e, output, y);
    if (e.scale) return finish_as<true, false>(sums, wide, frames, a, e, output, y);
    if (e.add) return finish_as<false, true>(sums, wide, frames, a, e, output, y);
    finish_as<false, false>(sums, wide, frames, a, e, output, y);
}

// Between two blocks a host's other work empties the caches: then weights come from memory, at most a few
// lines of a page ahead of their reader, unless they are asked for earlier. What lies behind a matrix is the
// next one that is read.
#if defined(_MSC_VER)
#define PREFETCH(place) ((void)0)
#else
#define PREFETCH(place) __builtin_prefetch(reinterpret_cast<const void*>(place), 0, 2)
#endif
constexpr size_t AHEAD = 16384;  // bytes

}  // namespace
}  // namespace melisma
