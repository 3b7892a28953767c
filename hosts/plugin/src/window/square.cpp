#include "square.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <algorithm>

#include "slider.h"

constexpr float MOST = 3;   // standard deviations from the middle to an edge
constexpr int TRAIL = 150;  // frames
constexpr int GRID = 64;    // pixels of the ground, each way

Square::Square(Desk& one, History& history) : Widget(one), history(history) { follow(); }

bool Square::follow() {
    bool any = false;
    for (int side = 0; side < 2; side++)
        if (int latent = desk.x->square[side]; latent != latents[side]) choose(side, latent), any = true;
    return any;
}

void Square::choose(int side, int latent) {
    desk.x->square[side] = latents[side] = latent;
    char symbol[16];
    snprintf(symbol, sizeof symbol, "bias_%d", latent + 1);
    index[side] = parameter(symbol);
    snprintf(sentence, sizeof sentence,
             "latent %d across, %d up: light is what the model learnt, the line is the sound; drag to lead "
             "it elsewhere",
             latents[0] + 1, latents[1] + 1);
}

float Square::place(int side) const { return desk.value(index[side]) / MOST; }

void Square::go(float x, float y) {
    auto soft = [](float v) {
        return fabsf(v) < 0.03f ? 0 : std::max(-1.0f, std::min(1.0f, v));
    };  // the middle
    desk.move(index[0], MOST * soft(x));
    desk.move(index[1], MOST * soft(y));
}

void Square::press(const Press& at) {
    for (int side : index) desk.take(side);
    held[0] = 2 * (at.x - box.x) / box.w - 1;
    held[1] = 1 - 2 * (at.y - box.y) / box.h;
    if (at.fine)
        for (int side = 0; side < 2; side++) held[side] = place(side);
    from[0] = at.x, from[1] = at.y;
    at.twice ? go(0, 0) : go(held[0], held[1]);
    if (at.twice) held[0] = held[1] = 0;
}

void Square::drag(const Press& at) {
    float share = at.fine ? 0.1f : 1;
    go(held[0] + share * 2 * (at.x - from[0]) / box.w, held[1] - share * 2 * (at.y - from[1]) / box.h);
}

void Square::release() {
    for (int side : index) desk.let(side);
}

void Square::scroll(float steps, const Press& at) {
    int side = at.fine ? 0 : 1;
    desk.put(index[side], desk.value(index[side]) + steps * 0.05f);
}

bool Square::key(Key key, bool fine) {
    float step = fine ? 0.05f : 0.25f;
    switch (key) {
        case Key::LEFT:
            desk.put(index[0], desk.value(index[0]) - step);
            return true;
        case Key::RIGHT:
            desk.put(index[0], desk.value(index[0]) + step);
            return true;
        case Key::UP:
            desk.put(index[1], desk.value(index[1]) + step);
            return true;
        case Key::DOWN:
            desk.put(index[1], desk.value(index[1]) - step);
            return true;
        case Key::ERASE:
            for (int side : index) desk.put(side, 0);
            return true;
        default:
            return false;
    }
}

// How dense a latent's values are, from its 5th, 50th and 95th percentile: a normal distribution to each
// side.
static float density(const float* p, float value) {
    float side = value < p[2] ? p[2] - p[1] : p[3] - p[2];
    float z = 1.645f * (value - p[2]) / std::max(side, 0.05f);
    return expf(-z * z / 2);
}

void Square::ground(Vg vg) {
    float now[2][5];
    for (int side = 0; side < 2; side++) memcpy(now[side], desk.look.percentiles[latents[side]], sizeof *now);
    if (image && memcmp(now, painted, sizeof now) == 0) return;
    memcpy(painted, now, sizeof now);
    static unsigned char pixels[GRID * GRID * 4];
    bool known = desk.look.latents > std::max(latents[0], latents[1]);
    for (int y = 0; y < GRID; y++)
        for (int x = 0; x < GRID; x++) {
            float at[2] = {MOST * (2 * (x + 0.5f) / GRID - 1), MOST * (1 - 2 * (y + 0.5f) / GRID)};
            float share = known ? density(now[0], at[0]) * density(now[1], at[1]) : 0;
            unsigned char* pixel = pixels + 4 * (y * GRID + x);
            pixel[0] = ACCENT >> 16 & 255, pixel[1] = ACCENT >> 8 & 255, pixel[2] = ACCENT & 255;
            pixel[3] = static_cast<unsigned char>(110 * share);
        }
    if (image)
        nvgUpdateImage(vg, image, pixels);
    else
        image = nvgCreateImageRGBA(vg, GRID, GRID, 0, pixels);
}

void Square::draw(Vg vg, bool focused, bool under) {
    fill(vg, box, WELL, 1, 6);
    ground(vg);
    nvgBeginPath(vg);
    nvgRoundedRect(vg, box.x, box.y, box.w, box.h, 6);
    nvgFillPaint(vg, nvgImagePattern(vg, box.x, box.y, box.w, box.h, 0, image, 1));
    nvgFill(vg);
    fill(vg, {box.cx(), box.y, 1, box.h}, EDGE, 0.8f);
    fill(vg, {box.x, box.cy(), box.w, 1}, EDGE, 0.8f);
    char says[16];
    snprintf(says, sizeof says, "%d →", latents[0] + 1);
    text(vg, box.right() - 8, box.cy() + 10, says, 10.5f, FAINT, RIGHT);
    snprintf(says, sizeof says, "↑ %d", latents[1] + 1);
    text(vg, box.cx() + 6, box.y + 12, says, 10.5f, FAINT);
    trail(vg);
    float x = box.cx() + place(0) * box.w / 2, y = box.cy() - place(1) * box.h / 2;
    x = std::max(box.x, std::min(box.right(), x)), y = std::max(box.y, std::min(box.bottom(), y));
    nvgBeginPath(vg);
    nvgCircle(vg, x, y, under ? 11.5f : 10.5f);
    nvgFillColor(vg, colour(ACCENT, 0.2f));
    nvgFill(vg);
    nvgStrokeColor(vg, colour(ACCENT));
    nvgStrokeWidth(vg, 2);
    nvgStroke(vg);
    ring(vg, box, focused, 8);
}

void Square::trail(Vg vg) const {
    if (history.latents() <= std::max(latents[0], latents[1])) return;
    int count = std::min(TRAIL, history.filled());
    auto at = [&](int k, int side) {
        float v = history.back(k)[latents[side]] / MOST;
        v = 0.98f * v / powf(1 + v * v * v * v, 0.25f);  // what lies beyond is drawn at the edge
        return side ? box.cy() - v * box.h / 2 : box.cx() + v * box.w / 2;
    };
    nvgLineCap(vg, NVG_ROUND);
    for (int k = count - 1; k > 0; k--) {
        float fresh = 1 - static_cast<float>(k) / TRAIL;
        line(vg, at(k, 0), at(k, 1), at(k - 1, 0), at(k - 1, 1), INK, 1 + 1.6f * fresh, 0.8f * fresh * fresh);
    }
    nvgLineCap(vg, NVG_BUTT);
    if (count) dot(vg, at(0, 0), at(0, 1), 4, INK);
}
