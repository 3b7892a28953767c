// Colours and letters, those of the web page and the studio.
#pragma once

#include <stdint.h>

extern "C" {
#include "nanovg.h"
}

using Vg = NVGcontext*;

constexpr uint32_t GROUND = 0x14161a, WELL = 0x0f1114, RAISED = 0x1a1d23, HIGH = 0x22262e, EDGE = 0x2a2f38,
                   RIM = 0x434b58, TRACK = 0x3b424f, INK = 0xe7e9ee, QUIET = 0xa4adbb, FAINT = 0x7d8695,
                   ACCENT = 0x4fd1c5, ON_ACCENT = 0x08211f, WARM = 0xffd166, WRONG = 0xffb4b0;

struct Box {
    float x, y, w, h;
    float right() const { return x + w; }
    float bottom() const { return y + h; }
    float cx() const { return x + w / 2; }
    float cy() const { return y + h / 2; }
    bool has(float px, float py) const { return px >= x && py >= y && px < right() && py < bottom(); }
    Box in(float by) const { return {x + by, y + by, w - 2 * by, h - 2 * by}; }
};

NVGcolor colour(uint32_t rgb, float alpha = 1);
void letters(Vg vg);  // load them into a new context

void fill(Vg vg, const Box& box, uint32_t rgb, float alpha = 1, float round = 0);
void frame(Vg vg, const Box& box, uint32_t rgb, float alpha = 1, float round = 0, float width = 1);
void dot(Vg vg, float x, float y, float radius, uint32_t rgb, float alpha = 1);
void line(Vg vg, float x1, float y1, float x2, float y2, uint32_t rgb, float width = 1, float alpha = 1);

enum Side { LEFT, MIDDLE, RIGHT };
// Text upon a line at half its height; → its width. most: cut with "…" beyond that width.
float text(Vg vg, float x, float y, const char* says, float size, uint32_t rgb, Side side = LEFT,
           bool bold = false, float most = 0);
float width_of(Vg vg, const char* says, float size, bool bold = false);

// Magma, as log-mels are shown: 0 is −100 dBFS, 1 full scale. → 0xAABBGGRR
uint32_t magma(float level);
