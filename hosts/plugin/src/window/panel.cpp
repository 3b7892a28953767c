#include "panel.h"

#include <stdio.h>
#include <string.h>

#include <algorithm>

#include "files.h"
#include "keys.h"

constexpr float EDGE_WIDE = 22, TOP = 112, SIDE = 300, GAP = 22, LINE = 25;

Panel::Panel(Desk& one) : desk(one), list(one) {
    desk.x->watch.windows++;
    title = add<Title>([this](const Box& beside) { ask_model(beside); });
    int bypass = parameter("bypass");
    if (bypass >= 0)
        original = add<Button>("Original", "the input alone, delayed as the model delays", bypass);
    spectrum = add<Spectrum>(history);
    for (int i = 0; i < MOST_ROWS; i++) rows.push_back(add<RowOf>(history, i));
    domain = add<Slider>(parameter("domain"), Slider::LARGE, "original ↔ domain");
    square = add<Square>(history);
    across = add<Button>(across_says, "which latent goes across the square", -1, [this] { ask_latent(0); });
    up = add<Button>(up_says, "which latent goes up the square", -1, [this] { ask_latent(1); });
    hold = add<Button>("Hold", "the latents stay where they are; the rows and the square still move them",
                       parameter("hold"));
    back = add<Button>("All back", "nothing is added to any latent any more", -1, [this] {
        for (Widget* row : rows) row->key(Key::ERASE, false);
    });
    name_axes();
    add_amounts();
    look();
}

Panel::~Panel() { desk.x->watch.windows--; }

void Panel::add_amounts() {
    auto slider = [this](const char* symbol, const char* name) {
        return add<Slider>(parameter(symbol), Slider::NAMED, name);
    };
    amounts = {slider("match", "Match"),       slider("fine", "Fine"),
               slider("colour", "Colour"),     slider("mix", "Dry / wet"),
               slider("feedback", "Feedback"), slider("feedback_frequency", "… around"),
               slider("randomize", "Wander"),  slider("loudness_offset", "Loudness")};
    if (!MELISMA_INSTRUMENT) return;
    exciter = {slider("shape", "Shape"),    slider("attack", "Attack"),   slider("level", "Level"),
               slider("width", "Width"),    slider("decay", "Decay"),     slider("vibrato", "Vibrato"),
               slider("air", "Air"),        slider("sustain", "Sustain"), slider("vibrato_rate", "… rate"),
               slider("transpose", "Tune"), slider("release", "Release"), slider("velocity", "Velocity")};
    keys = add<Keys>();
}

void Panel::lay() {
    float right = wide - EDGE_WIDE, bottom = tall - 18, side = right - SIDE;
    title->box = {EDGE_WIDE, 14, wide - 2 * EDGE_WIDE - (original ? 140 : 0), 70};
    if (original) original->box = {right - 116, 40, 116, 38};
    if (keys) {
        keys->box = {EDGE_WIDE, bottom - 82, right - EDGE_WIDE, 82};
        float line = 23, top = keys->box.y - 14 - 4 * line, column = (right - EDGE_WIDE - 2 * GAP) / 3;
        for (size_t i = 0; i < exciter.size(); i++)
            exciter[i]->box = {EDGE_WIDE + static_cast<float>(i % 3) * (column + GAP),
                               top + static_cast<float>(i / 3) * line, column, line};
        bottom = top - 14;
    }
    float stage = side - GAP - EDGE_WIDE, high = std::max(90.0f, (bottom - TOP) * 0.27f);
    spectrum->box = {EDGE_WIDE, TOP, stage, high};
    float each = (bottom - TOP - high - 1) / MOST_ROWS, y = TOP + high + 1;
    for (Widget* row : rows) {
        row->box = {EDGE_WIDE, y, stage, each};
        y += each;
    }
    domain->box = {side, TOP - 4, SIDE, 54};
    float lines = std::min(LINE, (bottom - TOP - 54 - 150) / (static_cast<float>(amounts.size()) + 2.6f));
    float below = lines * static_cast<float>(amounts.size());
    float size = std::min(SIDE, bottom - TOP - 54 - 38 - below - 6);
    square->box = {side, TOP + 56, SIDE, size};
    y = square->box.bottom() + 7;
    across->box = {side, y, 76, 24};
    up->box = {side + 82, y, 62, 24};
    hold->box = {right - 130, y, 54, 24};
    back->box = {right - 70, y, 70, 24};
    y = bottom - below;
    for (Widget* slider : amounts) {
        slider->box = {side, y, SIDE, lines};
        y += lines;
    }
}

