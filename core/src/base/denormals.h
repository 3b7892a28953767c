// Denormal numbers cost a hundred times what others do: within the core they are zero, and the host's own
// mode comes back.
#pragma once

#if defined(__x86_64__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

#include <cstdint>

namespace melisma {

class NoDenormals {
  public:
#if defined(__x86_64__) || defined(_M_X64)
    NoDenormals() : before_(_mm_getcsr()) {
        _mm_setcsr((before_ | 0x8040) & ~0x6000u);
    }  // FTZ, DAZ; to nearest
    ~NoDenormals() { _mm_setcsr(before_); }

  private:
    unsigned before_;
#elif defined(__aarch64__)
    NoDenormals() {
        __asm__ volatile("mrs %0, fpcr" : "=r"(before_));
        uint64_t now = (before_ | (1ull << 24)) & ~(3ull << 22);
        __asm__ volatile("msr fpcr, %0" : : "r"(now));
    }
    ~NoDenormals() { __asm__ volatile("msr fpcr, %0" : : "r"(before_)); }

  private:
    uint64_t before_;
#else
    NoDenormals() {}
    ~NoDenormals() {}
#endif
    NoDenormals(const NoDenormals&) = delete;
    NoDenormals& operator=(const NoDenormals&) = delete;
};

}  // namespace melisma
