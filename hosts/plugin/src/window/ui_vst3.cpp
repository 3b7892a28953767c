// The window in VST3. DPF makes one without asking whether there can be one: ours asks first.
#define DISTRHO_PLUGIN_TARGET_VST3
#define DISTRHO_NAMESPACE MelismaVST3
#define dpf_plugin_view_create dpf_plugin_view_create_always
#include "../vst3channels.h"
#include "ui.h"
#undef dpf_plugin_view_create
#include "system.h"

START_NAMESPACE_DISTRHO

v3_plugin_view** dpf_plugin_view_create(v3_host_application** host, void* plugin, double rate) {
    return system_shows() ? dpf_plugin_view_create_always(host, plugin, rate) : nullptr;
}

END_NAMESPACE_DISTRHO
