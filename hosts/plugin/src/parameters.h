// The parameters that DAWs see, by number: what a saved session knows them by, so that new ones come last.
#pragma once

struct Row {
    const char* name;    // the core's; "" for those that are the plug-in's own
    const char* symbol;  // for files: letters, digits, underscores
    const char *label, *unit, *summary;
    float minimum, maximum, default_value;
    bool whole, logarithmic;
};

#include "parameters.inc"
