// What a model is, frozen: the configuration in its file (src/melisma/config.py).
#pragma once

namespace melisma {

constexpr int MOST_BLOCKS = 64, MOST_RATIOS = 16;

struct Config {
    // analysis
    int sample_rate, frame, hop, bands_asked;
    double fmin, fmax, highpass;
    // vae
    int encoder_latents, encoder_width, encoder_blocks, decoder_width, decoder_blocks, kernel, expansion;
    // vocoder; the two kinds share names but not meanings
    bool melgan;
    int vocoder_width, vocoder_kernel;
    int draft_iterations, vocoder_blocks, vocoder_expansion;  // phase
    bool turns_phase;
    int ratios[MOST_RATIOS], ratio_count, dilations[MOST_RATIOS], dilation_count;  // melgan

    int bins() const { return frame / 2 + 1; }
    int delay() const { return frame - hop; }
};

}  // namespace melisma
