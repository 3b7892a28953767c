// All of an instance as text, and back.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "controllers.h"
#include "models.h"

// A row of the exciter's, as a state calls it.
struct Exciters {
    char name[SETTING_NAME];
    explicit Exciters(const Row& row) { snprintf(name, sizeof name, "%s%s", EXCITER, row.name); }
};

size_t instance_state(Instance* x, char* text, size_t size) {
    Control control(x);
    control_serve(x);
    control_settle(x);
    for (int i = 0; i < PARAMETER_COUNT; i++)
        if (ROWS[i].exciter) player_set(&x->player, Exciters(ROWS[i]).name, x->values[i]);
    size_t used = player_state(&x->player, text, size);
    auto left = [&] { return used < size ? size - used : 0; };
    auto end = [&] { return used < size ? text + used : nullptr; };
    used += static_cast<size_t>(snprintf(end(), left(), "file %s\nchoice %d\nsquare %d %d\n", x->file,
                                         static_cast<int>(x->values[MODEL].load()), x->square[0] + 1,
                                         x->square[1] + 1));
    used += controllers_text(x, end(), left());
    return used;
}

// The rest of the line that begins with this word and a blank; false: there is none.
static bool line_of(const char* text, const char* word, char* rest, size_t size) {
    size_t length = strlen(word);
    for (const char* at = text; *at; at++) {
        if ((at == text || at[-1] == '\n') && strncmp(at, word, length) == 0 && at[length] == ' ') {
            at += length + 1;
            size_t n = strcspn(at, "\n");
            if (n >= size) return false;
            memcpy(rest, at, n);
            rest[n] = 0;
            return true;
        }
    }
    return false;
}

static float exciter_value(const Player* player, const Row& row) {
    float value;
    bool there = player_get(player, Exciters(row).name, &value);
    return there && value >= row.minimum && value <= row.maximum ? value : row.default_value;
}

bool instance_restore(Instance* x, const char* text, bool echoed) {
    Control control(x);
    char name[ASKED_NAME], number[16], file[1024];
    control_settle(x);
    char file_before[1024];
    memcpy(file_before, x->file, sizeof file_before);
    float model_before = x->values[MODEL];
    bool chosen_before = x->chosen;
    bool has_model = line_of(text, "model", name, sizeof name);
    if (!line_of(text, "file", file, sizeof file)) *file = 0;
    if (has_model) {
        memcpy(x->file, file, sizeof file);
        int choice = line_of(text, "choice", number, sizeof number) ? atoi(number) : 0;
        x->values[MODEL] = static_cast<float>(models_keep(x, name, choice));
        x->chosen = false;
    }
    if (!player_restore(&x->player, text, strlen(text))) {
        memcpy(x->file, file_before, sizeof file_before);
        x->values[MODEL] = model_before;
        x->chosen = chosen_before;
        return false;
    }
    if (echoed)
        for (int i = 0; i < PARAMETER_COUNT; i++) x->echo[i] = true;
    x->echoes = echoed;
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        if (i == BYPASS) x->values[i] = x->player.bypassed;
        if (!*ROWS[i].name) continue;
        if (ROWS[i].exciter) {
            x->values[i] = exciter_value(&x->player, ROWS[i]);
            x->changed[i] = true;
            x->stirred = true;
            continue;
        }
        float value = ROWS[i].default_value;
        bool there = player_get(&x->player, ROWS[i].name, &value);
        x->values[i] = value;
        if (!there) player_set(&x->player, ROWS[i].name, value);
    }
    controllers_restore(x, text);
    int across, up;
    if (line_of(text, "square", number, sizeof number) && sscanf(number, "%d %d", &across, &up) == 2 &&
        across >= 1 && up >= 1 && across <= MOST_ROWS && up <= MOST_ROWS)
        x->square[0] = across - 1, x->square[1] = up - 1;
    if (!x->played) player_reset(&x->player);
    control_serve(x);
    return true;
}
