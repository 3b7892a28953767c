// Matrices of 8-bit weights for AVX-512 with VNNI, which multiplies pairs and adds them in one instruction;
// compiled with -mavx512vnni besides what avx512.cpp is compiled with. All else is that file's.
#include "nn/kernels/kernels.h"

#if defined(__AVX512VNNI__)
#include <cmath>
#include <cstring>
#include <immintrin.h>

namespace {
typedef int32_t Counts16 __attribute__((vector_size(64)));
typedef int16_t Shorts32 __attribute__((vector_size(64)));
inline __attribute__((always_inline)) Counts16 add_pairs(Counts16 sums, Shorts32 w, Shorts32 x) {
    return (Counts16)_mm512_dpwssd_epi32((__m512i)sums, (__m512i)w, (__m512i)x);
}
inline __attribute__((always_inline)) __m512 fuse(__m512 a, __m512 b, __m512 c) {
    return _mm512_fmadd_ps(a, b, c);
}
}  // namespace

#define INLINE inline __attribute__((always_inline))
#define LANES 16
#define REGISTERS 32
#define PAIRS
#define FUSED
#include "nn/kernels/vectors.inl"
#include "nn/kernels/epilogue.inl"
#include "nn/kernels/bytes.inl"

melisma::Multiply* melisma::avx512vnni_multiply() { return multiply_bytes; }
#else
melisma::Multiply* melisma::avx512vnni_multiply() { return nullptr; }
#endif
