// Written by `make generate` from src/melisma/files/config.py: do not edit.
#pragma once

#include <cstddef>
#include <cstdint>

namespace melisma {

constexpr int LONGEST_LIST = 16;
constexpr int MOST_BLOCKS = 64;

// A short list of whole numbers.
struct List {
    int count, numbers[LONGEST_LIST];
    int operator[](int64_t i) const { return numbers[i]; }
};

struct AnalysisConfig {
    int sample_rate;
    int frame;
    int hop;
    int bands;
    double fmin;
    double fmax;
    double highpass;
};

struct VAEConfig {
    int latents;
    int encoder_width;
    int encoder_blocks;
    int decoder_width;
    int decoder_blocks;
    int kernel;
    int expansion;
    double sink;
};

struct MelganConfig {
    List ratios;
    int width;
    List dilations;
    int kernel;
};

struct PhaseConfig {
    int draft_iterations;
    int width;
    int blocks;
    int kernel;
    int expansion;
    int turns_phase;
};

// Kinds of vocoder, in the order of the configuration's table.
#define MELISMA_VOCODERS(X) X(melgan) X(phase)

enum class VocoderKind : int { melgan, phase };

struct Entries {
    AnalysisConfig analysis;
    VAEConfig vae;
    MelganConfig melgan;
    PhaseConfig phase;
    VocoderKind vocoder;
};

enum class Kind : uint8_t { WHOLE, REAL, LIST, FLAG };

struct Entry {
    const char* name;
    Kind kind;
    double minimum, maximum;
    size_t place;    // in Entries
    bool optional;   // an older file may lack it
    double missing;  // and is read as if it said this
};

constexpr Entry ANALYSIS_ENTRIES[] = {
    {"sample_rate", Kind::WHOLE, 8000, 192000, offsetof(Entries, analysis.sample_rate), false, 0},
    {"frame", Kind::WHOLE, 64, 8192, offsetof(Entries, analysis.frame), false, 0},
    {"hop", Kind::WHOLE, 16, 4096, offsetof(Entries, analysis.hop), false, 0},
    {"bands", Kind::WHOLE, 8, 512, offsetof(Entries, analysis.bands), false, 0},
    {"fmin", Kind::REAL, 0, 20000, offsetof(Entries, analysis.fmin), false, 0},
    {"fmax", Kind::REAL, 100, 96000, offsetof(Entries, analysis.fmax), false, 0},
    {"highpass", Kind::REAL, 0, 100, offsetof(Entries, analysis.highpass), true, 0},
};
constexpr Entry VAE_ENTRIES[] = {
    {"latents", Kind::WHOLE, 1, 128, offsetof(Entries, vae.latents), false, 0},
    {"encoder_width", Kind::WHOLE, 1, 2048, offsetof(Entries, vae.encoder_width), false, 0},
    {"encoder_blocks", Kind::WHOLE, 0, 64, offsetof(Entries, vae.encoder_blocks), false, 0},
    {"decoder_width", Kind::WHOLE, 1, 2048, offsetof(Entries, vae.decoder_width), false, 0},
    {"decoder_blocks", Kind::WHOLE, 0, 64, offsetof(Entries, vae.decoder_blocks), false, 0},
    {"kernel", Kind::WHOLE, 1, 63, offsetof(Entries, vae.kernel), false, 0},
    {"expansion", Kind::WHOLE, 1, 8, offsetof(Entries, vae.expansion), false, 0},
    {"sink", Kind::REAL, 0, 10, offsetof(Entries, vae.sink), true, 0},
};
constexpr Entry MELISMA_ENTRIES_OF_melgan[] = {
    {"ratios", Kind::LIST, 1, 1024, offsetof(Entries, melgan.ratios), false, 0},
    {"width", Kind::WHOLE, 1, 2048, offsetof(Entries, melgan.width), false, 0},
    {"dilations", Kind::LIST, 1, 1024, offsetof(Entries, melgan.dilations), false, 0},
    {"kernel", Kind::WHOLE, 1, 63, offsetof(Entries, melgan.kernel), false, 0},
};
constexpr Entry MELISMA_ENTRIES_OF_phase[] = {
    {"draft_iterations", Kind::WHOLE, 0, 256, offsetof(Entries, phase.draft_iterations), false, 0},
    {"width", Kind::WHOLE, 1, 2048, offsetof(Entries, phase.width), false, 0},
    {"blocks", Kind::WHOLE, 0, 64, offsetof(Entries, phase.blocks), false, 0},
    {"kernel", Kind::WHOLE, 1, 63, offsetof(Entries, phase.kernel), false, 0},
    {"expansion", Kind::WHOLE, 1, 8, offsetof(Entries, phase.expansion), false, 0},
    {"turns_phase", Kind::FLAG, 0, 1, offsetof(Entries, phase.turns_phase), true, 0},
};

}  // namespace melisma
