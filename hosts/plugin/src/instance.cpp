#include "instance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "keeper.h"

const char* const STATUS_NAMES[STATUS_COUNT] = {"plays", "is being read", "was not found", "cannot be read"};
constexpr const char* AT_FIRST = "strings";

// ---- who may change the player

static void rest() {
    timespec some = {0, 500000};
    nanosleep(&some, nullptr);
}

static void take(Instance* x) {
    while (x->busy.test_and_set(std::memory_order_acquire)) rest();
}

static void leave(Instance* x) { x->busy.clear(std::memory_order_release); }

// The control side, as long as it lives.
struct Control {
    Instance* x;
    explicit Control(Instance* one) : x(one) {
        pthread_mutex_lock(&x->control);
        take(x);
    }
    ~Control() {
        leave(x);
        pthread_mutex_unlock(&x->control);
    }
};

// ---- files

static bool is_file(const char* path) {
    struct stat found;
    return *path && stat(path, &found) == 0 && S_ISREG(found.st_mode);
}

static bool is_path(const char* name) {
#ifdef _WIN32
    if (strchr(name, '\\')) return true;
#endif
    return strchr(name, '/') || is_model_file(name);
}

// The name in a path: the file without its folder and suffix.
static void stem(const char* path, char* name, size_t size) {
    for (const char* at = path; *at; at++)
        if (*at == '/' || *at == '\\') path = at + 1;
    snprintf(name, size, "%.*s",
             static_cast<int>(strlen(path) - (is_model_file(path) ? strlen(MODEL_SUFFIX) : 0)), path);
}

static void complain(Instance* x, const char* reason) {
    x->status = UNREADABLE;
    if (x->tell)
        x->tell(x->told, reason);
    else
        fprintf(stderr, "Melisma: %s\n", reason);
}

// By name or path; and where it has moved, by its file of before, then by the name in its path.
static bool find(Instance* x, const char* name, char* path, size_t size) {
    bool there = is_path(name) ? is_file(name) && snprintf(path, size, "%s", name) < static_cast<int>(size)
                               : find_model(name, x->beside, path, size);
    if (!there && *x->file && (there = is_file(x->file))) snprintf(path, size, "%s", x->file);
    char bare[MOST_NAME];
    stem(name, bare, sizeof bare);
    if (!there && is_path(name)) there = find_model(bare, x->beside, path, size);
    if (there) {
        snprintf(x->file, sizeof x->file, "%s", path);
        return true;
    }
    char home[1024], reason[REASON];
    own_folder(home, sizeof home);
    snprintf(reason, sizeof reason,
             "there is no model %.200s%s, nor one named so in %.200s/models or %.200s/models",
             is_path(name) ? "at " : "named ", name, home, x->beside);
    complain(x, reason);
    x->status = NOT_FOUND;
    return false;
}

// Where the published models lie: beside the binary or, in a bundle, beside the bundle.
static void find_beside(char* folder, size_t size) {
    char path[1024];
    keeper_stay(path, sizeof path);
    for (int up = 0; up < 4; up++) {
        char* last = strrchr(path, '/');
        if (!last) break;
        *last = 0;
        if (up == 0) snprintf(folder, size, "%s", path);
        char models[1100];
        struct stat found;
        snprintf(models, sizeof models, "%s/models", path);
        if (stat(models, &found) == 0 && S_ISDIR(found.st_mode)) {
            snprintf(folder, size, "%s", path);
            return;
        }
    }
}

// ---- values

// Into the player, all that was set since. The caller has the player.
static void settle(Instance* x) {
    if (!x->any.exchange(false)) return;
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        if (!x->changed[i].exchange(false)) continue;
        if (i == BYPASS) player_bypass(&x->player, x->values[i].load() >= 0.5f);
        if (*ROWS[i].name) player_set(&x->player, ROWS[i].name, x->values[i].load());
    }
}

static void put(Instance* x, int i, float value) {
    x->values[i] = value;
    x->changed[i] = true;
    x->any = true;
}

// Hosts keep a share of the range in 32 bits and give back 0.49999999 for 0.5: three decimals are meant.
static float rounded(const Row& row, float value) {
    float near = roundf(value * 1000) / 1000, room = 2e-6f * (row.maximum - row.minimum);
    if (row.whole) return roundf(value);
    return fabsf(value - near) < room ? near : value;
}

void instance_set(Instance* x, int i, float value) {
    if (i < 0 || i >= PARAMETER_COUNT || i == STATUS || !(value - value == 0)) return;
    if (x->echoes && x->echo[i].exchange(false)) return;
    const Row& row = ROWS[i];
    value = rounded(row, value < row.minimum ? row.minimum : value > row.maximum ? row.maximum : value);
    if (value == x->values[i]) return;
    put(x, i, value);
    if (i == MODEL) x->chosen = true;
}

