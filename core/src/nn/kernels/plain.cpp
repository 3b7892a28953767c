// Kernels for any machine: vectors of four, which compilers turn into whatever the target has.
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

#include "nn/kernels/kernels.h"

#if defined(__SSE2__) || defined(__wasm_simd128__)
namespace {
typedef int32_t Counts4 __attribute__((vector_size(16)));
typedef int16_t Shorts8 __attribute__((vector_size(16)));
inline __attribute__((always_inline)) Counts4 add_pairs(Counts4 sums, Shorts8 w, Shorts8 x) {
#if defined(__SSE2__)
    return sums + (Counts4)_mm_madd_epi16((__m128i)w, (__m128i)x);
#else
    return sums + (Counts4)wasm_i32x4_dot_i16x8((v128_t)w, (v128_t)x);
#endif
}
}  // namespace
#define PAIRS
#endif

#define LANES 4
#if defined(__aarch64__) || defined(__wasm__)
#define REGISTERS 32
#else
#define REGISTERS 16
#endif
#if defined(__wasm_simd128__)
#define NAME "simd128"
#else
#define NAME "plain"
#endif
#include "nn/kernels/kernels.inl"

const melisma::Kernels* melisma::plain_kernels() { return &KERNELS; }
