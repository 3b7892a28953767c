#include "keys.h"

#include <stdio.h>

#include <algorithm>

constexpr int OCTAVES = 3, WHITES = 7 * OCTAVES + 1, LAST = 12 * OCTAVES;  // the C above them, too
static const int WHITE_BEFORE[] = {0, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 6};    // white keys to its left
static bool black(int note) { return 1 << note % 12 & 0x54a; }

Box Keys::key_of(int note) const {
    int step = note - lowest;
    float wide = box.w / WHITES,
          x = box.x + wide * static_cast<float>(7 * (step / 12) + WHITE_BEFORE[step % 12]);
    if (black(note)) return {x - wide * 0.3f, box.y, wide * 0.6f, box.h * 0.6f};
    return {x, box.y, wide - 1, box.h};
}

int Keys::note_at(float x, float y) const {
    if (!box.has(x, y)) return -1;
    for (bool dark : {true, false})
        for (int note = lowest; note <= lowest + LAST; note++)
            if (black(note) == dark && key_of(note).has(x, y)) return note;
    return -1;
}

void Keys::draw(Vg vg, bool focused, bool) {
    for (bool dark : {false, true})
        for (int note = lowest; note <= lowest + LAST; note++) {
            if (black(note) != dark) continue;
            Box place = key_of(note);
            nvgBeginPath(vg);
            nvgRoundedRectVarying(vg, place.x, place.y, place.w, place.h, 0, 0, 4, 4);
            nvgFillColor(vg, colour(note == down ? ACCENT : dark ? RAISED : 0xdfe3ea));
            nvgFill(vg);
            if (dark) {
                nvgStrokeColor(vg, colour(TRACK));
                nvgStrokeWidth(vg, 1);
                nvgStroke(vg);
            }
            char name[8];
            snprintf(name, sizeof name, "C%d", note / 12 - 1);
            if (note % 12 == 0)
                text(vg, place.cx(), place.bottom() - 12, name, 10.5f, note == down ? ON_ACCENT : 0x5d6675,
                     MIDDLE);
        }
    ring(vg, box, focused, 6);
}

void Keys::play(int note, int velocity) {
    if (note == down) return;
    if (down >= 0) watch_press(&desk.x->watch, down, 0);
    down = note;
    if (down >= 0) watch_press(&desk.x->watch, down, velocity);
}

void Keys::press(const Press& at) {
    int note = note_at(at.x, at.y);
    if (note < 0) return;
    Box place = key_of(note);
    play(note, 40 + static_cast<int>(87 * (at.y - place.y) / place.h));
}

void Keys::drag(const Press& at) {
    int note = note_at(at.x, std::min(std::max(at.y, box.y), box.bottom() - 1));
    if (note != down && note >= 0) play(note, 96);
}

void Keys::release() { play(-1, 0); }

void Keys::scroll(float steps, const Press&) { key(steps > 0 ? Key::RIGHT : Key::LEFT, false); }

bool Keys::key(Key key, bool) {
    if (key != Key::LEFT && key != Key::RIGHT) return false;
    release();
    lowest = std::max(12, std::min(84, lowest + (key == Key::LEFT ? -12 : 12)));
    return true;
}