float instance_get(const Instance* x, int i) {
    return i == STATUS                     ? static_cast<float>(x->status.load())
           : i < 0 || i >= PARAMETER_COUNT ? 0
                                           : x->values[i].load();
}

// ---- models

const char* instance_choice(const Instance* x, int choice) {
    if (choice == 0) return x->own;
    return choice > 0 && choice <= x->known.count ? x->known.names[choice - 1] : "";
}

static int choice_of(const Instance* x, const char* name) {
    for (int i = 1; i <= x->known.count; i++)
        if (strcmp(instance_choice(x, i), name) == 0) return i;
    return 0;
}

// Those of models.txt first, in its order: the numbers that sessions and the LV2 files know. Then all others.
static void list_models(Instance* x) {
    static_assert(MOST_KNOWN == 64, "parameters.py says so, too");
    Known found;
    char path[1100], line[MOST_NAME];
    known_models(x->beside, &found);
    x->known.count = 0;
    auto add = [x](const char* name) {
        if (*name && x->known.count < MOST_KNOWN && choice_of(x, name) == 0)
            snprintf(x->known.names[x->known.count++], MOST_NAME, "%s", name);
    };
    snprintf(path, sizeof path, "%s/models.txt", x->beside);
    if (FILE* list = fopen(path, "rb")) {
        while (fgets(line, sizeof line, list)) {
            line[strcspn(line, "\r\n")] = 0;
            add(line);
        }
        fclose(list);
    }
    for (int i = 0; i < found.count; i++) add(found.names[i]);
}

// What the player was asked for last.
static const char* asked(const Instance* x) { return *x->player.wanted ? x->player.wanted : x->player.name; }

// A model by name or file, which is not among the choices if it is not known by name.
static void load(Instance* x, const char* name) {
    *x->file = 0;
    int choice = choice_of(x, name);
    if (choice == 0) snprintf(x->own, sizeof x->own, "%s", name);
    x->values[MODEL] = static_cast<float>(choice);
    x->chosen = false;
    player_load(&x->player, name, false);
}

// The control side's: what was chosen is loaded, what was loaded is put in.
static void serve(Instance* x) {
    if (x->chosen.exchange(false)) {
        const char* name = instance_choice(x, static_cast<int>(x->values[MODEL].load()));
        if (*name && strcmp(name, asked(x)) != 0) {
            *x->file = 0;
            x->status = PLAYS;
            player_load(&x->player, name, false);
        }
    }
    if (x->ordered) {
        load(x, x->order);
        x->ordered = false;
    }
    player_look(&x->player);
    if (x->player.loading)
        x->status = IS_READ;
    else if (x->player.model)
        x->status = PLAYS;
    else if (x->status == IS_READ)
        x->status = UNREADABLE;
    melisma_stream* stream = player_stream(&x->player);
    x->latency = stream ? melisma_latency(stream) : 0;
}

void instance_tend(Instance* x) {
    Control control(x);
    serve(x);
}

void instance_load(Instance* x, const char* name) {
    Control control(x);
    load(x, name);
    serve(x);
}

// ---- beginning and end

static Instance* self(void* x) { return static_cast<Instance*>(x); }

static const PlayerHost HOST = {
    [](void* x, const char* name, char* path, size_t size) { return find(self(x), name, path, size); },
    [](void* x, const char* reason) { complain(self(x), reason); },
    [](void* x) { return self(x)->active && self(x)->played; },
    [](void*, bool) {},  // the keeper looks all the time
};

Instance* instance_new(int rate) {
    Instance* x = static_cast<Instance*>(calloc(1, sizeof(Instance)));
    if (!x) return nullptr;
    x->busy.clear();
    pthread_mutex_init(&x->control, nullptr);
    find_beside(x->beside, sizeof x->beside);
    list_models(x);
    player_begin(&x->player, &HOST, x, rate, CHANNELS);
    for (int i = 0; i < PARAMETER_COUNT; i++) put(x, i, ROWS[i].default_value);
    int choice = choice_of(x, AT_FIRST);
    x->values[MODEL] = static_cast<float>(choice ? choice : x->known.count ? 1 : 0);
    x->chosen = true;
    x->status = NOT_FOUND;
    settle(x);
    return x;
}

void instance_free(Instance* x) {
    if (!x) return;
    if (x->active) instance_deactivate(x);
    player_end(&x->player);
    pthread_mutex_destroy(&x->control);
    free(x);
}

