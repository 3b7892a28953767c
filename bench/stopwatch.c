/* stopwatch~: two of them around an object in a patch time what it does in Pd's perform. For
   bench/puredata.py.

   stopwatch~ NAME SAMPLES  passes its signal on. The first of a NAME notes when it is called, the second the
   time since then: Pd runs what lies between the two, and nothing else where nothing else is in the patch.
   `write FILE` to the second writes, as doubles in seconds, call after call, the time between calls, the time
   within, and how much of that the thread was running: the rest of it the machine gave to others. */
#include <stdio.h>
#include <time.h>

#include "m_pd.h"

typedef struct watch {
    t_object object;
    t_float unused;
    t_symbol* name;
    struct watch *first, *next;
    double start, worked, before;
    double* times; /* three a call, taken before the sound begins */
    long count, most;
} t_watch;

static t_class* watch_class;
static t_watch* all;

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static t_int* watch_perform(t_int* w) {
    t_watch* x = (t_watch*)w[1];
    if (x->first && x->count < x->most) {
        double* told = x->times + 3 * x->count++;
        told[1] = now(CLOCK_MONOTONIC) - x->first->start;
        told[2] = now(CLOCK_THREAD_CPUTIME_ID) - x->first->worked;
        told[0] = x->first->start - x->before;
        x->before = x->first->start;
    }
    x->worked = now(CLOCK_THREAD_CPUTIME_ID);
    x->start = now(CLOCK_MONOTONIC);
    return w + 2;
}

static void watch_dsp(t_watch* x, t_signal** sp) {
    dsp_add_copy(sp[0]->s_vec, sp[1]->s_vec, sp[0]->s_n);
    dsp_add(watch_perform, 1, x);
}

static void watch_write(t_watch* x, t_symbol* path) {
    FILE* file = fopen(path->s_name, "wb");
    if (!file || fwrite(x->times, sizeof(double), (size_t)(3 * x->count), file) != (size_t)(3 * x->count))
        pd_error(x, "stopwatch~: %s cannot be written", path->s_name);
    if (file) fclose(file);
}

static void watch_free(t_watch* x) {
    t_watch** place = &all;
    while (*place && *place != x) place = &(*place)->next;
    if (*place) *place = x->next;
    freebytes(x->times, (size_t)(3 * x->most) * sizeof(double));
}

static void* watch_new(t_symbol* name, t_floatarg most) {
    t_watch *x = (t_watch*)pd_new(watch_class), *other = all;
    while (other && other->name != name) other = other->next;
    x->name = name;
    x->first = other;
    x->most = other && most > 0 ? (long)most : 0;
    x->times = getbytes((size_t)(3 * x->most) * sizeof(double));
    for (long i = 0; i < 3 * x->most; i++) x->times[i] = 0; /* the pages are there */
    x->count = 0;
    x->start = x->worked = x->before = now(CLOCK_MONOTONIC);
    x->next = all;
    all = x;
    outlet_new(&x->object, &s_signal);
    return x;
}

void stopwatch_tilde_setup(void) {
    watch_class = class_new(gensym("stopwatch~"), (t_newmethod)watch_new, (t_method)watch_free,
                            sizeof(t_watch), CLASS_DEFAULT, A_SYMBOL, A_DEFFLOAT, A_NULL);
    CLASS_MAINSIGNALIN(watch_class, t_watch, unused);
    class_addmethod(watch_class, (t_method)watch_dsp, gensym("dsp"), A_CANT, A_NULL);
    class_addmethod(watch_class, (t_method)watch_write, gensym("write"), A_SYMBOL, A_NULL);
}
