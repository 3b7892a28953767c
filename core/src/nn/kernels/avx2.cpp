// Kernels for AVX2 with FMA and F16C; compiled with -mavx2 -mfma -mf16c.
#include "nn/kernels/kernels.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#include <immintrin.h>

namespace {
inline __attribute__((always_inline)) __m256 widen(const uint16_t* p) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline __attribute__((always_inline)) __m256 fuse(__m256 a, __m256 b, __m256 c) {
    return _mm256_fmadd_ps(a, b, c);
}
inline __attribute__((always_inline)) __m256 about_reciprocal(__m256 d) { return _mm256_rcp_ps(d); }
typedef int32_t Counts8 __attribute__((vector_size(32)));
typedef int16_t Shorts16 __attribute__((vector_size(32)));
inline __attribute__((always_inline)) Counts8 add_pairs(Counts8 sums, Shorts16 w, Shorts16 x) {
    return sums + (Counts8)_mm256_madd_epi16((__m256i)w, (__m256i)x);
}
}  // namespace

#define LANES 8
#define REGISTERS 16
#define NAME "avx2"
#define HALVES
#define FUSED
#define RECIPROCAL
#define PAIRS
#include "nn/kernels/kernels.inl"

const melisma::Kernels* melisma::avx2_kernels() { return &KERNELS; }
#else
const melisma::Kernels* melisma::avx2_kernels() { return nullptr; }
#endif
