// pugl, with which DGL talks to X11 or Windows.
// clang-format off
#include "plain.h"
#include "src/pugl.hpp"
#ifdef MELISMA_LOADS
#include "loaded_gl.h"
#include "loaded_x11.h"
#endif
#include "src/pugl.cpp"