void Panel::look() {
    Look now;
    instance_look(desk.x, &now);
    if (memcmp(&now, &desk.look, sizeof now) == 0) return;
    bool other = now.latents != desk.look.latents || now.bands != desk.look.bands ||
                 now.frames_per_second != desk.look.frames_per_second;
    desk.look = now;
    if (other) history.begin(now.latents, now.bands, now.frames_per_second);
    changed = true;
}

bool Panel::tick() {
    if (ticks++ % 8 == 0) look();
    changed |= history.take(&desk.x->watch);
    changed |= desk.read();
    if (held != square && square->follow()) name_axes(), changed = true;
    bool any = changed;
    changed = false;
    return any;
}

void Panel::draw(Vg vg, float width, float height) {
    wide = width, tall = height;
    lay();
    fill(vg, {0, 0, wide, tall}, GROUND);
    float stage = spectrum->box.right() - EDGE_WIDE;
    fill(vg, {EDGE_WIDE, TOP, stage, rows.back()->box.bottom() - TOP}, WELL, 1, 6);
    for (auto& widget : widgets)
        if (widget->shown)
            widget->draw(vg, focused == widget.get() && !list.shown, under == widget.get() && !list.shown);
    fill(vg, {EDGE_WIDE, spectrum->box.bottom(), stage, 1}, EDGE);
    say(vg);
    if (list.shown) list.draw(vg, true, true);
    if (hovered) frame(vg, Box{0, 0, wide, tall}.in(3), ACCENT, 1, 8, 3);
}

void Panel::describe(const Widget& widget, char* says, size_t size) const {
    int index = widget.turned(), controller = desk.controller(index);
    if (desk.learns(index))
        snprintf(says, size, "the knob that moves next will turn %s; right click: none", ROWS[index].label);
    else if (controller >= 0)
        snprintf(says, size, "%s · controller %d turns it; right click: no longer", widget.says(),
                 controller);
    else
        snprintf(says, size, "%s%s", widget.says(),
                 Desk::learnable(index) ? " · right click: a MIDI controller learns it" : "");
}

// What the pointer or the keys are at; else how it is with the model, which comes first if something is the
// matter.
void Panel::say(Vg vg) const {
    char says[REASON + 320];
    bool wrong = told_of(desk.look, says, sizeof says) || !refused.empty();
    if (!refused.empty()) snprintf(says, sizeof says, "%.400s", refused.c_str());
    const Widget* meant = held ? held : under ? under : focused;
    if (!wrong && meant && !list.shown && *meant->says()) describe(*meant, says, sizeof says);
    if (hovered) snprintf(says, sizeof says, "let go: the model in this file plays");
    wrong &= !hovered;
    uint32_t ink = wrong ? WRONG : QUIET;
    float room = wide - 2 * EDGE_WIDE;
    if (width_of(vg, says, 13) <= room) {
        text(vg, EDGE_WIDE, TOP - 19, says, 13, ink);
        return;
    }
    // on two lines, broken where a word ends
    char* end = says + strlen(says);
    char* broken = end;
    do {
        *broken = broken == end ? 0 : ' ';
        for (broken--; broken > says && *broken != ' '; broken--) {
        }
        if (*broken == ' ') *broken = 0;
    } while (broken > says && width_of(vg, says, 12) > room);
    text(vg, EDGE_WIDE, TOP - 25, says, 12, ink, LEFT, false, room);
    if (broken > says) text(vg, EDGE_WIDE, TOP - 11, broken + 1, 12, ink, LEFT, false, room);
}

// ---- hands

Widget* Panel::at(float px, float py) {
    for (auto& widget : widgets)
        if (widget->shown && widget->box.has(px, py)) return widget.get();
    return nullptr;
}

