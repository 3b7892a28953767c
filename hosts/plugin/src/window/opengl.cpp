// DGL's drawing: NanoVG over OpenGL 2.
// clang-format off
#include "plain.h"
#ifdef MELISMA_LOADS
#include "loaded_gl.h"
#endif
#include "src/OpenGL.cpp"
#include "src/NanoVG.cpp"
