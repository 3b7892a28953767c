#include "spectrum.h"

#include <math.h>
#include <stdio.h>

void Spectrum::draw(Vg vg, bool, bool) {
    Box seen = {box.x, box.y, box.w - TURNS, box.h};
    fill(vg, box, WELL);
    fill(vg, seen, 0x000004);
    if (int length = history.length()) {
        auto pixels = reinterpret_cast<const unsigned char*>(history.picture.data());
        if (width != length || height != history.bands()) {
            if (image) nvgDeleteImage(vg, image);
            width = length, height = history.bands();
            image = nvgCreateImageRGBA(vg, width, height, NVG_IMAGE_REPEATX, pixels);
        } else if (history.fresh) {
            nvgUpdateImage(vg, image, pixels);
        }
        history.fresh = false;
        // the newest column lies at the right edge; what is left of the oldest wraps around
        float shift = static_cast<float>(history.next()) / static_cast<float>(length) * seen.w;
        nvgBeginPath(vg);
        nvgRect(vg, seen.x, seen.y, seen.w, seen.h);
        nvgFillPaint(vg, nvgImagePattern(vg, seen.x - shift, seen.y, seen.w, seen.h, 0, image, 1));
        nvgFill(vg);
    }
    meter(vg, {box.right() - TURNS + 16, box.y + 14, 10, box.h - 28});
}

void Spectrum::meter(Vg vg, const Box& place) const {
    auto high = [&](float db) { return place.bottom() - (1 + fmaxf(-60, fminf(0, db)) / 60) * place.h; };
    auto of = [&](float level) { return high(level > 0 ? 20 * log10f(level) : -100); };
    fill(vg, place, HIGH, 1, 3);
    float top = of(history.level());
    if (top < place.bottom() - 1) {
        nvgBeginPath(vg);
        nvgRoundedRect(vg, place.x, top, place.w, place.bottom() - top, 3);
        nvgFillPaint(
            vg, nvgLinearGradient(vg, 0, place.y, 0, place.y + place.h * 0.3f, colour(WARM), colour(ACCENT)));
        nvgFill(vg);
    }
    if (history.peak() > 0) fill(vg, {place.x, of(history.peak()) - 1, place.w, 2}, INK);
    for (int db : {0, -12, -24, -48}) {
        char says[16];
        snprintf(says, sizeof says, db ? "−%d" : "%d dB", db ? -db : db);
        text(vg, place.right() + 8, high(static_cast<float>(db)), says, 10.5f, FAINT);
    }
}
