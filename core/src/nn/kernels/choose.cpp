#include "nn/kernels/kernels.h"

#include <cstring>

#if defined(__x86_64__) || defined(_M_X64)
#include <cpuid.h>
#endif

namespace melisma {

#if defined(__x86_64__) || defined(_M_X64)
// Asked of the processor itself: not every toolchain's runtime answers __builtin_cpu_supports.
struct Cpu {
    bool avx2 = false, avx512 = false, vnni = false;
    Cpu() {
        unsigned a, b, c, d;
        if (!__get_cpuid(1, &a, &b, &c, &d)) return;
        bool fma = c >> 12 & 1, f16c = c >> 29 & 1, saves = c >> 27 & 1;
        if (!saves || !fma || !f16c) return;
        unsigned low, high;
        __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));  // what the system saves of the registers
        if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (low & 0x06) != 0x06) return;
        avx2 = b >> 5 & 1;
        bool all = (b >> 16 & 1) && (b >> 17 & 1) && (b >> 30 & 1) && (b >> 31 & 1);  // F, DQ, BW, VL
        avx512 = avx2 && all && (low & 0xe6) == 0xe6;
        vnni = avx512 && (c >> 11 & 1);
    }
};
static bool runs_avx2() { return Cpu().avx2; }
static bool runs_avx512() { return Cpu().avx512; }
static bool runs_vnni() { return Cpu().vnni; }
#else
static bool runs_avx2() { return false; }
static bool runs_avx512() { return false; }
static bool runs_vnni() { return false; }
#endif

// Put together here, in a file that is compiled for any machine: those of the instruction sets must not run
// before they are chosen.
static Kernels with_vnni() {
    Kernels kernels = {};
    if (avx512_kernels() && avx512vnni_multiply()) {
        kernels = *avx512_kernels();
        kernels.name = "avx512vnni";
        kernels.multiply_bytes = avx512vnni_multiply();
    }
    return kernels;
}
static const Kernels VNNI = with_vnni();

const Kernels* choose_kernels(const char* name) {
    const Kernels* all[] = {
        runs_vnni() && VNNI.name ? &VNNI : nullptr,
        runs_avx512() ? avx512_kernels() : nullptr,
        runs_avx2() ? avx2_kernels() : nullptr,
        neon_kernels(),
        plain_kernels(),
    };
    for (const Kernels* kernels : all)
        if (kernels && (!name || std::strcmp(kernels->name, name) == 0)) return kernels;
    return nullptr;
}

}  // namespace melisma
