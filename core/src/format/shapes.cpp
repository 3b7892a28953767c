// Every tensor that the configuration implies is there in its shape, and no other.
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "format/file.h"

namespace melisma {

namespace {
struct Shape {
    int axes;
    int64_t extents[4];
};

class Wanted {
  public:
    Wanted(const ModelFile& file, Reason& reason) : file_(file), reason_(reason) {}
    int count = 0;
    bool good = true;

    __attribute__((format(printf, 3, 4))) void operator()(const Shape& shape, const char* format, ...) {
        if (!good) return;
        char name[128];
        va_list numbers;
        va_start(numbers, format);
        std::vsnprintf(name, sizeof name, format, numbers);
        va_end(numbers);
        count++;
        const Tensor* tensor = file_.find(name);
        if (!tensor) {
            good = reason_.say("tensor %s is missing", name);
            return;
        }
        bool same = tensor->axes == shape.axes;
        for (int i = 0; same && i < shape.axes; i++) same = tensor->shape[i] == shape.extents[i];
        if (!same) good = reason_.say("tensor %s does not have the shape that the configuration wants", name);
    }

  private:
    const ModelFile& file_;
    Reason& reason_;
};
}  // namespace

bool ModelFile::shapes(int bands, Reason& reason) const {
    const Config& c = config;
    const int bins = c.bins(), kept = latents;
    Wanted want(*this, reason);
#include "format/tensors.inc"
    if (!want.good) return false;
    int model = 0;
    for (int i = 0; i < count_; i++) model += std::strncmp(tensors_[i].name, "model.", 6) == 0;
    if (model != want.count)
        return reason.say("it has %d tensors that are not part of the model", model - want.count);
    return true;
}

}  // namespace melisma
