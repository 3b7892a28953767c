// The CLAP plug-in.
#define DISTRHO_PLUGIN_TARGET_CLAP
#define DISTRHO_NAMESPACE MelismaCLAP
#ifdef _WIN32
#include <windows.h>
#define DllMain melisma_clap_main  // a DLL has one, vst3.cpp's
#endif
#include "dpf.h"
