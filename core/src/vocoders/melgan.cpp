// MelGAN's generator, causal (src/melisma/training/vocoders/melgan.py).
#include <cstdio>

#include "vocoders/vocoder.h"

namespace melisma {

namespace {
class Melgan {
  public:
    static constexpr int MOST_LAYERS = LONGEST_LIST * (1 + 2 * LONGEST_LIST) + 2;

    struct State {
        // first, then for each ratio the upsampling and two of each residual, then the last
        Conv::State* layers;
        float *x, *y;
    };

    static bool fits(const Config& config, Reason& reason);
    void load(const Loader& from, const Analysis& analysis);
    void plan(Arena& arena, State& state, int channels) const;
    void clear(State& state) const;
    void step(const Kernels& kernels, State* states, int channels, const float* mel, const Heard&, int frames,
              float* const* out) const;

  private:
    void sound(const Kernels& kernels, State& state, const float* mel, int frames,
               float* out) const;  // one channel's

    Conv layers_[MOST_LAYERS];
    int count_ = 0, ratios_ = 0, dilations_ = 0;
    List ratio_ = {};
};

bool Melgan::fits(const Config& config, Reason& reason) {
    const MelganConfig& c = config.melgan;
    int64_t product = 1;
    for (int i = 0; i < c.ratios.count && product <= config.analysis.hop; i++) product *= c.ratios[i];
    return (product == config.analysis.hop && c.width >> c.ratios.count > 0) ||
           reason.say("its melgan ratios do not multiply to the hop %d, or halve its width to nothing",
                      config.analysis.hop);
}

void Melgan::load(const Loader& from, const Analysis&) {
    const MelganConfig& c = from.file.config.melgan;
    ratios_ = c.ratios.count;
    dilations_ = c.dilations.count;
    ratio_ = c.ratios;
    count_ = 2 + ratios_ * (1 + 2 * dilations_);
    // names count the activations, too: see docs/reference/model-file.md
    char prefix[64];
    Conv* layer = layers_;
    (layer++)->load(from, "vocoder.0");
    int at = 1;
    for (int i = 0; i < ratios_; i++) {
        std::snprintf(prefix, sizeof prefix, "vocoder.%d.conv", ++at);
        (layer++)->load(from, prefix, 1, ratio_[i]);
        at++;
        for (int j = 0; j < dilations_; j++, at++) {
            std::snprintf(prefix, sizeof prefix, "vocoder.%d.1", at);
            (layer++)->load(from, prefix, c.dilations[j]);
            std::snprintf(prefix, sizeof prefix, "vocoder.%d.3", at);
            (layer++)->load(from, prefix);
        }
    }
    std::snprintf(prefix, sizeof prefix, "vocoder.%d", at + 1);
    (layer++)->load(from, prefix);
}

void Melgan::plan(Arena& arena, State& state, int) const {
    state.layers = arena.take<Conv::State>(static_cast<size_t>(count_));
    // while planning the states have no place yet: their sizes are all that counts
    Conv::State nowhere;
    size_t steps = MOST_FRAMES, most = steps * static_cast<size_t>(layers_[0].outputs());
    int i = 0;
    auto place = [&] {
        layers_[i].plan(arena, arena.planning() ? nowhere : state.layers[i], static_cast<int>(steps));
        i++;
    };
    place();
    for (int r = 0; r < ratios_; r++) {
        place();
        size_t here = steps * static_cast<size_t>(layers_[i - 1].outputs());
        most = here > most ? here : most;
        steps *= static_cast<size_t>(ratio_[r]);
        for (int j = 0; j < 2 * dilations_; j++) place();
    }
    place();
    state.x = arena.take<float>(most);
    state.y = arena.take<float>(most);
}

void Melgan::clear(State& state) const {
    for (int i = 0; i < count_; i++) layers_[i].clear(state.layers[i]);
}

void Melgan::step(const Kernels& kernels, State* states, int channels, const float* mel, const Heard&,
                  int frames, float* const* out) const {
    for (int c = 0; c < channels; c++)
        sound(kernels, states[c], mel + c * frames * layers_[0].inputs(), frames, out[c]);
}

void Melgan::sound(const Kernels& kernels, State& state, const float* mel, int frames, float* out) const {
    const Conv* layer = layers_;
    const Conv::State* past = state.layers;
    float *x = state.x, *y = state.y, *input = layer->input(*past);
    for (int i = 0; i < frames * layer->inputs(); i++) input[i] = 2 * mel[i] - 1;
    layer->step(kernels, *past, frames, x);
    int steps = frames, width = layer->outputs();
    layer++, past++;
    for (int r = 0; r < ratios_; r++) {
        kernels.leaky(x, static_cast<int64_t>(steps) * width, layer->input(*past));
        layer->step(kernels, *past, steps, x);  // rows of a step lie as `ratio` steps
        width = layer->outputs() / ratio_[r];
        steps *= ratio_[r];
        layer++, past++;
        for (int j = 0; j < dilations_; j++) {
            kernels.leaky(x, static_cast<int64_t>(steps) * width, layer->input(*past));
            layer->step(kernels, *past, steps, y);
            layer++, past++;
            kernels.leaky(y, static_cast<int64_t>(steps) * width, layer->input(*past));
            layer->step(kernels, *past, steps, x, {nullptr, x});
            layer++, past++;
        }
    }
    kernels.leaky(x, static_cast<int64_t>(steps) * width, layer->input(*past));
    layer->step(kernels, *past, steps, out);
    kernels.tanh(out, steps);
}
}  // namespace

const Vocoder vocoder_melgan = vocoder<Melgan>("melgan");

}  // namespace melisma