bool Panel::press(float px, float py, bool fine, double seconds) {
    changed = true;
    refused.clear();
    if (list.shown) {
        list.press({px, py, fine, false});
        return true;
    }
    Widget* widget = at(px, py);
    bool twice = widget && widget == pressed && seconds - pressed_at < 0.35;
    pressed = twice ? nullptr : widget;
    pressed_at = seconds;
    focused = nullptr;
    if (!widget) return false;
    held = widget;
    widget->press({px, py, fine, twice});
    return true;
}

bool Panel::release() {
    if (!held) return false;
    held->release();
    held = nullptr;
    return changed = true;
}

bool Panel::learn(float px, float py) {
    Widget* widget = list.shown ? nullptr : at(px, py);
    if (held || !widget || !Desk::learnable(widget->turned())) return false;
    instance_learn(desk.x, widget->turned());
    return changed = true;
}

bool Panel::point(float px, float py, bool fine) {
    x = px, y = py;
    if (list.shown) {
        list.point(px, py);
        return changed = true;
    }
    if (held) {
        held->drag({px, py, fine, false});
        return changed = true;
    }
    Widget* now = at(px, py);
    changed |= now != under;
    under = now;
    return now != nullptr;
}

bool Panel::scroll(float px, float py, float steps, bool fine) {
    changed = true;
    Widget* widget = list.shown ? &list : at(px, py);
    if (widget) widget->scroll(steps, {px, py, fine, false});
    return widget != nullptr;
}

bool Panel::key(Key key, bool fine) {
    changed |= !refused.empty();
    refused.clear();
    Widget* widget = list.shown ? &list : focused;
    if (!widget || !widget->key(key, fine)) return false;
    return changed = true;
}

bool Panel::next(bool backwards) {
    if (list.shown) return true;
    std::vector<Widget*> stops;
    for (auto& widget : widgets)
        if (widget->shown && widget->takes_keys()) stops.push_back(widget.get());
    auto now = std::find(stops.begin(), stops.end(), focused);
    size_t count = stops.size(), index = now == stops.end() ? (backwards ? 0 : count - 1)
                                                            : static_cast<size_t>(now - stops.begin());
    focused = stops[(index + (backwards ? count - 1 : 1)) % count];
    return changed = true;
}

// ---- menus

void Panel::ask_model(const Box& beside) {
    Known known;
    instance_known(desk.x, &known);
    std::vector<Line> lines;
    for (int i = 0; i < known.count; i++) lines.push_back({known.names[i], false});
    int count = known.count;
    lines.push_back({"a file of your own …", true});
    int model = static_cast<int>(desk.value(MODEL));
    Box room = {EDGE_WIDE, 20, wide - 2 * EDGE_WIDE, tall - 40};
    list.open(beside, room, lines, model == 0 ? count : model - 1, [this, count, beside, room](int index) {
        if (index < 0) return;
        if (index < count) return desk.put(MODEL, static_cast<float>(index + 1));
        std::string from = desk.look.file;
        from = from.substr(0, std::max<size_t>(1, from.find_last_of("/\\") + 1) - 1);
        Box below = {beside.x, beside.bottom() + 4, room.right() - beside.x,
                     room.bottom() - beside.bottom() - 4};
        files_open(list, below, value_is_own() ? from : "", [this](const char* path) { choose_file(path); });
    });
}

void Panel::choose_file(const char* path) {
    list.close();
    refused.clear();
    instance_choose_file(desk.x, path);
    desk.put(MODEL, 0);
    look();
    changed = true;
}

void Panel::hover(bool above) {
    hovered = above;
    if (above) refused.clear();
    changed = true;
}

void Panel::refuse(const char* sentence) {
    refused = sentence;
    changed = true;
}

bool Panel::value_is_own() const { return desk.value(MODEL) == 0; }

void Panel::ask_latent(int side) {
    std::vector<Line> lines;
    for (int i = 0; i < MOST_ROWS; i++) lines.push_back({"latent " + std::to_string(i + 1), false});
    Box room = {EDGE_WIDE, 20, wide - 2 * EDGE_WIDE, tall - 40};
    list.open((side ? up : across)->box, room, lines, square->latent(side), [this, side](int index) {
        if (index >= 0) square->choose(side, index);
        name_axes();
    });
}

void Panel::name_axes() {
    snprintf(across_says, sizeof across_says, "across %d", square->latent(0) + 1);
    snprintf(up_says, sizeof up_says, "up %d", square->latent(1) + 1);
}
