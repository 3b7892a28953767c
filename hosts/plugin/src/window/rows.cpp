#include "rows.h"

#include <math.h>
#include <stdio.h>

#include <algorithm>

#include "spectrum.h"

constexpr float SPAN = 2.8f;  // standard deviations from a row's middle to its edge
constexpr float SEEN = 0.3f;  // from which on a row counts as moved
constexpr float TURNED = 3;   // that its slider goes

static int bias_of(int latent) {
    char symbol[16];
    snprintf(symbol, sizeof symbol, "bias_%d", latent + 1);
    return parameter(symbol);
}

RowOf::RowOf(Desk& one, History& history, int latent)
    : Widget(one), history(history), latent(latent), bias(one, bias_of(latent), Slider::BARE) {
    const Row& row = ROWS[bias.index];
    bias.least = place_of(row, -TURNED);
    bias.most = place_of(row, TURNED);
    snprintf(sentence, sizeof sentence,
             "latent %d%s: its path, and what is added to it, in standard deviations of what was learnt",
             latent + 1, latent == 0 ? ", which matters most" : "");
}

void RowOf::draw(Vg vg, bool focused, bool under) {
    float value = desk.value(bias.index);
    bool moved = fabsf(value) > SEEN, there = latent < history.latents();
    Box seen = {box.x, box.y, box.w - TURNS, box.h};
    fill(vg, {box.x, box.bottom() - 1, box.w, 1}, RAISED);
    if (under || focused) fill(vg, {box.x, box.y, box.w, box.h - 1}, RAISED);
    fill(vg, {seen.x, seen.cy(), seen.w, 1}, moved ? EDGE : RAISED);
    if (there) {
        nvgSave(vg);
        nvgIntersectScissor(vg, seen.x, seen.y, seen.w, seen.h);
        if (moved) path(vg, seen, value, 0x4a5260, 1);  // as it would be of itself
        path(vg, seen, 0, moved ? ACCENT : latent < 4 ? 0xc3cad5 : FAINT, moved ? 1.6f : 1.1f);
        nvgRestore(vg);
    }
    nvgBeginPath(vg);
    float labels = fabsf(value) >= 0.005f ? 66 : 36;
    nvgRect(vg, box.x, box.y, labels + 26, box.h - 1);
    uint32_t ground = under || focused ? RAISED : WELL;
    nvgFillPaint(vg, nvgLinearGradient(vg, box.x + labels, 0, box.x + labels + 26, 0, colour(ground),
                                       colour(ground, 0)));
    nvgFill(vg);
    char number[8], says[24] = "";
    snprintf(number, sizeof number, "%d", latent + 1);
    text(vg, box.x + 12, box.cy(), number, 11.5f, moved ? ACCENT : there ? QUIET : RIM, LEFT, moved);
    if (fabsf(value) >= 0.005f) snprintf(says, sizeof says, "%s%.2f", value < 0 ? "−" : "+", fabsf(value));
    text(vg, box.x + 32, box.cy(), says, 10, FAINT);
    bias.box = {box.right() - TURNS + 16, box.y, TURNS - 32, box.h};
    bias.draw(vg, focused, under);
}

void RowOf::path(Vg vg, const Box& place, float less, uint32_t rgb, float width) const {
    int filled = history.filled();
    int steps = std::min(filled, static_cast<int>(place.w / 1.5f));
    if (steps < 2) return;
    float tall = place.h / 2 - 1.5f;
    nvgBeginPath(vg);
    for (int k = 0; k < steps; k++) {
        int back = static_cast<int>(static_cast<int64_t>(k) * filled / steps);
        float y = std::max(-1.0f, std::min(1.0f, (history.back(back)[latent] - less) / SPAN));
        float x = place.right() - place.w * static_cast<float>(back) / static_cast<float>(history.length());
        k ? nvgLineTo(vg, x, place.cy() - y * tall) : nvgMoveTo(vg, x, place.cy() - y * tall);
    }
    nvgStrokeColor(vg, colour(rgb));
    nvgStrokeWidth(vg, width);
    nvgLineJoin(vg, NVG_BEVEL);
    nvgStroke(vg);
}
