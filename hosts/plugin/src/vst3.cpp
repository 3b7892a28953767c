// The VST3 plug-in.
#define DISTRHO_PLUGIN_TARGET_VST3
#define DISTRHO_NAMESPACE MelismaVST3
#include "vst3channels.h"

#if !MELISMA_INSTRUMENT

#include "src/travesty/edit_controller.h"

START_NAMESPACE_DISTRHO

// In the table that DPF makes of it no bracket follows the name, so there ours stands.
static v3_result V3_API get_midi_controller_assignment(void*, int32_t bus, int16_t, int16_t controller,
                                                       v3_param_id* parameter) {
    if (bus != 0 || controller < 0 || controller >= 130) return V3_FALSE;
    *parameter = static_cast<v3_param_id>(kVst3InternalParameterMidiCC_start + controller);
    return V3_TRUE;
}

END_NAMESPACE_DISTRHO

#define get_midi_controller_assignment(...) get_midi_controller_assignment_always(__VA_ARGS__)

#endif

#include "dpf.h"
