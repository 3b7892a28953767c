#include "keeper.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

#include "instance.h"

constexpr long EVERY = 10;  // milliseconds

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;  // of what follows
static Instance* all = nullptr;
static bool runs = false;

static void* keep(void*) {
    for (;;) {
        pthread_mutex_lock(&lock);
        if (!all) {
            runs = false;
            pthread_mutex_unlock(&lock);
            return nullptr;
        }
        for (Instance* x = all; x; x = x->next) instance_tend(x);
        pthread_mutex_unlock(&lock);
        timespec some = {0, EVERY * 1000000};
        nanosleep(&some, nullptr);
    }
}

void keeper_add(Instance* x) {
    pthread_mutex_lock(&lock);
    x->next = all;
    all = x;
    pthread_t thread;
    if (!runs && pthread_create(&thread, nullptr, keep, nullptr) == 0) {
        pthread_detach(thread);
        runs = true;
    }
    pthread_mutex_unlock(&lock);
}

void keeper_remove(Instance* x) {
    pthread_mutex_lock(&lock);
    for (Instance** at = &all; *at; at = &(*at)->next)
        if (*at == x) {
            *at = x->next;
            break;
        }
    pthread_mutex_unlock(&lock);
}

void keeper_stay(char* path, unsigned long size) {
    *path = 0;
#ifdef _WIN32
    HMODULE self;
    if (GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                           reinterpret_cast<const char*>(&keeper_stay), &self)) {
        unsigned long length = GetModuleFileNameA(self, path, size);
        if (length >= size) *path = 0;
        for (char* at = path; *at; at++)
            if (*at == '\\') *at = '/';
    }
#else
    Dl_info info;
    if (!dladdr(reinterpret_cast<void*>(&keeper_stay), &info) || !info.dli_fname) return;
    if (snprintf(path, size, "%s", info.dli_fname) >= static_cast<int>(size)) *path = 0;
    dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
#endif
}
