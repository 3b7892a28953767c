// Kernels for AVX-512 (F, DQ, BW, VL); compiled with -mavx512f -mavx512dq -mavx512bw -mavx512vl and wide
// vectors preferred.
#include "nn/kernels/kernels.h"

#if defined(__AVX512F__) && defined(__AVX512DQ__)
#include <immintrin.h>

#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // in GCC's own header
#endif

namespace {
inline __attribute__((always_inline)) __m512 widen(const uint16_t* p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
inline __attribute__((always_inline)) __m512 fuse(__m512 a, __m512 b, __m512 c) {
    return _mm512_fmadd_ps(a, b, c);
}
inline __attribute__((always_inline)) __m512 about_reciprocal(__m512 d) { return _mm512_rcp14_ps(d); }
typedef int32_t Counts16 __attribute__((vector_size(64)));
typedef int16_t Shorts32 __attribute__((vector_size(64)));
inline __attribute__((always_inline)) Counts16 add_pairs(Counts16 sums, Shorts32 w, Shorts32 x) {
    return sums + (Counts16)_mm512_madd_epi16((__m512i)w, (__m512i)x);
}
}  // namespace

#define LANES 16
#define REGISTERS 32
#define NAME "avx512"
#define HALVES
#define FUSED
#define RECIPROCAL
#define PAIRS
#include "nn/kernels/kernels.inl"

const melisma::Kernels* melisma::avx512_kernels() { return &KERNELS; }
#else
const melisma::Kernels* melisma::avx512_kernels() { return nullptr; }
#endif
