// The CLAP plug-in.
#define DISTRHO_PLUGIN_TARGET_CLAP
#define DISTRHO_NAMESPACE MelismaCLAP
#ifdef _WIN32
#include <windows.h>
#define DllMain melisma_clap_main  // a DLL has one, vst3.cpp's
#endif

#if MELISMA_WINDOW
// DPF opens a window without asking whether there can be one. So its function has another name, which its
// table, where no bracket follows the name, does not know: there ours stands, which asks first.
struct clap_plugin;
namespace MelismaCLAP {
static bool clap_gui_create(const clap_plugin* plugin, const char* api, bool floating);
}
#define clap_gui_create(...) clap_gui_create_always(__VA_ARGS__)
#endif

#include "dpf.h"

#if MELISMA_WINDOW
#undef clap_gui_create
#include "window/system.h"

static bool MelismaCLAP::clap_gui_create(const clap_plugin* plugin, const char* api, bool floating) {
    return system_shows() && clap_gui_create_always(plugin, api, floating);
}
#endif