void instance_activate(Instance* x, int rate) {
    {
        Control control(x);
        x->played = false;
        while (x->player.loading && !loading_done(x->player.loading)) rest();
        player_rate(&x->player, rate);
        serve(x);
        settle(x);
        player_reset(&x->player);
    }
    if (!x->active.exchange(true)) keeper_add(x);
}

void instance_deactivate(Instance* x) {
    if (!x->active.exchange(false)) return;
    keeper_remove(x);
    x->played = false;
}

// ---- audio

static bool waits(const Instance* x) { return x->chosen || x->ordered || x->player.loading; }

// Take the player once nothing is on its way any more; after some seconds, in any case.
static void take_settled(Instance* x) {
    for (int i = 0; i < 10000; i++) {
        take(x);
        if (!waits(x)) return;
        leave(x);
        rest();
    }
    take(x);
}

bool instance_order(Instance* x, const char* path, size_t length) {
    if (x->ordered || length >= sizeof x->order) return false;
    memcpy(x->order, path, length);
    x->order[length] = 0;
    x->ordered = true;
    return true;
}

void instance_process(Instance* x, const float* const* in, float* const* out, int64_t n, bool offline) {
    if (n <= 0) return;
    x->echoes = false;
    if (!x->played) {
        // the first block after a start: what was asked for is there, not on its way
        take_settled(x);
        settle(x);
        if (x->player.slot) melisma_slot_reset(x->player.slot);
        x->played = true;
        leave(x);
    } else if (offline) {
        take_settled(x);
        settle(x);
        leave(x);
    } else if (x->any && !x->busy.test_and_set(std::memory_order_acquire)) {
        settle(x);  // else at the next block
        leave(x);
    }
    if (!x->player.slot) {
        for (int c = 0; c < CHANNELS; c++) memset(out[c], 0, static_cast<size_t>(n) * sizeof(float));
        return;
    }
    melisma_slot_process_channels(x->player.slot, CHANNELS, in, out, n);
}

bool instance_file(Instance* x, char* path, size_t size) {
    if (x->busy.test_and_set(std::memory_order_acquire)) return false;
    snprintf(path, size, "%s", x->player.model ? x->file : "");
    leave(x);
    return true;
}

// ---- state

size_t instance_state(Instance* x, char* text, size_t size) {
    Control control(x);
    serve(x);
    settle(x);
    size_t used = player_state(&x->player, text, size);
    int more = snprintf(used < size ? text + used : nullptr, used < size ? size - used : 0,
                        "file %s\nchoice %d\n", x->file, static_cast<int>(x->values[MODEL].load()));
    return used + static_cast<size_t>(more);
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

// The choice that a session knows a model by stays that model's, though there are others now.
static int keep_choice(Instance* x, const char* name, int choice) {
    int now = choice_of(x, name);
    if (now == 0) {
        snprintf(x->own, sizeof x->own, "%s", name);
    } else if (now != choice && choice >= 1 && choice <= x->known.count) {
        char* one = x->known.names[now - 1];
        char* other = x->known.names[choice - 1];
        char aside[MOST_NAME];
        memcpy(aside, one, MOST_NAME);
        memcpy(one, other, MOST_NAME);
        memcpy(other, aside, MOST_NAME);
        now = choice;
    }
    return now;
}

bool instance_restore(Instance* x, const char* text, bool echoed) {
    Control control(x);
    char name[ASKED_NAME], number[16], file[1024];
    settle(x);
    bool has_model = line_of(text, "model", name, sizeof name);
    if (!line_of(text, "file", file, sizeof file)) *file = 0;
    if (has_model) {
        memcpy(x->file, file, sizeof file);
        int choice = line_of(text, "choice", number, sizeof number) ? atoi(number) : 0;
        x->values[MODEL] = static_cast<float>(keep_choice(x, name, choice));
        x->chosen = false;
    }
    if (!player_restore(&x->player, text, strlen(text))) return false;
    if (echoed)
        for (int i = 0; i < PARAMETER_COUNT; i++) x->echo[i] = true;
    x->echoes = echoed;
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        if (i == BYPASS) x->values[i] = x->player.bypassed;
        if (!*ROWS[i].name) continue;
        float value = ROWS[i].default_value;
        bool there = false;
        for (int s = 0; s < x->player.setting_count && !there; s++)
            if ((there = strcmp(x->player.settings[s].name, ROWS[i].name) == 0))
                value = x->player.settings[s].value;
        x->values[i] = value;
        if (!there) player_set(&x->player, ROWS[i].name, value);
    }
    if (!x->played) player_reset(&x->player);
    serve(x);
    return true;
}
