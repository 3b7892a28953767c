// Kernels for 64-bit ARM, where NEON and its widening of 16-bit floats are always there.
#include "nn/kernels/kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>

namespace {
inline __attribute__((always_inline)) float32x4_t widen(const uint16_t* p) {
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)));
}
inline __attribute__((always_inline)) float32x4_t fuse(float32x4_t a, float32x4_t b, float32x4_t c) {
    return vfmaq_f32(c, a, b);
}
inline __attribute__((always_inline)) int32x4_t add_pairs(int32x4_t sums, int16x8_t w, int16x8_t x) {
    int32x4_t low = vmull_s16(vget_low_s16(w), vget_low_s16(x));
    return vaddq_s32(sums, vpaddq_s32(low, vmull_high_s16(w, x)));
}
}  // namespace

#define LANES 4
#define REGISTERS 32
#define NAME "neon"
#define HALVES
#define FUSED
#define PAIRS
#include "nn/kernels/kernels.inl"

const melisma::Kernels* melisma::neon_kernels() { return &KERNELS; }
#else
const melisma::Kernels* melisma::neon_kernels() { return nullptr; }
#endif
