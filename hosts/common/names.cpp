#include "names.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#ifndef _WIN32
#include <pwd.h>
#include <unistd.h>
#endif

constexpr const char* PLACES[] = {"models",
                                  "../models"};  // beside the binary: installed; in the Python package

bool is_model_file(const char* name) {
    size_t a = strlen(name), b = strlen(MODEL_SUFFIX);
    return a >= b && strcmp(name + a - b, MODEL_SUFFIX) == 0;
}

static bool is_file(const char* path) {
    struct stat found;
    return stat(path, &found) == 0 && S_ISREG(found.st_mode);
}

static bool is_folder(const char* path) {
    struct stat found;
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

const char* user_folder() {
#ifdef _WIN32
    const char* user = getenv("USERPROFILE");
    return user && *user ? user : nullptr;
#else
    const char* user = getenv("HOME");
    if (user && *user) return user;
    const passwd* entry = getpwuid(getuid());  // none for a container's user without an account
    return entry ? entry->pw_dir : nullptr;
#endif
}

void own_folder(char* path, size_t size) {
    const char *chosen = getenv("MELISMA_HOME"), *user = user_folder();
    *path = 0;
    if (chosen && *chosen == '~') {
        const char* rest = strchr(chosen, '/');
        size_t length = rest ? static_cast<size_t>(rest - chosen) : strlen(chosen);
        const char* whose = length == 1 ? user : nullptr;
#ifndef _WIN32
        char name[MOST_NAME];
        if (length > 1 && length < sizeof name) {
            snprintf(name, sizeof name, "%.*s", static_cast<int>(length - 1), chosen + 1);
            const passwd* entry = getpwnam(name);
            whose = entry ? entry->pw_dir : nullptr;
        }
#endif
        if (whose) snprintf(path, size, "%s%s", whose, rest ? rest : "");
        return;
    }
    if (chosen && *chosen) {
        snprintf(path, size, "%s", chosen);
        return;
    }
    if (!user) return;
    snprintf(path, size, "%s/.cache/melisma", user);
    if (is_folder(path)) return;
#if defined _WIN32
    const char* data = getenv("LOCALAPPDATA");
    if (data && *data) snprintf(path, size, "%s/melisma", data);
#elif defined __APPLE__
    snprintf(path, size, "%s/Library/Application Support/melisma", user);
#else
    const char* cache = getenv("XDG_CACHE_HOME");
    if (cache && *cache == '/') snprintf(path, size, "%s/melisma", cache);
#endif
}

// What is hidden is no model: what macOS leaves beside a file, a download that broke off.
static bool is_model(const char* folder, const char* name) {
    char path[2048];
    snprintf(path, sizeof path, "%.1500s/%.400s", folder, name);
    return name[0] != '.' && is_model_file(name) && is_file(path);
}

static bool in_folder(const char* folder, const char* name, char* path, size_t size) {
    char file[MOST_NAME + 16];
    snprintf(file, sizeof file, "%.255s%s", name, MODEL_SUFFIX);
    snprintf(path, size, "%s/%s", folder, file);
    return is_model(folder, file);
}

static void insert(Known* known, const char* name) {
    int at = 0;
    while (at < known->count && strcmp(known->names[at], name) < 0) at++;
    if (known->count == MOST_KNOWN || (at < known->count && strcmp(known->names[at], name) == 0)) return;
    memmove(known->names[at + 1], known->names[at], static_cast<size_t>(known->count++ - at) * MOST_NAME);
    snprintf(known->names[at], MOST_NAME, "%s", name);
}

// The models in a folder; with PUBLISHED before those that another folder has as well.
static void gather(const char* folder, const char* over, Known* known) {
    DIR* open = opendir(folder);
    if (!open) return;
    while (dirent* entry = readdir(open)) {
        if (!is_model(folder, entry->d_name)) continue;
        char name[MOST_NAME];
        snprintf(name, sizeof name, "%s%s", over && is_model(over, entry->d_name) ? PUBLISHED : "",
                 entry->d_name);
        name[strlen(name) - strlen(MODEL_SUFFIX)] = 0;
        insert(known, name);
    }
    closedir(open);
}

void known_models(const char* beside, Known* known) {
    char users[1200], folder[1200];
    known->count = 0;
    own_folder(users, sizeof users - 8);
    if (*users) gather(strcat(users, "/models"), nullptr, known);
    for (const char* place : PLACES) {
        snprintf(folder, sizeof folder, "%.1000s/%s", beside, place);
        gather(folder, *users ? users : nullptr, known);
    }
}

bool find_model(const char* name, const char* beside, char* path, size_t size) {
    char folder[1200];
    size_t prefix = strlen(PUBLISHED);
    bool published = strncmp(name, PUBLISHED, prefix) == 0;
    own_folder(folder, sizeof folder - 8);
    if (!published && *folder && in_folder(strcat(folder, "/models"), name, path, size)) return true;
    for (const char* place : PLACES) {
        snprintf(folder, sizeof folder, "%.1000s/%s", beside, place);
        if (in_folder(folder, published ? name + prefix : name, path, size)) return true;
    }
    return false;
}

bool locate_model(const char* name, const char* beside, char* path, size_t size, char* reason,
                  size_t capacity) {
    if (name[0] == '~' && name[1] == '/' && user_folder())
        return snprintf(path, size, "%s%s", user_folder(), name + 1) > 0;
    if (strchr(name, '/') || is_model_file(name)) return snprintf(path, size, "%s", name) > 0;
    if (find_model(name, beside, path, size)) return true;
    char home[1024];
    own_folder(home, sizeof home);
    snprintf(reason, capacity, "there is no model named %.200s in %.200s/models or %.200s/models", name, home,
             beside);
    return false;
}
