// DGL's points and sizes, which it instantiates once.
// clang-format off
#include "plain.h"
#include "src/Color.cpp"
#include "src/Geometry.cpp"
