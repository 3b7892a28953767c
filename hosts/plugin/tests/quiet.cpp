// Counts what must not happen in the audio thread: memory taken or given back, locks, sleep. An LV2 host over
// blocks of changing sizes, in which parameters and the model change.
//
//     quiet FILE.so URI INPUTS PARAMETERS MODEL_PORT [window]
//
// → "first N", which may wait for its model; "calls N" of all the others. window: its window is open all the
// while, on a thread of its own; "looks N", how often it was called.
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <atomic>

#include "lv2/atom/atom.h"
#include "lv2/core/lv2.h"
#include "lv2/instance-access/instance-access.h"
#include "lv2/midi/midi.h"
#include "lv2/ui/ui.h"
#include "lv2/urid/urid.h"

static thread_local bool armed = false;
static long calls = 0, first = 0;
static void count() {
    if (armed) calls++;
}

extern "C" {
void* __libc_malloc(size_t);
void __libc_free(void*);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
void* malloc(size_t n) { return count(), __libc_malloc(n); }
void free(void* p) { count(), __libc_free(p); }
void* calloc(size_t a, size_t b) { return count(), __libc_calloc(a, b); }
void* realloc(void* p, size_t n) { return count(), __libc_realloc(p, n); }
void* aligned_alloc(size_t a, size_t n) { return count(), __libc_memalign(a, n); }
int posix_memalign(void** p, size_t a, size_t n) { return count(), *p = __libc_memalign(a, n), 0; }
int pthread_mutex_lock(pthread_mutex_t* m) {
    static auto real = reinterpret_cast<int (*)(pthread_mutex_t*)>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
    return count(), real(m);
}
int nanosleep(const timespec* a, timespec* b) {
    static auto real = reinterpret_cast<int (*)(const timespec*, timespec*)>(dlsym(RTLD_NEXT, "nanosleep"));
    return count(), real(a, b);
}
}

// ---- its window

struct Window {
    void* library;
    LV2_Handle plugin;
    std::atomic<bool> opened, ends;
    std::atomic<long> looks;
};

static void write_port(LV2UI_Controller, uint32_t, uint32_t, uint32_t, const void*) {}

static void* look(void* given) {
    Window* w = static_cast<Window*>(given);
    void* x11 = dlopen("libX11.so.6", RTLD_NOW);
    auto call = [x11](const char* name) { return x11 ? dlsym(x11, name) : nullptr; };
    auto open = reinterpret_cast<void* (*)(const char*)>(call("XOpenDisplay"));
    auto root = reinterpret_cast<unsigned long (*)(void*)>(call("XDefaultRootWindow"));
    auto make =
        reinterpret_cast<unsigned long (*)(void*, unsigned long, int, int, unsigned, unsigned, unsigned,
                                           unsigned long, unsigned long)>(call("XCreateSimpleWindow"));
    auto map = reinterpret_cast<int (*)(void*, unsigned long)>(call("XMapWindow"));
    auto sync = reinterpret_cast<int (*)(void*, int)>(call("XSync"));
    auto find = reinterpret_cast<LV2UI_DescriptorFunction>(dlsym(w->library, "lv2ui_descriptor"));
    void* display = open ? open(nullptr) : nullptr;
    if (!display || !find) return w->opened = true, nullptr;
    unsigned long parent = make(display, root(display), 0, 0, 1040, 780, 0, 0, 0);
    map(display, parent), sync(display, 0);
    LV2_Feature inside = {LV2_UI__parent, reinterpret_cast<void*>(parent)};
    LV2_Feature access = {LV2_INSTANCE_ACCESS_URI, w->plugin};
    const LV2_Feature* features[] = {&inside, &access, nullptr};
    const LV2UI_Descriptor* d = find(0);
    LV2UI_Widget widget;
    LV2UI_Handle ui = d->instantiate(d, "", "", write_port, nullptr, &widget, features);
    w->opened = true;
    if (!ui) return nullptr;
    auto idle = static_cast<const LV2UI_Idle_Interface*>(d->extension_data(LV2_UI__idleInterface));
    for (; !w->ends; w->looks++) {
        idle->idle(ui);
        timespec some = {0, 5000000};
        nanosleep(&some, nullptr);
    }
    d->cleanup(ui);
    return nullptr;
}

