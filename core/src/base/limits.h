// Bounds that both the file's reader and the arithmetic keep.
#pragma once

namespace melisma {

constexpr int BYTE_ROW = 4096;  // 8-bit weights of one output, at most

}  // namespace melisma
