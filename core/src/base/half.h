// 16-bit floats, one at a time; kernels widen whole vectors.
#pragma once

#include <cstdint>
#include <cstring>

namespace melisma {

inline float half_to_float(uint16_t half) {
    uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16, rest = half & 0x7fff;
    uint32_t bits;
    if (rest >= 0x0400) {  // normal, or not finite (which the reader refuses)
        bits = (rest << 13) + (rest >= 0x7c00 ? 0x70000000u : 0x38000000u);
    } else if (rest == 0) {
        bits = 0;
    } else {  // subnormal: shift the leading one into place
        int shift = 0;
        while (!(rest & 0x0400)) rest <<= 1, shift++;
        bits = ((rest & 0x03ff) << 13) + (static_cast<uint32_t>(113 - shift) << 23);
    }
    bits |= sign;
    float value;
    std::memcpy(&value, &bits, 4);
    return value;
}

}  // namespace melisma
