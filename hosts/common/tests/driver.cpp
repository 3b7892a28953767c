// A host without anything around it: hosts/common played from a script, one line a deed, for tests.
//
//     driver MODELS_FOLDER RATE BLOCK IN.f32 OUT.f32 < script      raw floats
//
//     SAMPLE load NAME | set NAME VALUE | bypass 0/1 | reset | save | restore FILE
//
// Done before the first block that begins at SAMPLE or later; a loading is waited for, so that runs repeat.
// Tells on stdout: "latency N", "complaint TEXT", "state" and its lines.
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "names.h"
#include "player.h"

static const char* folder;
static bool running = false;

static bool find(void*, const char* name, char* path, size_t size) {
    if (strchr(name, '/') || is_model_file(name)) return snprintf(path, size, "%s", name) > 0;
    if (find_model(name, folder, path, size)) return true;
    printf("complaint there is no model named %s\n", name);
    return false;
}

static const PlayerHost HOST = {
    find,
    [](void*, const char* reason) { printf("complaint %s\n", reason); },
    [](void*) { return running; },
    [](void*, bool) {},
};

static Player player;

static void tell() {
    player_look(&player);
    if (!player.tells) return;
    player.tells = false;
    if (melisma_stream* stream = player_stream(&player)) printf("latency %d\n", melisma_latency(stream));
}

static void wait() {
    while (player.loading && !loading_done(player.loading)) {
        timespec some = {0, 1000000};
        nanosleep(&some, nullptr);
    }
    tell();
}

static void deed(char* line) {
    char* rest = strchr(line, ' ');
    if (rest) *rest++ = 0;
    if (!strcmp(line, "load")) player_load(&player, rest, false), wait();
    if (!strcmp(line, "bypass")) player_bypass(&player, atoi(rest) != 0);
    if (!strcmp(line, "reset")) player_reset(&player);
    if (!strcmp(line, "set")) {
        char* value = strchr(rest, ' ');
        *value++ = 0;
        if (!player_set(&player, rest, static_cast<float>(atof(value))))
            printf("complaint not set: %s\n", rest);
    }
    if (!strcmp(line, "save")) {
        size_t size = player_state(&player, nullptr, 0);
        char* text = static_cast<char*>(malloc(size + 1));
        player_state(&player, text, size + 1);
        printf("state\n%send\n", text);
        free(text);
    }
    if (!strcmp(line, "restore")) {
        static char text[1 << 17];
        FILE* file = fopen(rest, "rb");
        size_t length = file ? fread(text, 1, sizeof text, file) : 0;
        if (file) fclose(file);
        player_restore(&player, text, length);
        wait();
    }
}

int main(int count, char** words) {
    if (count != 6) return fprintf(stderr, "driver MODELS_FOLDER RATE BLOCK IN OUT < script\n"), 2;
    folder = words[1];
    int rate = atoi(words[2]), block = atoi(words[3]);
    FILE *in = fopen(words[4], "rb"), *out = fopen(words[5], "wb");
    if (!in || !out) return fprintf(stderr, "no sound\n"), 2;
    player_begin(&player, &HOST, nullptr, rate);
    float* sound = static_cast<float*>(calloc(static_cast<size_t>(block), sizeof(float)));
    char line[4096];
    bool more = fgets(line, sizeof line, stdin);
    long at = 0;
    for (size_t n; (n = fread(sound, sizeof(float), static_cast<size_t>(block), in)) > 0;
         at += static_cast<long>(n)) {
        while (more && atol(line) <= at) {
            line[strcspn(line, "\n")] = 0;
            char* start = strchr(line, ' ');
            if (start) deed(start + 1);
            more = fgets(line, sizeof line, stdin);
        }
        running = true;
        melisma_slot_process(player.slot, sound, sound, static_cast<int64_t>(n));
        fwrite(sound, sizeof(float), n, out);
        tell();
    }
    player_end(&player);
    fclose(in);
    fclose(out);
    free(sound);
    return 0;
}
