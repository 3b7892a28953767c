// The LV2 plug-in's ports, as melisma.hosts.plugin.turtle writes them.
#pragma once

#include "DistrhoPluginInfo.h"
#include "instance.h"

constexpr int IN = 0, OUT = IN + DISTRHO_PLUGIN_NUM_INPUTS, ATOMS_IN = OUT + CHANNELS,
              ATOMS_OUT = ATOMS_IN + 1, LATENCY = ATOMS_OUT + 1, FREEWHEEL = LATENCY + 1,
              FIRST = FREEWHEEL + 1, PORTS = FIRST + PARAMETER_COUNT;

// For the window: what an LV2_Handle holds; null for null.
Instance* lv2_instance(void* handle);
