#include "title.h"

#include <stdio.h>
#include <string.h>

// A model's name for the eye: of a path the file's alone, without its suffix.
static void short_name(const Look& look, char* text, size_t size) {
    const char* from = look.name;
    for (const char* at = from; *at; at++)
        if (*at == '/' || *at == '\\') from = at + 1;
    size_t length = strlen(from);
    if (is_model_file(from)) length -= strlen(MODEL_SUFFIX);
    snprintf(text, size, "%.*s", static_cast<int>(length), from);
    if (!*text) snprintf(text, size, "no model");
}

void Title::draw(Vg vg, bool focused, bool under) {
    text(vg, box.x, box.y + 9, "Melisma", 14.5f, ACCENT, LEFT, true);
    const char* begins = MELISMA_INSTRUMENT ? "Notes, played by " : "A sound, played by ";
    char model[300];
    short_name(desk.look, model, sizeof model);
    float size = 32, y = box.y + 46;
    float x = box.x + text(vg, box.x, y, begins, size, INK, LEFT, true);
    float wide = text(vg, x, y, model, size, under ? ACCENT : INK, LEFT, true, box.right() - x - 30);
    name = {x, y - 22, wide + 24, 44};
    fill(vg, {x, y + 18, wide, 2}, ACCENT);
    nvgBeginPath(vg);
    nvgMoveTo(vg, x + wide + 8, y - 2);
    nvgLineTo(vg, x + wide + 20, y - 2);
    nvgLineTo(vg, x + wide + 14, y + 6);
    nvgClosePath(vg);
    nvgFillColor(vg, colour(under ? ACCENT : FAINT));
    nvgFill(vg);
    ring(vg, name, focused);
}

bool Title::key(Key key, bool) {
    if (key != Key::ENTER && key != Key::DOWN) return false;
    ask(name);
    return true;
}

bool told_of(const Look& look, char* says, size_t size) {
    char model[300];
    short_name(look, model, sizeof model);
    if (look.status == IS_READ) {
        snprintf(says, size, "%s is being read", model);
        return false;
    }
    if (look.status != PLAYS) {
        bool missing = look.status == NOT_FOUND;
        snprintf(says, size, "%s",
                 *look.said ? look.said
                 : missing  ? "the model was not found"
                            : "the model cannot be read");
        return *look.name != 0;
    }
    if (*look.unusable) {
        snprintf(says, size, "%s: %s", model, look.unusable);
        return true;
    }
    double milliseconds = look.rate ? 1000.0 * look.latency / look.rate : 0;
    snprintf(says, size, "%.0f ms late · %g kHz · %d latents", milliseconds, look.rate / 1000.0,
             look.latents);
    return false;
}
