// The C interface: nothing here but handing over.
#include "../include/melisma.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "model.h"
#include "stream.h"

using melisma::Model;
using melisma::Reason;
using melisma::Stream;

static Model* in(melisma_model* model) { return reinterpret_cast<Model*>(model); }
static const Model* in(const melisma_model* model) { return reinterpret_cast<const Model*>(model); }
static Stream* in(melisma_stream* stream) { return reinterpret_cast<Stream*>(stream); }
static const Stream* in(const melisma_stream* stream) { return reinterpret_cast<const Stream*>(stream); }

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
        if (!model) reason.say("%.400s is not a sound model file: %s", path, why);
    }
    std::free(data);
    return model;
#endif
}

void melisma_close(melisma_model* model) {
    if (model) in(model)->release();
}

void melisma_describe(const melisma_model* model, melisma_info* info) {
    const Model& m = *in(model);
    *info = {};
    info->name = m.name;
    info->vocoder = m.config.melgan ? "melgan" : "phase";
    info->kernels = m.kernels->name;
    info->sample_rate = m.config.sample_rate;
    info->frame = m.config.frame;
    info->hop = m.config.hop;
    info->bands = m.bands;
    info->latents = m.latents;
    info->encoder_latents = m.config.encoder_latents;
    info->latency = m.latency();
    info->delay = m.config.delay();
    info->percentiles = m.percentiles;
    info->golden_samples = m.golden_samples;
    info->golden_input = m.golden_input;
    info->golden_output = m.golden_output;
    info->weight_bytes = m.weight_bytes;
}

int melisma_version(void) { return MELISMA_VERSION; }

int melisma_parameter_count(const melisma_model* model) { return in(model)->parameters.count(); }

const melisma_parameter* melisma_parameter_at(const melisma_model* model, int index) {
    return index >= 0 && index < in(model)->parameters.count() ? &in(model)->parameters.at(index) : nullptr;
}

int melisma_parameter_find(const melisma_model* model, const char* name) {
    return in(model)->parameters.find(name);
}

void melisma_set(melisma_stream* stream, int index, float value) { in(stream)->set(index, value); }

float melisma_get(const melisma_stream* stream, int index) {
    return index >= 0 && index < in(stream)->declarations().count() ? in(stream)->get(index) : 0;
}

melisma_stream* melisma_stream_new(melisma_model* model, int host_rate, char* error, size_t size) {
    Reason reason(error, error ? size : 0);
    return reinterpret_cast<melisma_stream*>(Stream::make(in(model), host_rate, reason));
}

void melisma_stream_free(melisma_stream* stream) {
    if (stream) in(stream)->free();
}

void melisma_reset(melisma_stream* stream) { in(stream)->reset(); }

int melisma_latency(const melisma_stream* stream) { return in(stream)->latency(); }

void melisma_process(melisma_stream* stream, const float* input, float* out, int64_t n) {
    in(stream)->process(input, out, n);
}

int64_t melisma_encode(melisma_stream* stream, const float* input, int64_t n, float* latents,
                       float* loudness) {
    return in(stream)->read(input, n, nullptr, loudness, nullptr, nullptr, latents);
}

int64_t melisma_analyse(melisma_stream* stream, const float* input, int64_t n, float* mel, float* loudness) {
    return in(stream)->read(input, n, mel, loudness, nullptr, nullptr, nullptr);
}

int64_t melisma_posterior(melisma_stream* stream, const float* input, int64_t n, float* mean,
                          float* log_variance) {
    return in(stream)->read(input, n, nullptr, nullptr, mean, log_variance, nullptr);
}

void melisma_decode(melisma_stream* stream, const float* latents, const float* loudness, int64_t frames,
                    float* out) {
    in(stream)->decode(latents, loudness, frames, nullptr, out);
}

void melisma_decode_mel(melisma_stream* stream, const float* latents, const float* loudness, int64_t frames,
                        float* mel) {
    in(stream)->decode(latents, loudness, frames, mel, nullptr);
}

void melisma_synthesize(melisma_stream* stream, const float* mel, int64_t frames, float* out) {
    in(stream)->synthesize(mel, frames, out);
}

void melisma_encode_signals(melisma_stream* stream, const float* input, float* const* signals, int64_t n) {
    in(stream)->encode_signals(input, signals, n);
}

void melisma_decode_signals(melisma_stream* stream, const float* const* signals, float* out, int64_t n) {
    in(stream)->decode_signals(signals, out, n);
}

}  // extern "C"
