// What is done on scsynth's thread beside the audio: models found, read and let go.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "unit.h"

// The folder of this plug-in: the published models lie in it.
static const char* beside() {
    static char folder[1024];
    Dl_info found;
    if (!*folder && dladdr(reinterpret_cast<void*>(&player_make), &found) && found.dli_fname) {
        snprintf(folder, sizeof folder, "%s", found.dli_fname);
        char* slash = strrchr(folder, '/');
        snprintf(slash ? slash : folder, 2, "%s", slash ? "" : ".");
    }
    return folder;
}

static void complain(void*, const char* reason) { Print("Melisma: %s\n", reason); }

static bool find(void* host, const char* name, char* path, size_t size) {
    char reason[REASON];
    if (locate_model(name, beside(), path, size, reason, sizeof reason)) return true;
    complain(host, reason);
    return false;
}

static const PlayerHost HOST = {
    find, complain, [](void*) { return true; },  // models come in with a fade
    [](void*, bool) {},                          // the audio thread looks, once a block
};

Player* player_make(int rate, int channels) {
    Player* p = static_cast<Player*>(calloc(1, sizeof(Player)));
    if (p) player_begin(p, &HOST, nullptr, rate, channels);
    if (p && p->slot) return p;
    complain(nullptr, "there is not enough memory");
    free(p);
    return nullptr;
}

void player_done(Player* p) {
    if (p) player_end(p);
    free(p);
}

void post_player(Player* p) {
    char said[REASON], against[REASON];
    if (!player_tells(p, said, sizeof said, against, sizeof against)) return;
    Print("Melisma %s\n", said);
    if (*against) Print("Melisma: %s\n", against);
}

// ---- models that are held open

constexpr int MOST_KEPT = 64;
static struct {
    char path[1024];
    melisma_model* model;
} kept[MOST_KEPT];
static int kept_count = 0;

void keep(const char* name, bool on) {
    static Loading loading;
    memset(static_cast<void*>(&loading), 0, sizeof loading);
    if (!find(nullptr, name, loading.path, sizeof loading.path)) return;
    int at = 0;
    while (at < kept_count && strcmp(kept[at].path, loading.path) != 0) at++;
    if (!on) {
        if (at == kept_count) return;
        free_beside(nullptr, kept[at].model, nullptr);
        kept[at] = kept[--kept_count];
    } else if (at == kept_count) {
        if (kept_count == MOST_KEPT) return complain(nullptr, "64 models are kept: let one go first");
        loading.rate = 0, loading.channels = 1;
        loading_now(&loading);
        if (!loading.model) return complain(nullptr, loading.reason);
        melisma_stream_free(loading.stream);
        snprintf(kept[at].path, sizeof kept[at].path, "%s", loading.path);
        kept[at].model = loading.model;
        kept_count++;
    }
}
