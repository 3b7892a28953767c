#include "models.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "keeper.h"

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

void models_complain(Instance* x, const char* reason) {
    x->status = UNREADABLE;
    snprintf(x->said, sizeof x->said, "%s", reason);
    if (x->tell)
        x->tell(x->told, reason);
    else
        fprintf(stderr, "Melisma: %s\n", reason);
}

// By name or path; and where it has moved, by its file of before, then by the name in its path.
bool models_find(Instance* x, const char* name, char* path, size_t size) {
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
    models_complain(x, reason);
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

const char* instance_choice(const Instance* x, int choice) {
    if (choice == 0) return x->own;
    return choice > 0 && choice <= x->known.count ? x->known.names[choice - 1] : "";
}

int models_choice(const Instance* x, const char* name) {
    for (int i = 1; i <= x->known.count; i++)
        if (strcmp(instance_choice(x, i), name) == 0) return i;
    return 0;
}

// Those of models.txt first, in its order: the numbers that sessions and the LV2 files know. Then all others.
void models_list(Instance* x) {
    find_beside(x->beside, sizeof x->beside);
    static_assert(MOST_KNOWN == 64, "parameters.py says so, too");
    Known found;
    char path[1100], line[MOST_NAME];
    known_models(x->beside, &found);
    x->known.count = 0;
    auto add = [x](const char* name) {
        if (*name && x->known.count < MOST_KNOWN && models_choice(x, name) == 0)
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

// The choice that a session knows a model by stays that model's, though there are others now.
int models_keep(Instance* x, const char* name, int choice) {
    int now = models_choice(x, name);
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
