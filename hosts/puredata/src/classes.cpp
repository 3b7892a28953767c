// The objects of Pure Data: melisma~, melisma.encode~, melisma.decode~, melisma.loop~.
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "object.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

constexpr float FADE_SECONDS = 0.02f;  // of bypass, where no model mixes
constexpr int MOST_LATENTS = 128, USUAL_LATENTS = 16;

template <class... Arguments>
static t_method method(void (*f)(Arguments...)) {
    return reinterpret_cast<t_method>(f);
}

// ---- melisma~: sound in, sound out

static t_class* chain_class;

// in and out: a channel each; Pd may give the same buffer for an inlet and for any outlet
static void chain_run(Object* x, const float* const* in, const float* level, float* const* out, int n) {
    float now = level[n - 1];
    if (now == now && now != x->heard) object_loudness(x, x->heard = now);
    int channels = x->player.channels;
    if (x->player.slot && (!x->player.bypassed || melisma_slot_stream(x->player.slot)))
        return melisma_slot_process_channels(x->player.slot, channels, in, out, n);
    for (int i = 0; i < n; i++) {
        float heard[2] = {};
        for (int c = 0; c < channels && x->player.bypassed; c++) heard[c] = in[c][i];
        for (int c = 0; c < channels; c++) out[c][i] = heard[c];
    }
}

static t_int* chain_perform(t_int* w) {
    const float* in = reinterpret_cast<const float*>(w[2]);
    float* out = reinterpret_cast<float*>(w[4]);
    chain_run(reinterpret_cast<Object*>(w[1]), &in, reinterpret_cast<const float*>(w[3]), &out,
              static_cast<int>(w[5]));
    return w + 6;
}

static t_int* stereo_perform(t_int* w) {
    const float* in[] = {reinterpret_cast<const float*>(w[2]), reinterpret_cast<const float*>(w[3])};
    float* out[] = {reinterpret_cast<float*>(w[5]), reinterpret_cast<float*>(w[6])};
    chain_run(reinterpret_cast<Object*>(w[1]), in, reinterpret_cast<const float*>(w[4]), out,
              static_cast<int>(w[7]));
    return w + 8;
}

static void chain_dsp(Object* x, t_signal** sp) {
    object_rate(x, sp[0]->s_sr);
    t_int n = static_cast<t_int>(sp[0]->s_n);
    if (x->player.channels > 1)
        dsp_add(stereo_perform, 7, x, sp[0]->s_vec, sp[1]->s_vec, sp[2]->s_vec, sp[3]->s_vec, sp[4]->s_vec,
                n);
    else
        dsp_add(chain_perform, 5, x, sp[0]->s_vec, sp[1]->s_vec, sp[2]->s_vec, n);
}

static void* chain_new(t_symbol*, int count, t_atom* words) {
    Object* x = reinterpret_cast<Object*>(pd_new(chain_class));
    bool stereo = count && words[0].a_type == A_SYMBOL && !strcmp(words[0].a_w.w_symbol->s_name, "-stereo");
    object_begin(x, chain_class, stereo ? 2 : 1);
    if (stereo) signalinlet_new(&x->object, 0);
    x->level = signalinlet_new(&x->object, NAN);
    for (int c = 0; c < x->player.channels; c++) outlet_new(&x->object, &s_signal);
    object_outlet(x);
    if (t_symbol* name = object_words(count - stereo, words + stereo)) object_load(x, name, false);
    return x;
}

EXPORT void melisma_tilde_setup() {
    if (chain_class) return;
    chain_class = class_new(gensym("melisma~"), reinterpret_cast<t_newmethod>(chain_new), method(object_free),
                            sizeof(Object), CLASS_DEFAULT, A_GIMME, A_NULL);
    class_domainsignalin(chain_class, offsetof(Object, unused));
    class_addmethod(chain_class, method(chain_dsp), gensym("dsp"), A_CANT, A_NULL);
    object_messages(chain_class);
}

// ---- melisma.encode~ and melisma.decode~: a signal for each latent, and the last one for the loudness

struct Part {
    Object x;
    int width;  // signals
    int n;
    float step;
    float* sound;
    float* signals[MOST_LATENTS + 1];
};

