// The parameters that DAWs see, by number: what a saved session knows them by, so that new ones come last.
#pragma once

#include "DistrhoPluginInfo.h"  // which plug-in it is

struct Row {
    const char* name;    // the core's; "" for those that are the plug-in's own
    const char* symbol;  // for files: letters, digits, underscores
    const char *label, *unit, *summary;
    float minimum, maximum, default_value;
    bool whole, logarithmic;
    bool exciter;  // the exciter's, not the stream's
};

#include "parameters.inc"
