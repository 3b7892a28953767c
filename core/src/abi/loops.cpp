#include <melisma.h>
#include "dsp/loop.h"

using melisma::Loop;

extern "C" {

melisma_loop* melisma_loop_new(int host_rate) {
    return reinterpret_cast<melisma_loop*>(Loop::make(host_rate));
}

void melisma_loop_free(melisma_loop* loop) {
    if (loop) reinterpret_cast<Loop*>(loop)->free();
}

void melisma_loop_reset(melisma_loop* loop, uint32_t seed) { reinterpret_cast<Loop*>(loop)->reset(seed); }

void melisma_loop_process(melisma_loop* loop, const melisma_loop_settings* settings, const float* input,
                          float* out, int64_t n) {
    reinterpret_cast<Loop*>(loop)->process(*settings, input, out, n);
}

}  // extern "C"
