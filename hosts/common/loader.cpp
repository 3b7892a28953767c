#include "loader.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// ---- models that are open, so that 32 objects on one file hold its weights once

struct Open {
    char path[1024];
    long long size, changed, number;
    melisma_model* model;
    int users;
    Open* next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;  // never taken in perform
static Open* all = nullptr;

static melisma_model* model_open(const char* path, char* reason) {
    struct stat found;
    memset(&found, 0, sizeof found);
    bool there = stat(path, &found) == 0;
    long long changed = static_cast<long long>(found.st_mtime), number = static_cast<long long>(found.st_ino);
    if (there && !S_ISREG(found.st_mode)) {
        snprintf(reason, REASON, "%.500s is not a file but a folder or a device", path);
        return nullptr;
    }
    pthread_mutex_lock(&lock);  // held while reading: the second to ask for a file waits for the first
    melisma_model* model = nullptr;
    for (Open* o = all; o && there; o = o->next)
        if (o->changed == changed && o->number == number &&
            o->size == static_cast<long long>(found.st_size) && strcmp(o->path, path) == 0) {
            o->users++;
            model = o->model;
            break;
        }
    if (!model && (model = melisma_open(path, nullptr, reason, REASON))) {
        Open* o = static_cast<Open*>(calloc(1, sizeof(Open)));
        if (o) {
            snprintf(o->path, sizeof o->path, "%s", path);
            o->size = found.st_size, o->changed = changed, o->number = number;
            o->model = model, o->users = 1;
            o->next = all;
            all = o;
        } else {
            melisma_close(model);
            model = nullptr;
            snprintf(reason, REASON, "there is not enough memory for %.500s", path);
        }
    }
    pthread_mutex_unlock(&lock);
    return model;
}

static void model_release(melisma_model* model) {
    if (!model) return;
    pthread_mutex_lock(&lock);
    for (Open** o = &all; *o; o = &(*o)->next)
        if ((*o)->model == model) {
            if (--(*o)->users == 0) {
                Open* gone = *o;
                *o = gone->next;
                melisma_close(model);  // its streams keep what they need
                free(gone);
            }
            break;
        }
    pthread_mutex_unlock(&lock);
}

// ---- loadings

enum { RUNNING, DONE, ABANDONED };

void loading_now(Loading* l) {
    l->model = model_open(l->path, l->reason);
    if (l->model && !(l->stream = melisma_stream_new_channels(l->model, l->rate, l->channels, l->reason,
                                                              sizeof l->reason))) {
        model_release(l->model);
        l->model = nullptr;
    }
}

static void discard(Loading* l) {
    melisma_stream_free(l->stream);
    model_release(l->model);
    free(l);
}

static void* load(void* given) {
    Loading* l = static_cast<Loading*>(given);
    loading_now(l);
    int state = RUNNING;
    if (!l->state.compare_exchange_strong(state, DONE)) discard(l);
    return nullptr;
}

static bool beside(void* (*work)(void*), void* given) {
    pthread_t thread;
    if (pthread_create(&thread, nullptr, work, given)) return false;
    pthread_detach(thread);
    return true;
}

Loading* loading_start(const char* path, int rate, int channels) {
    Loading* l = static_cast<Loading*>(calloc(1, sizeof(Loading)));
    if (!l) return nullptr;
    snprintf(l->path, sizeof l->path, "%s", path);
    l->rate = rate, l->channels = channels;
    l->state = RUNNING;
    if (beside(load, l)) return l;
    free(l);
    return nullptr;
}

bool loading_done(const Loading* l) { return l->state.load() == DONE; }

void loading_end(Loading* l) {
    int state = RUNNING;
    if (l && !l->state.compare_exchange_strong(state, ABANDONED)) free(l);
}

struct Leaving {
    melisma_stream* stream;
    melisma_model* model;
    melisma_slot* slot;
};

static void* leave(void* given) {
    Leaving* l = static_cast<Leaving*>(given);
    melisma_stream_free(l->stream);
    melisma_slot_free(l->slot);
    model_release(l->model);
    free(l);
    return nullptr;
}

void free_beside(melisma_stream* stream, melisma_model* model, melisma_slot* slot) {
    if (!stream && !model && !slot) return;
    Leaving* l = static_cast<Leaving*>(calloc(1, sizeof(Leaving)));
    if (!l) return;  // without memory for this little, better lose it than stop the sound
    *l = {stream, model, slot};
    if (!beside(leave, l)) leave(l);
}