// ---- controllers, a few a block, as a host gives them

static char* uris[64];

static LV2_URID number_of(LV2_URID_Map_Handle, const char* uri) {
    LV2_URID id = 0;
    for (; uris[id] && strcmp(uris[id], uri) != 0; id++) {
    }
    if (!uris[id]) uris[id] = strdup(uri);
    return id + 1;
}

static struct {
    LV2_Atom_Sequence head;
    struct {
        LV2_Atom_Event event;
        uint8_t bytes[8];
    } list[4];
} midi;

static void turn(unsigned* seed) {
    midi.head.atom = {static_cast<uint32_t>(sizeof midi - sizeof(LV2_Atom)),
                      number_of(nullptr, LV2_ATOM__Sequence)};
    for (auto& one : midi.list) {
        one.event.time.frames = 0;
        one.event.body = {3, number_of(nullptr, LV2_MIDI__MidiEvent)};
        one.bytes[0] = 0xb0;
        one.bytes[1] = static_cast<uint8_t>(20 + rand_r(seed) % 4);
        one.bytes[2] = static_cast<uint8_t>(rand_r(seed) % 128);
    }
}

int main(int count, char** words) {
    void* library = dlopen(words[1], RTLD_NOW);
    if (!library) return puts(dlerror()), 1;
    auto find = reinterpret_cast<LV2_Descriptor_Function>(dlsym(library, "lv2_descriptor"));
    const LV2_Descriptor* d = find(0);
    if (strcmp(d->URI, words[2]) != 0) return puts(d->URI), 1;
    int inputs = atoi(words[3]), parameters = atoi(words[4]), model = atoi(words[5]), sounds = inputs + 2;
    LV2_URID_Map map = {nullptr, number_of};
    LV2_Feature mapping = {LV2_URID__map, &map};
    const LV2_Feature* features[] = {&mapping, nullptr};
    LV2_Handle plugin = d->instantiate(d, 48000, ".", features);
    static float sound[4][8192], values[256];
    for (int i = 0; i < sounds; i++) d->connect_port(plugin, static_cast<uint32_t>(i), sound[i]);
    for (int i = 0; i < parameters; i++)
        d->connect_port(plugin, static_cast<uint32_t>(sounds + 4 + i), values + i);
    d->connect_port(plugin, static_cast<uint32_t>(sounds), &midi);
    values[model] = 1;
    Window window = {library, plugin, {false}, {false}, {0}};
    pthread_t looking;
    bool looks = count > 6 && pthread_create(&looking, nullptr, look, &window) == 0;
    while (looks && !window.opened) sched_yield();
    d->activate(plugin);
    unsigned seed = 1;
    for (int block = 0; block < 3000; block++) {
        uint32_t n = 1 + rand_r(&seed) % (block % 50 ? 600 : 8192);
        for (int i = 0; i < inputs; i++)
            for (uint32_t t = 0; t < n; t++)
                sound[i][t] = static_cast<float>(rand_r(&seed) % 1000) / 5000 - 0.1f;
        if (block % 3 == 0) values[rand_r(&seed) % parameters] = static_cast<float>(rand_r(&seed) % 3);
        if (block % 100 == 0) values[model] = static_cast<float>(1 + block / 100 % 4);
        turn(&seed);
        armed = true;
        d->run(plugin, n);
        armed = false;
        if (block == 0) first = calls, calls = 0;
        if (block % 100 > 90) {  // some time for the thread beside
            timespec some = {0, 20000000};
            nanosleep(&some, nullptr);
        }
    }
    window.ends = true;
    if (looks) pthread_join(looking, nullptr);
    d->deactivate(plugin);
    d->cleanup(plugin);
    printf("looks %ld\n", window.looks.load());
    printf("first %ld\ncalls %ld\n", first, calls);
}
