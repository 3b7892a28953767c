// The window in CLAP.
#define DISTRHO_PLUGIN_TARGET_CLAP
#define DISTRHO_NAMESPACE MelismaCLAP
#include "ui.h"
