// The kernels, over vectors of LANES floats. Included by avx2.cpp and its neighbours, each of which defines
// LANES, REGISTERS and NAME, and, where the machine widens 16-bit floats, HALVES and `widen`, and where it
// multiplies and adds in one step, FUSED and `fuse`; where it knows a quick reciprocal, RECIPROCAL and
// `about_reciprocal`. Everything is in an unnamed
// namespace: code compiled for one instruction set must not be linked into another.

#include <cmath>
#include <cstring>

#include "nn/kernels/kernels.h"

#if defined(_MSC_VER)
#define INLINE __forceinline
#else
#define INLINE inline __attribute__((always_inline))
#endif

#include "nn/kernels/vectors.inl"
#include "nn/kernels/epilogue.inl"
#include "nn/kernels/matrix.inl"
#include "nn/kernels/bytes.inl"
#include "nn/kernels/functions.inl"
#include "nn/kernels/transforms.inl"
#include "nn/kernels/spectrum.inl"
#include "nn/kernels/phase.inl"

namespace melisma {
namespace {

#ifdef HALVES
constexpr bool READS_HALVES = true;
#else
constexpr bool READS_HALVES = false;
#endif

const Kernels KERNELS = {
    NAME,   LANES,     READS_HALVES, multiply_floats, multiply_bytes,   dot,       depthwise, norm,  gelu,
    leaky,  tangents,  forward,      inverse,         multiply_vectors, magnitude, logmel,    level, draft,
    refine, integrate, rotate,       overlap,
};

}  // namespace
}  // namespace melisma
