#include "list.h"

#include <algorithm>

constexpr float HIGH_LINE = 26, EDGES = 6, TITLE = 28;

void List::open(const Box& beside, const Box& room, std::vector<Line> these, int index,
                std::function<void(int)> deed, std::string name) {
    lines = std::move(these);
    chosen = std::move(deed);
    title = std::move(name);
    now = at = index;
    size_t longest = title.size();
    for (const Line& line : lines) longest = std::max(longest, line.says.size());
    float head = title.empty() ? 0 : TITLE;
    box.w = std::min(room.w, std::max(beside.w, 40 + 7.6f * static_cast<float>(longest)));
    box.h = std::min(room.h, 2 * EDGES + head + HIGH_LINE * static_cast<float>(lines.size()));
    box.x = std::max(room.x, std::min(beside.x, room.right() - box.w));
    box.y = std::max(room.y, std::min(beside.bottom() + 4, room.bottom() - box.h));
    first = std::max(0, std::min(now - fitting() / 2, static_cast<int>(lines.size()) - fitting()));
    shown = true;
}

void List::close() {
    shown = false;
    lines.clear();
}

int List::fitting() const {
    return static_cast<int>((box.h - 2 * EDGES - (title.empty() ? 0 : TITLE)) / HIGH_LINE + 0.01f);
}

int List::line_at(float x, float y) const {
    float top = box.y + EDGES + (title.empty() ? 0 : TITLE);
    if (!box.has(x, y) || y < top) return -1;
    int index = first + static_cast<int>((y - top) / HIGH_LINE);
    return index < std::min(static_cast<int>(lines.size()), first + fitting()) ? index : -1;
}

void List::draw(Vg vg, bool, bool) {
    nvgBeginPath(vg);
    nvgRect(vg, box.x - 20, box.y - 20, box.w + 40, box.h + 40);
    nvgFillPaint(vg, nvgBoxGradient(vg, box.x, box.y + 3, box.w, box.h, 8, 18, nvgRGBA(0, 0, 0, 150),
                                    nvgRGBA(0, 0, 0, 0)));
    nvgFill(vg);
    fill(vg, box, HIGH, 1, 6);
    frame(vg, box, RIM, 1, 6);
    float y = box.y + EDGES;
    if (!title.empty()) {
        text(vg, box.x + 14, y + TITLE / 2, title.c_str(), 11.5f, FAINT, LEFT, false, box.w - 28);
        y += TITLE;
    }
    int last = std::min(static_cast<int>(lines.size()), first + fitting());
    for (int i = first; i < last; i++, y += HIGH_LINE) {
        if (i == at) fill(vg, {box.x + 4, y, box.w - 8, HIGH_LINE}, 0x2c313b, 1, 4);
        if (i == now) dot(vg, box.x + 14, y + HIGH_LINE / 2, 2.5f, ACCENT);
        text(vg, box.x + 24, y + HIGH_LINE / 2, lines[i].says.c_str(), 13.5f, lines[i].quiet ? QUIET : INK,
             LEFT, false, box.w - 36);
    }
    int hidden = static_cast<int>(lines.size()) - fitting();
    if (hidden > 0) {
        float high = box.h - 12, part = static_cast<float>(fitting()) / static_cast<float>(lines.size());
        float from = static_cast<float>(first) / static_cast<float>(lines.size());
        fill(vg, {box.right() - 7, box.y + 6 + from * high, 3, part * high}, RIM, 1, 1.5f);
    }
}

void List::choose(int index) {
    auto deed = std::move(chosen);
    close();
    if (deed) deed(index);
}

void List::press(const Press& where) {
    if (box.has(where.x, where.y)) {
        if (int index = line_at(where.x, where.y); index >= 0) choose(index);
    } else {
        choose(-1);
    }
}

void List::scroll(float steps, const Press& where) {
    int hidden = std::max(0, static_cast<int>(lines.size()) - fitting());
    first = std::max(0, std::min(hidden, first - static_cast<int>(steps > 0 ? 1 : -1) * 2));
    point(where.x, where.y);
}

void List::point(float x, float y) {
    if (int index = line_at(x, y); index >= 0) at = index;
}

bool List::key(Key key, bool) {
    int last = static_cast<int>(lines.size()) - 1;
    switch (key) {
        case Key::UP:
            at = std::max(0, at - 1);
            break;
        case Key::DOWN:
            at = std::min(last, at + 1);
            break;
        case Key::HOME:
            at = 0;
            break;
        case Key::END:
            at = last;
            break;
        case Key::ENTER:
            choose(at);
            return true;
        case Key::ESCAPE:
            choose(-1);
            return true;
        default:
            return true;
    }
    first = std::max(std::min(first, at), at - fitting() + 1);
    return true;
}
