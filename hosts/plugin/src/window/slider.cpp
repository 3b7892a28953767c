#include "slider.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int parameter(const char* symbol) {
    for (int i = 0; i < PARAMETER_COUNT; i++)
        if (strcmp(ROWS[i].symbol, symbol) == 0) return i;
    return -1;
}

float place_of(const Row& row, float value) {
    if (row.logarithmic) return logf(value / row.minimum) / logf(row.maximum / row.minimum);
    return (value - row.minimum) / (row.maximum - row.minimum);
}

float value_at(const Row& row, float place) {
    float value = row.logarithmic ? row.minimum * powf(row.maximum / row.minimum, place)
                                  : row.minimum + place * (row.maximum - row.minimum);
    return row.whole ? roundf(value) : value;
}

void words(const Row& row, float value, char* text, size_t size) {
    float far = fabsf(value);
    int digits = row.whole ? 0 : far >= 100 ? 0 : far >= 10 ? 1 : row.maximum > 50 ? 1 : 2;
    char number[32];
    snprintf(number, sizeof number, "%.*f", digits, far);
    bool minus = value < 0 && strspn(number, "0.") != strlen(number);
    bool semitones = strcmp(row.unit, "semitones") == 0;
    const char* unit = semitones ? "st" : row.unit;
    snprintf(text, size, "%s%s%s%s", minus ? "−" : "", number, *unit ? " " : "", unit);
}

Box Slider::track() const {
    if (look == BARE) return box;
    if (look == LARGE) return {box.x + 13, box.y + 20, box.w - 26, 30};
    return {box.x + 78, box.y, box.w - 78 - 74, box.h};
}

float Slider::place() const { return (place_of(ROWS[index], desk.value(index)) - least) / (most - least); }

void Slider::go(float place) {
    place = place < 0 ? 0 : place > 1 ? 1 : place;
    const Row& row = ROWS[index];
    float usual = (place_of(row, row.default_value) - least) / (most - least);
    if (look == BARE && fabsf(place - usual) < 0.02f) place = usual;  // the middle is found again
    desk.move(index, value_at(row, least + place * (most - least)));
}

// Beside the name or the line: the controller that turns it.
static void number(Vg vg, const Desk& desk, int index, float x, float y, float size) {
    if (desk.controller(index) < 0) return;
    char says[8];
    snprintf(says, sizeof says, "%d", desk.controller(index) & 127);
    text(vg, x, y, says, size, ACCENT);
}

void Slider::draw(Vg vg, bool focused, bool under) {
    const Row& row = ROWS[index];
    bool waits = desk.learns(index);
    if (look == BARE) {
        number(vg, desk, index, box.right() + 2, box.y + 7, 8.5f);
        if (waits) return (void)text(vg, box.cx(), box.cy(), WAITS, 11, WARM, MIDDLE);
    }
    Box t = track();
    float usual = (place_of(row, row.default_value) - least) / (most - least), now = place(), y = t.cy();
    now = now < 0 ? 0 : now > 1 ? 1 : now;
    bool moved = fabsf(now - usual) > 1e-4f;
    uint32_t thumb = look == LARGE || (look == BARE && (moved || under)) ? ACCENT
                     : look == BARE                                      ? FAINT
                                                                         : INK;
    float high = look == LARGE ? 4 : 2, radius = look == LARGE ? 11 : look == BARE ? 4.5f : 6;
    fill(vg, {t.x, y - high / 2, t.w, high}, TRACK, 1, high / 2);
    float zero = look == LARGE ? 0 : usual, low = zero < now ? zero : now, top = zero < now ? now : zero;
    fill(vg, {t.x + low * t.w, y - high / 2, (top - low) * t.w, high}, ACCENT, 1, high / 2);
    if (look == NAMED && usual > 0.02f && usual < 0.98f)
        fill(vg, {t.x + usual * t.w - 0.5f, y - 5, 1, 10}, RIM);
    if (look == LARGE) dot(vg, t.x + now * t.w, y, radius + 4, GROUND);
    dot(vg, t.x + now * t.w, y, under ? radius + 1 : radius, thumb);
    if (focused) {
        nvgBeginPath(vg);
        nvgCircle(vg, t.x + now * t.w, y, radius + 4);
        nvgStrokeColor(vg, colour(ACCENT));
        nvgStrokeWidth(vg, 1.5f);
        nvgStroke(vg);
    }
    char value[48];
    words(row, desk.value(index), value, sizeof value);
    if (look == BARE) return;
    bool large = look == LARGE;
    float line = large ? box.y + 8 : y;
    float wide = text(vg, box.x, line, name, large ? 17 : 13, INK, LEFT, large, large ? 0 : 74);
    number(vg, desk, index, box.x + wide + 3, line - (large ? 5 : 4), large ? 11 : 9);
    text(vg, box.right(), line, waits ? WAITS : value, waits ? 11 : 12.5f, waits ? WARM : QUIET, RIGHT);
}

void Slider::press(const Press& at) {
    desk.take(index);
    if (at.twice) desk.move(index, ROWS[index].default_value);
    Box t = track();
    float there = (at.x - t.x) / t.w;
    // a press on the thumb takes hold of it where it is, one beside it brings it there
    if (!at.twice && !at.fine && fabsf(there - place()) * t.w > 9) go(there);
    held = place();
    from = at.x;
}

void Slider::drag(const Press& at) { go(held + (at.x - from) / track().w * (at.fine ? 0.1f : 1)); }

void Slider::release() { desk.let(index); }

void Slider::scroll(float steps, const Press& at) {
    desk.take(index);
    if (ROWS[index].whole)
        desk.move(index, desk.value(index) + (steps > 0 ? 1.0f : -1.0f));
    else
        desk.move(index, value_at(ROWS[index],
                                  least + (place() + steps * (at.fine ? 0.002f : 0.02f)) * (most - least)));
    desk.let(index);
}

bool Slider::key(Key key, bool fine) {
    const Row& row = ROWS[index];
    float step = (most - least) * (fine ? 0.002f : 0.02f), at = place_of(row, desk.value(index));
    switch (key) {
        case Key::LEFT:
        case Key::DOWN:
            desk.put(index, row.whole ? desk.value(index) - 1 : value_at(row, at - step));
            return true;
        case Key::RIGHT:
        case Key::UP:
            desk.put(index, row.whole ? desk.value(index) + 1 : value_at(row, at + step));
            return true;
        case Key::HOME:
            desk.put(index, value_at(row, least));
            return true;
        case Key::END:
            desk.put(index, value_at(row, most));
            return true;
        case Key::ERASE:
            desk.put(index, row.default_value);
            return true;
        default:
            return false;
    }
}
