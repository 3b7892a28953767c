#include "stream/parameters.h"

#include <cstdio>
#include <cstring>

namespace melisma {

void Declarations::load(Arena& arena, int latents) {
    constexpr size_t NAME = 24;
    int more = OF_LATENTS_COUNT * latents;
    count_ = FIXED_COUNT + more;
    list_ = arena.take<melisma_parameter>(static_cast<size_t>(count_));
    char* names = arena.take<char>(NAME * static_cast<size_t>(more));
    if (arena.planning()) return;
    std::memcpy(list_, FIXED, sizeof FIXED);
    for (int i = 0; i < more; i++, names += NAME) {
        const melisma_parameter& kind = OF_LATENTS[i / latents];
        std::snprintf(names, NAME, "%s.%d", kind.name, i % latents + 1);
        list_[FIXED_COUNT + i] = kind;
        list_[FIXED_COUNT + i].name = names;
    }
}

int Declarations::find(const char* name) const {
    for (auto& one : RENAMED)
        if (std::strcmp(one.old, name) == 0) name = one.name;
    for (int i = 0; i < count_; i++)
        if (std::strcmp(list_[i].name, name) == 0) return i;
    return -1;
}

}  // namespace melisma
