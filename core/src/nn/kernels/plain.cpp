// Kernels for any machine: vectors of four, which compilers turn into whatever the target has.
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
