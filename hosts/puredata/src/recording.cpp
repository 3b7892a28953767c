#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#ifndef _WIN32
#include <unistd.h>
#else
#include <direct.h>
#include <io.h>
#define W_OK 2
#endif

#include "names.h"

constexpr const char* SOUND = ".wav";
constexpr const char* CURVES = ".txt";
constexpr const char* FILLED = "melisma.json";  // in folders that Melisma fills: melisma/system/manifest.py
constexpr int MOST = 100000;

static bool exists(const char* path) {
    struct stat found;
    return stat(path, &found) == 0;
}

// A folder that the user has made and may write in: not one that Melisma installs into, which may lie in a
// cache.
static bool is_the_users(const char* folder) {
    char list[1200];
    struct stat found;
    snprintf(list, sizeof list, "%.1000s/%s", folder, FILLED);
    if (exists(list) || stat(folder, &found) != 0 || access(folder, W_OK) != 0) return false;
#ifndef _WIN32
    if (found.st_uid != getuid()) return false;
#endif
    return true;
}

static bool make_folder(const char* folder) {
#ifdef _WIN32
    int made = _mkdir(folder);
#else
    int made = mkdir(folder, 0777);
#endif
    return made == 0 || errno == EEXIST;
}

static bool begin(const char* name, const char* patch_folder, char* path, size_t size, char* reason,
                  size_t capacity) {
    const char* user = user_folder();
    bool whole = name[0] == '/' || (name[0] && name[1] == ':');
    if (whole) {
        snprintf(path, size, "%s", name);
    } else if (name[0] == '~' && name[1] == '/' && user) {
        snprintf(path, size, "%s%s", user, name + 1);
    } else if (is_the_users(patch_folder)) {
        snprintf(path, size, "%s/%s", patch_folder, name);
    } else if (user) {
        snprintf(path, size, "%s/Melisma", user);
        if (!make_folder(path)) {
            snprintf(reason, capacity, "%.500s could not be made: %.100s", path, strerror(errno));
            return false;
        }
        snprintf(path, size, "%s/Melisma/%s", user, name);
    } else {
        snprintf(reason, capacity,
                 "there is no folder of yours to record into: save the patch in one, or give a whole path");
        return false;
    }
    size_t length = strlen(path), end = strlen(SOUND);
    if (length > end && strcmp(path + length - end, SOUND) == 0) path[length - end] = 0;
    return true;
}

bool recording_place(const char* name, const char* patch_folder, char* path, size_t size, char* reason,
                     size_t capacity) {
    char first[1000], file[1040];
    if (!begin(name, patch_folder, first, sizeof first, reason, capacity)) return false;
    for (int number = 1; number < MOST; number++) {
        if (number == 1)
            snprintf(path, size, "%s", first);
        else
            snprintf(path, size, "%.980s-%d", first, number);
        snprintf(file, sizeof file, "%.1000s%s", path, CURVES);
        if (exists(file)) continue;
        snprintf(file, sizeof file, "%.1000s%s", path, SOUND);
        int made = open(file, O_CREAT | O_EXCL | O_WRONLY, 0666);  // nobody else gets it now
        if (made >= 0) return close(made), true;
        if (errno != EEXIST) break;
    }
    snprintf(reason, capacity, "%.500s cannot be recorded: %.100s", file, strerror(errno));
    return false;
}
