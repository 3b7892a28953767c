#include "stream/model.h"

#include <cstdlib>
#include <cstdio>
#include <new>

namespace melisma {

Model* Model::make(const uint8_t* data, size_t size, const char* kernels, Reason& reason) {
    const Kernels* chosen = choose_kernels(kernels);
    if (!chosen) {
        reason.say("this machine or this build has no kernels named %.20s", kernels ? kernels : "");
        return nullptr;
    }
    // malloc and placement: the library needs nothing of a C++ runtime
    ModelFile* file = static_cast<ModelFile*>(std::malloc(sizeof(ModelFile)));
    if (file) new (file) ModelFile();
    Model* model = static_cast<Model*>(std::malloc(sizeof(Model)));
    if (model) new (model) Model();
    bool good = file && model;
    if (!good) reason.say("there is not enough memory to open it");
    good = good && file->parse(data, size, reason) && Analysis::fits(file->config, reason);
    if (good) {
        model->vocoder = &vocoder_of(file->config.vocoder);
        good = model->vocoder->fits(file->config, reason) && file->shapes(count_bands(file->config), reason);
    }
    if (good) {
        model->kernels = chosen;
        model->voice = std::calloc(1, model->vocoder->size);
        good = model->voice;
        if (good) {
            model->vocoder->make(model->voice);
            Arena plan;
            model->load(*file, plan);
            good = model->memory_.allocate(plan.used());
        }
        if (good) {
            Arena arena(model->memory_.base());
            model->load(*file, arena);
        }
        if (!good) reason.say("there is not enough memory to open it");
    }
    if (file) file->~ModelFile();
    std::free(static_cast<void*>(file));
    if (!good && model) model->release();
    return good ? model : nullptr;
}

void Model::release() {
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
    std::free(voice);
    this->~Model();
    std::free(static_cast<void*>(this));
}

static const float* wave(const ModelFile& file, Arena& arena, const Tensor* tensor) {
    if (!tensor) return nullptr;
    float* values = arena.take<float>(static_cast<size_t>(tensor->count()));
    if (!arena.planning())
        for (int64_t i = 0; i < tensor->count(); i++) values[i] = file.at(*tensor, i);
    return values;
}

void Model::load(const ModelFile& file, Arena& arena) {
    config = file.config;
    bands = count_bands(config);
    latents = file.latents;
    std::memcpy(name, file.name, sizeof name);
    std::memcpy(unusable, file.unusable, sizeof unusable);
    Loader from{file, arena, *kernels};
    analysis.load(from);
    const VAEConfig& vae = config.vae;
    encoder.load(from, "encoder", vae.encoder_width, vae.encoder_blocks, vae.kernel);
    char last[32];
    std::snprintf(last, sizeof last, "encoder.%d", vae.encoder_blocks + 1);
    encoder_out = from.matrix(last, ".conv");
    calibration.load(from);
    decoder.load(from, "decoder", vae.decoder_width, vae.decoder_blocks, vae.kernel);
    std::snprintf(last, sizeof last, "decoder.%d", vae.decoder_blocks + 1);
    decoder_out = from.matrix(last, ".conv");
    residual.load(arena, bands);
    vocoder->load(voice, from, analysis);
    weight_bytes = from.bytes;
    parameters.load(arena, latents);
    float* table = arena.take<float>(static_cast<size_t>(latents) * 5);
    if (!arena.planning())
        std::memcpy(table, file.percentiles, static_cast<size_t>(latents) * 5 * sizeof(float));
    percentiles = table;
    uint8_t* marks = arena.take<uint8_t>(static_cast<size_t>(latents));
    if (!arena.planning()) std::memcpy(marks, file.timbre, static_cast<size_t>(latents));
    timbre = marks;
    int* order = arena.take<int>(static_cast<size_t>(latents));
    if (!arena.planning())
        for (int mark = 0, at = 0; mark < 2; mark++)
            for (int d = 0; d < latents; d++)
                if (marks[d] == mark) order[at++] = d;
    pitch_first = order;
    golden_input = wave(file, arena, file.golden_input);
    golden_output = wave(file, arena, file.golden_output);
    golden_samples = file.golden_input && file.golden_output ? file.golden_input->count() : 0;
}

}  // namespace melisma
