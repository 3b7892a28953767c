// A model, packed and read-only: what all its streams share.
#pragma once

#include <atomic>

#include "dsp/analysis.h"
#include "latent/calibration.h"
#include "latent/residual.h"
#include "nn/layers.h"
#include "stream/parameters.h"
#include "vocoders/vocoder.h"

namespace melisma {

class Model {
  public:
    // → null, and the reason said.
    static Model* make(const uint8_t* data, size_t size, const char* kernels, Reason& reason);

    void hold() { holders_.fetch_add(1, std::memory_order_relaxed); }
    void release();

    const Kernels* kernels = nullptr;
    Config config = {};
    char name[401] = "", unusable[401] = "";
    int bands = 0, latents = 0;
    int64_t weight_bytes = 0;
    const float* percentiles = nullptr;
    const uint8_t* timbre = nullptr;   // (latents,): 1 for those of timbre
    const int* pitch_first = nullptr;  // (latents,): the others, then those of timbre
    const float *golden_input = nullptr, *golden_output = nullptr;
    int64_t golden_samples = 0;

    Analysis analysis;
    Network encoder, decoder;
    Matrix encoder_out = {}, decoder_out = {};
    Calibration calibration;
    Residual residual;
    const Vocoder* vocoder = nullptr;
    void* voice = nullptr;  // the vocoder's own
    Declarations parameters;

    // Samples at the model's rate from a stream's input to its output: the overlap, and the hop that is being
    // gathered.
    int latency() const { return config.delay() + config.analysis.hop; }

  private:
    Model() = default;
    ~Model() = default;
    void load(const ModelFile& file, Arena& arena);

    Block memory_;
    std::atomic<int> holders_{1};
};

}  // namespace melisma
