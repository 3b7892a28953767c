// What a model is, frozen: the configuration in its file.
#pragma once

#include "format/schema.h"

namespace melisma {

struct Config : Entries {
    int bins() const { return analysis.frame / 2 + 1; }
    int delay() const { return analysis.frame - analysis.hop; }
};

}  // namespace melisma
