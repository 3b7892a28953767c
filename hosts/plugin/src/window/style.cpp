#include "style.h"

#include <stdio.h>
#include <string.h>

#include "letters.h"  // cut out of DejaVu Sans when this is built

NVGcolor colour(uint32_t rgb, float alpha) {
    return nvgRGBAf(static_cast<float>(rgb >> 16 & 255) / 255, static_cast<float>(rgb >> 8 & 255) / 255,
                    static_cast<float>(rgb & 255) / 255, alpha);
}

void letters(Vg vg) {
    auto give = [vg](const char* name, const unsigned char* data, size_t size) {
        nvgCreateFontMem(vg, name, const_cast<unsigned char*>(data), static_cast<int>(size), 0);
    };
    give("plain", LETTERS_PLAIN, sizeof LETTERS_PLAIN);
    give("bold", LETTERS_BOLD, sizeof LETTERS_BOLD);
}

static void path(Vg vg, const Box& box, float round) {
    nvgBeginPath(vg);
    if (round > 0)
        nvgRoundedRect(vg, box.x, box.y, box.w, box.h, round);
    else
        nvgRect(vg, box.x, box.y, box.w, box.h);
}

void fill(Vg vg, const Box& box, uint32_t rgb, float alpha, float round) {
    path(vg, box, round);
    nvgFillColor(vg, colour(rgb, alpha));
    nvgFill(vg);
}

void frame(Vg vg, const Box& box, uint32_t rgb, float alpha, float round, float width) {
    path(vg, box.in(width / 2), round);
    nvgStrokeColor(vg, colour(rgb, alpha));
    nvgStrokeWidth(vg, width);
    nvgStroke(vg);
}

void dot(Vg vg, float x, float y, float radius, uint32_t rgb, float alpha) {
    nvgBeginPath(vg);
    nvgCircle(vg, x, y, radius);
    nvgFillColor(vg, colour(rgb, alpha));
    nvgFill(vg);
}

void line(Vg vg, float x1, float y1, float x2, float y2, uint32_t rgb, float width, float alpha) {
    nvgBeginPath(vg);
    nvgMoveTo(vg, x1, y1);
    nvgLineTo(vg, x2, y2);
    nvgStrokeColor(vg, colour(rgb, alpha));
    nvgStrokeWidth(vg, width);
    nvgStroke(vg);
}

static void face(Vg vg, float size, bool bold, int align) {
    nvgFontFace(vg, bold ? "bold" : "plain");
    nvgFontSize(vg, size);
    nvgTextAlign(vg, align | NVG_ALIGN_MIDDLE);
}

float width_of(Vg vg, const char* says, float size, bool bold) {
    face(vg, size, bold, NVG_ALIGN_LEFT);
    return *says ? nvgTextBounds(vg, 0, 0, says, nullptr, nullptr) : 0;
}

float text(Vg vg, float x, float y, const char* says, float size, uint32_t rgb, Side side, bool bold,
           float most) {
    if (!*says) return 0;
    char cut[1100];
    float width = width_of(vg, says, size, bold);
    if (most > 0 && width > most) {
        size_t n = strlen(says);
        do {
            do n--;
            while (n > 0 && (says[n] & 0xc0) == 0x80);
            snprintf(cut, sizeof cut, "%.*s…", static_cast<int>(n), says);
            width = width_of(vg, cut, size, bold);
        } while (n > 0 && width > most);
        says = cut;
    }
    face(vg, size, bold, NVG_ALIGN_LEFT);
    nvgFillColor(vg, colour(rgb));
    nvgText(vg, x - (side == MIDDLE ? width / 2 : side == RIGHT ? width : 0), y, says, nullptr);
    return width;
}

uint32_t magma(float level) {
    // Smith and van der Walt, CC0; every 16th entry
    static const uint32_t ENTRIES[] = {0x000004, 0x0b0924, 0x20114b, 0x3b0f70, 0x57157e, 0x721f81,
                                       0x8c2981, 0xa8327d, 0xc43c75, 0xde4968, 0xf1605d, 0xfa7f5e,
                                       0xfe9f6d, 0xfebf84, 0xfddea0, 0xfcfdbf};
    constexpr int LAST = sizeof ENTRIES / sizeof *ENTRIES - 1;
    float at = (level * 255 - 40) / 200;  // below −85 dB black, above −5 dB white
    at = (at < 0 || !(at == at) ? 0 : at > 1 ? 1 : at) * LAST;
    int low = static_cast<int>(at);
    if (low == LAST) low--;
    auto mix = [&](int shift) {
        float a = static_cast<float>(ENTRIES[low] >> shift & 255);
        float b = static_cast<float>(ENTRIES[low + 1] >> shift & 255);
        return static_cast<uint32_t>(a + (b - a) * (at - static_cast<float>(low)) + 0.5f);
    };
    return 0xff000000u | mix(0) << 16 | mix(8) << 8 | mix(16);
}
