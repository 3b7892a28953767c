#include "system.h"

#ifdef MELISMA_LOADS

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#define MELISMA_LOADER
#include "loaded_gl.h"
#include "loaded_x11.h"

// Each function of a group; the tables are pointers to functions and nothing else.
template <class Table, int COUNT>
static bool load(void* library, Table* table, const char* const (&names)[COUNT]) {
    static_assert(sizeof(Table) == COUNT * sizeof(void*), "one name for each");
    void** at = reinterpret_cast<void**>(table);
    for (int i = 0; i < COUNT; i++)
        if (!(at[i] = dlsym(library, names[i]))) return false;
    return true;
}

static bool load_all() {
    void* x11 = dlopen("libX11.so.6", RTLD_NOW | RTLD_LOCAL);
    void* gl = x11 ? dlopen("libGL.so.1", RTLD_NOW | RTLD_LOCAL) : nullptr;
    return gl && load(x11, &loaded_x11, NAMES_x11) && load(gl, &loaded_glx, NAMES_glx) &&
           load(gl, &loaded_gl, NAMES_gl);
}

static bool load_once() {
    static int known = -1;  // windows are opened by one thread, the host's main one
    if (known < 0) known = load_all();
    return known;
}

bool system_shows() {
    if (!load_once()) return false;
    Display* display = loaded_x11.XOpenDisplay_(nullptr);
    if (!display) return false;
    bool has = loaded_glx.glXQueryExtension_(display, nullptr, nullptr);
    loaded_x11.XCloseDisplay_(display);
    return has;
}

double system_scale(double asked) {
    if (asked > 0) return asked;
    double dots = 96;
    if (!load_once()) return 1;
    Display* display = loaded_x11.XOpenDisplay_(nullptr);
    if (!display) return 1;
    const char* resources = loaded_x11.XResourceManagerString_(display);  // which pugl asks, too
    const char* found = resources ? strstr(resources, "Xft.dpi:") : nullptr;
    if (found) dots = atof(found + strlen("Xft.dpi:"));
    loaded_x11.XCloseDisplay_(display);
    return dots > 0 && dots < 2000 ? dots / 96 : 1;
}

#else

double system_scale(double asked) { return asked > 0 ? asked : 1; }

bool system_shows() { return true; }

#endif
