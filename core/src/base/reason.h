// Why something was refused.
#pragma once

#include <cstdarg>
#include <cstddef>

namespace melisma {

// One sentence for the caller; the first reason counts.
class Reason {
  public:
    Reason(char* text, size_t size) : text_(text), size_(size) {
        if (size_) text_[0] = 0;
    }
    // Always false, so that a check can end in `return reason.say(…)`.
    bool say(const char* format, ...) __attribute__((format(printf, 2, 3)));

  private:
    char* text_;
    size_t size_;
};

}  // namespace melisma
