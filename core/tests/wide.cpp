// The kernels as for AVX-512 (vectors of 16, 32 registers), on whatever the machine has: so that their shape
// is tested everywhere.
#define LANES 16
#define REGISTERS 32
#define NAME "wide"
#include "nn/kernels/kernels.inl"

const melisma::Kernels* wide_kernels() { return &melisma::KERNELS; }
