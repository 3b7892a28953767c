#include "button.h"

#include <stdio.h>

void Button::draw(Vg vg, bool focused, bool under) {
    bool on = index >= 0 && desk.value(index) >= 0.5f;
    float round = box.h > 30 ? box.h / 2 : 4;
    if (on)
        fill(vg, box, INK, 1, round);
    else if (under || round == 4)
        fill(vg, box, under ? 0x2c313b : HIGH, 1, round);
    frame(vg, box, on ? INK : RIM, 1, round);
    char turned[8] = "";
    if (desk.controller(index) >= 0) snprintf(turned, sizeof turned, "%d", desk.controller(index) & 127);
    text(vg, box.right() - 4, box.y + 6, turned, 8.5f, on ? GROUND : ACCENT, RIGHT);
    if (desk.learns(index)) frame(vg, box, WARM, 1, round);
    text(vg, box.cx(), box.cy(), name, box.h > 30 ? 14 : 12.5f, on ? GROUND : under ? INK : QUIET, MIDDLE);
    ring(vg, box, focused, round + 3);
}

void Button::press(const Press&) {
    if (index >= 0) desk.put(index, desk.value(index) >= 0.5f ? 0 : 1);
    if (deed) deed();
}

bool Button::key(Key key, bool) {
    if (key != Key::ENTER) return false;
    press({});
    return true;
}
