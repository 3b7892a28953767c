#include "base/reason.h"

#include <cstdio>

namespace melisma {

bool Reason::say(const char* format, ...) {
    if (size_ && !text_[0]) {
        va_list arguments;
        va_start(arguments, format);
        std::vsnprintf(text_, size_, format, arguments);
        va_end(arguments);
        // what a hostile file says must not steer a terminal
        for (char* c = text_; *c; c++)
            if (static_cast<unsigned char>(*c) < 0x20 || static_cast<unsigned char>(*c) > 0x7e) *c = '?';
    }
    return false;
}

}  // namespace melisma
