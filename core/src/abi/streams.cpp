// The C interface to streams: nothing here but handing over.
#include "stream/stream.h"

#include <melisma.h>

using melisma::Model;
using melisma::Reason;
using melisma::Stream;

static Stream* in(melisma_stream* stream) { return reinterpret_cast<Stream*>(stream); }
static const Stream* in(const melisma_stream* stream) { return reinterpret_cast<const Stream*>(stream); }

static_assert(MELISMA_FINE == melisma::FINE_FROM && MELISMA_LAYER_STEP == melisma::LAYER_STEP,
              "the header says so");

extern "C" {

void melisma_set(melisma_stream* stream, int index, float value) { in(stream)->set(index, value); }

float melisma_get(const melisma_stream* stream, int index) {
    return index >= 0 && index < in(stream)->declarations().count() ? in(stream)->get(index) : 0;
}

melisma_stream* melisma_stream_new(melisma_model* model, int host_rate, char* error, size_t size) {
    return melisma_stream_new_channels(model, host_rate, 1, error, size);
}

melisma_stream* melisma_stream_new_channels(melisma_model* model, int host_rate, int channels, char* error,
                                            size_t size) {
    Reason reason(error, error ? size : 0);
    return reinterpret_cast<melisma_stream*>(
        Stream::make(reinterpret_cast<Model*>(model), host_rate, channels, reason));
}

int melisma_channels(const melisma_stream* stream) { return in(stream)->channels(); }

void melisma_stream_free(melisma_stream* stream) {
    if (stream) in(stream)->free();
}

void melisma_reset(melisma_stream* stream) { in(stream)->reset(); }

int melisma_latency(const melisma_stream* stream) { return in(stream)->latency(); }

void melisma_process(melisma_stream* stream, const float* input, float* out, int64_t n) {
    in(stream)->process(input, out, n);
}

void melisma_process_channels(melisma_stream* stream, const float* const* input, float* const* out,
                              int64_t n) {
    in(stream)->process(input, out, n);
}

int64_t melisma_last_frame(const melisma_stream* stream, float* latents, float* loudness, float* mel) {
    return in(stream)->last_frame(latents, loudness, mel);
}

int64_t melisma_encode(melisma_stream* stream, const float* input, int64_t n, float* latents,
                       float* loudness) {
    melisma::Parts to;
    to.latents = latents;
    to.loudness = loudness;
    return in(stream)->read(input, n, to);
}

int64_t melisma_analyse(melisma_stream* stream, const float* input, int64_t n, float* mel, float* loudness) {
    melisma::Parts to;
    to.mel = mel;
    to.loudness = loudness;
    return in(stream)->read(input, n, to);
}

int64_t melisma_posterior(melisma_stream* stream, const float* input, int64_t n, float* mean,
                          float* log_variance) {
    melisma::Parts to;
    to.mean = mean;
    to.log_variance = log_variance;
    return in(stream)->read(input, n, to);
}

void melisma_decode(melisma_stream* stream, const float* latents, const float* loudness, int64_t frames,
                    float* out) {
    in(stream)->decode(latents, loudness, nullptr, 0, 0, frames, nullptr, out);
}

void melisma_decode_mel(melisma_stream* stream, const float* latents, const float* loudness, int64_t frames,
                        float* mel) {
    in(stream)->decode(latents, loudness, nullptr, 0, 0, frames, mel, nullptr);
}

int64_t melisma_encode_layers(melisma_stream* stream, const float* input, int64_t n, float* latents,
                              float* loudness, int8_t* layers) {
    melisma::Parts to;
    to.latents = latents;
    to.loudness = loudness;
    to.layers = layers;
    to.residual = true;
    return in(stream)->read(input, n, to);
}

void melisma_decode_layers(melisma_stream* stream, const float* latents, const float* loudness,
                           const int8_t* layers, float fine, float colour, int64_t frames, float* mel,
                           float* out) {
    in(stream)->decode(latents, loudness, layers, fine, colour, frames, mel, out);
}

void melisma_keep_layers(melisma_stream* stream, const float* latents, const float* loudness,
                         const float* moved, const float* loudness_moved, int64_t frames, int8_t* layers) {
    in(stream)->keep_layers(latents, loudness, moved, loudness_moved, frames, layers);
}

void melisma_synthesize(melisma_stream* stream, const float* mel, int64_t frames, float* out) {
    in(stream)->synthesize(mel, frames, out);
}

void melisma_decode_heard(melisma_stream* stream, const float* const* latents, const float* const* loudness,
                          const int8_t* const* layers, float fine, float colour, const float* const* heard,
                          const float* phases, float matched, int64_t frames, float* const* out) {
    in(stream)->decode(latents, loudness, layers, fine, colour, heard, phases, matched, frames, out);
}

void melisma_encode_signals(melisma_stream* stream, const float* input, float* const* signals, int64_t n) {
    in(stream)->encode_signals(input, signals, n);
}

void melisma_decode_signals(melisma_stream* stream, const float* const* signals, float* out, int64_t n) {
    in(stream)->decode_signals(signals, out, n);
}

}  // extern "C"