// How many latents an object has: by its second argument, else by its model, else as the published ones.
static int latents(const Object* x, int count, const t_atom* words) {
    int asked = count > 1 ? static_cast<int>(atom_getfloat(words + 1)) : 0;
    if (asked == 0 && x->player.model) {
        melisma_info info;
        melisma_describe(x->player.model, &info, sizeof info);
        asked = info.latents;
    }
    if (asked == 0) asked = USUAL_LATENTS;
    return asked < 1 ? 1 : asked > MOST_LATENTS ? MOST_LATENTS : asked;
}

static Part* part_new(t_class* c, int count, t_atom* words) {
    Part* p = reinterpret_cast<Part*>(pd_new(c));
    object_begin(&p->x, c);
    // at once: the model says how many inlets or outlets there are
    if (t_symbol* name = count ? object_words(1, words) : nullptr) object_load(&p->x, name, true);
    p->width = latents(&p->x, count, words) + 1;
    return p;
}

static void part_dsp(Part* p, t_signal** sp, t_signal** signals, t_signal* sound) {
    object_rate(&p->x, sp[0]->s_sr);
    p->n = sp[0]->s_n;
    p->step = 1 / (FADE_SECONDS * sp[0]->s_sr);
    p->sound = sound->s_vec;
    for (int d = 0; d < p->width; d++) p->signals[d] = signals[d]->s_vec;
}

static t_class* encode_class;

static t_int* encode_perform(t_int* w) {
    Part* p = reinterpret_cast<Part*>(w[1]);
    Object* x = &p->x;
    if (x->player.slot && !(x->player.bypassed && x->work == 0)) {
        melisma_slot_encode_signals(x->player.slot, p->sound, p->signals, p->width, p->n);
    } else {
        for (int d = 0; d < p->width; d++)
            for (int i = 0; i < p->n; i++) p->signals[d][i] = d < p->width - 1 ? 0.0f : -100.0f;
    }
    for (int i = 0; i < p->n && (x->work < 1 || x->player.bypassed); i++) {
        float share = object_work(x, p->step);
        for (int d = 0; d < p->width - 1; d++) p->signals[d][i] *= share;
        p->signals[p->width - 1][i] = share * (p->signals[p->width - 1][i] + 100) - 100;
    }
    return w + 2;
}

static void encode_dsp(Part* p, t_signal** sp) {
    part_dsp(p, sp, sp + 1, sp[0]);
    dsp_add(encode_perform, 1, p);
}

static void* encode_new(t_symbol*, int count, t_atom* words) {
    Part* p = part_new(encode_class, count, words);
    for (int d = 0; d < p->width; d++) outlet_new(&p->x.object, &s_signal);
    object_outlet(&p->x);
    return p;
}

EXPORT void melisma_encode_setup() {
    if (encode_class) return;
    encode_class = class_new(gensym("melisma.encode~"), reinterpret_cast<t_newmethod>(encode_new),
                             method(object_free), sizeof(Part), CLASS_DEFAULT, A_GIMME, A_NULL);
    class_domainsignalin(encode_class, offsetof(Part, x.unused));
    class_addmethod(encode_class, method(encode_dsp), gensym("dsp"), A_CANT, A_NULL);
    object_messages(encode_class);
}

static t_class* decode_class;

static t_int* decode_perform(t_int* w) {
    Part* p = reinterpret_cast<Part*>(w[1]);
    Object* x = &p->x;
    if (x->player.slot && !(x->player.bypassed && x->work == 0))
        melisma_slot_decode_signals(x->player.slot, p->signals, p->width, p->sound, p->n);
    else
        memset(p->sound, 0, static_cast<size_t>(p->n) * sizeof(float));
    for (int i = 0; i < p->n && (x->work < 1 || x->player.bypassed); i++)
        p->sound[i] *= object_work(x, p->step);
    return w + 2;
}

static void decode_dsp(Part* p, t_signal** sp) {
    part_dsp(p, sp, sp, sp[p->width]);
    dsp_add(decode_perform, 1, p);
}

static void* decode_new(t_symbol*, int count, t_atom* words) {
    Part* p = part_new(decode_class, count, words);
    for (int d = 1; d < p->width; d++) signalinlet_new(&p->x.object, d < p->width - 1 ? 0 : -100);
    outlet_new(&p->x.object, &s_signal);
    object_outlet(&p->x);
    return p;
}

