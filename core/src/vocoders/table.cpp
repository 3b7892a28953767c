#include "vocoders/vocoder.h"

namespace melisma {

const Vocoder& vocoder_of(VocoderKind kind) {
#define ROW(name) &vocoder_##name,
    static const Vocoder* const all[] = {MELISMA_VOCODERS(ROW)};
    return *all[static_cast<int>(kind)];
}

}  // namespace melisma
