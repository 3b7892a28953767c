// The CLAP plug-in.
#define DISTRHO_PLUGIN_TARGET_CLAP
#define DISTRHO_NAMESPACE MelismaCLAP
#include "dpf.h"
