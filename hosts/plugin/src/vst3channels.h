// The effect's MIDI in VST3, whose controllers are parameters: those of one channel, on which all channels
// are heard, not DPF's 16 times as many: a host such as pedalboard asks each a thousand things, for half a
// minute. The window's side counts parameters behind them, too. To be included before DPF's sources.
#pragma once

#include "DistrhoPluginInfo.h"

#if !MELISMA_INSTRUMENT

#include <algorithm>
#include <map>
#include <vector>

// clang-format off
#define try if (true)
#define catch(...) else if (false)
#define kVst3InternalParameterMidiCC_end kVst3MidiCCEndOfSixteen
#define kVst3InternalParameterCount kVst3CountOfSixteen
#include "src/DistrhoPluginVST.hpp"
#undef kVst3InternalParameterMidiCC_end
#undef kVst3InternalParameterCount
#undef try
#undef catch
// clang-format on

START_NAMESPACE_DISTRHO

enum : int {
    kVst3InternalParameterMidiCC_end = kVst3InternalParameterMidiCC_start + 130,
    kVst3InternalParameterCount = kVst3InternalParameterMidiCC_end
};

END_NAMESPACE_DISTRHO

#endif
