// The VST3 plug-in.
#define DISTRHO_PLUGIN_TARGET_VST3
#define DISTRHO_NAMESPACE MelismaVST3
#include "dpf.h"
