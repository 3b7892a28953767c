// Whether this machine can show a window now: its libraries are there, and on Linux a display with OpenGL.
#pragma once

constexpr int WIDE = 1040, TALL = MELISMA_INSTRUMENT ? 780 : 690;  // points, as a window opens
constexpr int LEAST_WIDE = 760, LEAST_TALL = MELISMA_INSTRUMENT ? 680 : 560;

bool system_shows();

// Pixels a point: those that were asked for, else the desktop's.
double system_scale(double asked);
