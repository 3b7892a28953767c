// The C interface to models: opened, described, and their parameters by name.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <melisma.h>
#include "stream/model.h"

using melisma::Model;
using melisma::Reason;

static Model* in(melisma_model* model) { return reinterpret_cast<Model*>(model); }
static const Model* in(const melisma_model* model) { return reinterpret_cast<const Model*>(model); }

extern "C" {

melisma_model* melisma_open_memory(const void* data, size_t bytes, const char* kernels, char* error,
                                   size_t size) {
    Reason reason(error, error ? size : 0);
    return reinterpret_cast<melisma_model*>(
        Model::make(static_cast<const uint8_t*>(data), bytes, kernels, reason));
}

melisma_model* melisma_open(const char* path, const char* kernels, char* error, size_t size) {
    Reason reason(error, error ? size : 0);
#if defined(__wasm__)  // so that the module asks nothing of its host
    (void)kernels;
    reason.say("%.400s: there are no files here, open it from memory", path);
    return nullptr;
#else
    FILE* file = std::fopen(path, "rb");
    if (!file) {
        reason.say("there is no file %.400s, or it may not be read", path);
        return nullptr;
    }
    constexpr long MOST = 256l << 20;
    uint8_t* data = nullptr;
    long length = std::fseek(file, 0, SEEK_END) == 0 ? std::ftell(file) : -1;
    if (length < 0 || length > MOST)
        reason.say(length > MOST ? "%.400s has more than 256 MiB, which no model file has"
                                 : "%.400s is not an ordinary file",
                   path);
    else if (!(data = static_cast<uint8_t*>(std::malloc(static_cast<size_t>(length) + 1))))
        reason.say("there is not enough memory to read %.400s", path);
    bool good = data && std::fseek(file, 0, SEEK_SET) == 0;
    good = good && std::fread(data, 1, static_cast<size_t>(length), file) == static_cast<size_t>(length);
    if (data && !good) reason.say("%.400s cannot be read", path);
    std::fclose(file);
    melisma_model* model = nullptr;
    if (good) {
        char why[320];
        model = melisma_open_memory(data, static_cast<size_t>(length), kernels, why, sizeof why);
        if (!model) reason.say("%.400s is not an intact model file: %s", path, why);
    }
    std::free(data);
    return model;
#endif
}

void melisma_close(melisma_model* model) {
    if (model) in(model)->release();
}

void melisma_describe(const melisma_model* model, melisma_info* into, size_t size) {
    const Model& m = *in(model);
    melisma_info whole = {}, *info = &whole;
    info->name = m.name;
    info->vocoder = m.vocoder->name;
    info->kernels = m.kernels->name;
    info->sample_rate = m.config.analysis.sample_rate;
    info->frame = m.config.analysis.frame;
    info->hop = m.config.analysis.hop;
    info->bands = m.bands;
    info->latents = m.latents;
    info->encoder_latents = m.config.vae.latents;
    info->latency = m.latency();
    info->delay = m.config.delay();
    info->percentiles = m.percentiles;
    info->golden_samples = m.golden_samples;
    info->golden_input = m.golden_input;
    info->golden_output = m.golden_output;
    info->weight_bytes = m.weight_bytes;
    info->unusable = m.unusable;
    std::memset(into, 0, size);
    std::memcpy(into, info, size < sizeof whole ? size : sizeof whole);
}

int melisma_version(void) { return MELISMA_VERSION; }

int melisma_parameter_count(const melisma_model* model) { return in(model)->parameters.count(); }

const melisma_parameter* melisma_parameter_at(const melisma_model* model, int index) {
    return index >= 0 && index < in(model)->parameters.count() ? &in(model)->parameters.at(index) : nullptr;
}

int melisma_parameter_find(const melisma_model* model, const char* name) {
    return in(model)->parameters.find(name);
}

}  // extern "C"
