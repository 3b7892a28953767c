// Written by `make generate` from src/melisma/files/limits.py: do not edit.
#pragma once

#include <cstdint>

namespace melisma {

constexpr double FORMAT_VERSIONS[] = {1, 2};
#define FORMAT_VERSIONS_TEXT "1 and 2"
constexpr int64_t MOST_BYTES = 268435456, MOST_HEADER = 4194304;
constexpr uint32_t MOST_TENSORS = 4096;
constexpr int DEEPEST_JSON = 64;
constexpr int BYTE_ROW = 4096;  // 8-bit weights of one output, at most

}  // namespace melisma