EXPORT void melisma_decode_setup() {
    if (decode_class) return;
    decode_class = class_new(gensym("melisma.decode~"), reinterpret_cast<t_newmethod>(decode_new),
                             method(object_free), sizeof(Part), CLASS_DEFAULT, A_GIMME, A_NULL);
    class_domainsignalin(decode_class, offsetof(Part, x.unused));
    class_addmethod(decode_class, method(decode_dsp), gensym("dsp"), A_CANT, A_NULL);
    object_messages(decode_class);
}

// ---- melisma.loop~: what a sound passes on its way back

struct LoopObject {
    t_object object;
    t_float unused;
    melisma_loop* loop;
    melisma_loop_settings settings;
    int rate;
    uint32_t seed;
};

static t_class* loop_class;

static t_int* loop_perform(t_int* w) {
    LoopObject* x = reinterpret_cast<LoopObject*>(w[1]);
    float* out = reinterpret_cast<float*>(w[3]);
    int n = static_cast<int>(w[4]);
    if (x->loop)
        melisma_loop_process(x->loop, &x->settings, reinterpret_cast<const float*>(w[2]), out, n);
    else
        memset(out, 0, static_cast<size_t>(n) * sizeof(float));
    return w + 5;
}

static void loop_reset(LoopObject* x) {
    if (x->loop) melisma_loop_reset(x->loop, x->seed);
}

static void loop_dsp(LoopObject* x, t_signal** sp) {
    int rate = static_cast<int>(sp[0]->s_sr + 0.5f);
    if (rate != x->rate) {
        melisma_loop_free(x->loop);
        x->loop = melisma_loop_new(rate);
        x->rate = rate;
        loop_reset(x);
    }
    dsp_add(loop_perform, 4, x, sp[0]->s_vec, sp[1]->s_vec, static_cast<t_int>(sp[0]->s_n));
}

static void loop_frequency(LoopObject* x, t_floatarg value) { x->settings.frequency = value; }
static void loop_q(LoopObject* x, t_floatarg value) { x->settings.q = value; }
static void loop_gain(LoopObject* x, t_floatarg value) { x->settings.gain = value; }
static void loop_breath(LoopObject* x, t_floatarg value) { x->settings.breath = value; }
static void loop_seed(LoopObject* x, t_floatarg value) {
    x->seed = value > 0 && value < 16777216 ? static_cast<uint32_t>(value) : 0;
    loop_reset(x);
}

static void loop_free(LoopObject* x) { melisma_loop_free(x->loop); }

static void* loop_new(t_symbol*, int count, t_atom* words) {
    LoopObject* x = reinterpret_cast<LoopObject*>(pd_new(loop_class));
    float given[4] = {440, 3, 2, -60};
    for (int i = 0; i < 4 && i < count; i++) given[i] = atom_getfloat(words + i);
    x->settings = {given[0], given[1], given[2], given[3]};
    x->loop = nullptr;
    x->rate = 0;
    x->seed = 0;
    inlet_new(&x->object, &x->object.ob_pd, &s_float, gensym("frequency"));
    inlet_new(&x->object, &x->object.ob_pd, &s_float, gensym("q"));
    inlet_new(&x->object, &x->object.ob_pd, &s_float, gensym("gain"));
    outlet_new(&x->object, &s_signal);
    return x;
}

EXPORT void melisma_loop_setup() {
    if (loop_class) return;
    loop_class = class_new(gensym("melisma.loop~"), reinterpret_cast<t_newmethod>(loop_new),
                           method(loop_free), sizeof(LoopObject), CLASS_DEFAULT, A_GIMME, A_NULL);
    class_domainsignalin(loop_class, offsetof(LoopObject, unused));
    class_addmethod(loop_class, method(loop_dsp), gensym("dsp"), A_CANT, A_NULL);
    class_addmethod(loop_class, method(loop_frequency), gensym("frequency"), A_FLOAT, A_NULL);
    class_addmethod(loop_class, method(loop_q), gensym("q"), A_FLOAT, A_NULL);
    class_addmethod(loop_class, method(loop_gain), gensym("gain"), A_FLOAT, A_NULL);
    class_addmethod(loop_class, method(loop_breath), gensym("breath"), A_FLOAT, A_NULL);
    class_addmethod(loop_class, method(loop_seed), gensym("seed"), A_FLOAT, A_NULL);
    class_addmethod(loop_class, method(loop_reset), gensym("reset"), A_NULL);
}
