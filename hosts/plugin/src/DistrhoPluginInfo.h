// What DPF wants to know of a plug-in before it is compiled. MELISMA_INSTRUMENT: 1 for the instrument, else
// the effect.
#pragma once

#ifndef MELISMA_INSTRUMENT
#define MELISMA_INSTRUMENT 0
#endif

#define DISTRHO_PLUGIN_BRAND "Melisma"
#define DISTRHO_PLUGIN_BRAND_ID Meli
#define DISTRHO_PLUGIN_NUM_OUTPUTS 2
#define DISTRHO_PLUGIN_IS_RT_SAFE 1
#if MELISMA_WINDOW  // build.py says it where there is what a window needs
#define DISTRHO_PLUGIN_HAS_UI 1
#define DISTRHO_PLUGIN_WANT_DIRECT_ACCESS 1  // the window looks at the instance itself: see watch.h
#define DISTRHO_UI_USER_RESIZABLE 1
#include "window/system.h"
// what a host is told before there is a window; DPF's variable is the scale that it asked for, or 0
#define DISTRHO_UI_DEFAULT_WIDTH static_cast<uint32_t>(WIDE * system_scale(scaleFactor))
#define DISTRHO_UI_DEFAULT_HEIGHT static_cast<uint32_t>(TALL * system_scale(scaleFactor))
#else
#define DISTRHO_PLUGIN_HAS_UI 0
#endif
#define DISTRHO_PLUGIN_WANT_LATENCY 1
#define DISTRHO_PLUGIN_WANT_MIDI_INPUT 1
#define DISTRHO_PLUGIN_WANT_STATE 1
#define DISTRHO_PLUGIN_WANT_FULL_STATE 1

#if MELISMA_INSTRUMENT
#define DISTRHO_PLUGIN_NAME "Melisma Instrument"
#define DISTRHO_PLUGIN_URI "urn:melisma:instrument"
#define DISTRHO_PLUGIN_CLAP_ID "melisma.instrument"
#define DISTRHO_PLUGIN_UNIQUE_ID MelI
#define DISTRHO_PLUGIN_NUM_INPUTS 0
#define DISTRHO_PLUGIN_IS_SYNTH 1
#define DISTRHO_PLUGIN_VST3_CATEGORIES "Instrument|Synth"
#define DISTRHO_PLUGIN_CLAP_FEATURES "instrument", "synthesizer", "stereo"
#else
#define DISTRHO_PLUGIN_NAME "Melisma"
#define DISTRHO_PLUGIN_URI "urn:melisma:effect"
#define DISTRHO_PLUGIN_CLAP_ID "melisma.effect"
#define DISTRHO_PLUGIN_UNIQUE_ID MelE
#define DISTRHO_PLUGIN_NUM_INPUTS 2
#define DISTRHO_PLUGIN_VST3_CATEGORIES "Fx"
#define DISTRHO_PLUGIN_CLAP_FEATURES "audio-effect", "stereo"
#endif
