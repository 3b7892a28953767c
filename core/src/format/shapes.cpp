// Every tensor that the configuration implies, and no other (src/melisma/shapes.py).
#include <cmath>
#include <cstdio>
#include <cstring>

#include "dsp/bands.h"
#include "format/file.h"

namespace melisma {

namespace {
class Shapes {
  public:
    Shapes(const ModelFile& file, Reason& reason) : file_(file), reason_(reason) {}
    int wanted = 0;
    bool good = true;

    void want(const char* prefix, const char* suffix, int axes, int64_t a, int64_t b = 0, int64_t c = 0) {
        if (!good) return;
        char name[128];
        std::snprintf(name, sizeof name, "%s%s", prefix, suffix);
        wanted++;
        const Tensor* tensor = file_.find(name);
        const int64_t shape[] = {a, b, c};
        if (!tensor) {
            good = reason_.say("tensor %s is missing", name);
            return;
        }
        bool same = tensor->axes == axes;
        for (int i = 0; same && i < axes; i++) same = tensor->shape[i] == shape[i];
        if (!same) good = reason_.say("tensor %s does not have the shape that the configuration wants", name);
    }

    void conv(const char* prefix, int64_t in, int64_t out, int64_t kernel) {
        want(prefix, ".conv.weight", 3, out, in, kernel);
        want(prefix, ".conv.bias", 1, out);
    }

    void linear(const char* prefix, const char* part, int64_t in, int64_t out) {
        char name[96];
        std::snprintf(name, sizeof name, "%s%s", prefix, part);
        want(name, ".weight", 2, out, in);
        want(name, ".bias", 1, out);
    }

    void network(const char* part, int64_t in, int64_t width, int blocks, int64_t kernel, int64_t expansion) {
        char prefix[64];
        std::snprintf(prefix, sizeof prefix, "%s.0", part);
        conv(prefix, in, width, 3);
        for (int i = 1; i <= blocks; i++) {
            std::snprintf(prefix, sizeof prefix, "%s.%d", part, i);
            want(prefix, ".depth.conv.weight", 3, width, 1, kernel);
            want(prefix, ".depth.conv.bias", 1, width);
            want(prefix, ".norm.weight", 1, width);
            want(prefix, ".norm.bias", 1, width);
            want(prefix, ".scale", 1, width);
            linear(prefix, ".up", width, expansion * width);
            linear(prefix, ".down", expansion * width, width);
        }
    }

  private:
    const ModelFile& file_;
    Reason& reason_;
};
}  // namespace

bool ModelFile::shapes(Reason& reason) {
    const Config& c = config;
    const Tensor* forth = find("calibration.forth");
    if (!forth || forth->axes != 2 || forth->shape[0] < 1 || forth->shape[0] > c.encoder_latents)
        return reason.say("its calibration is missing or out of shape");
    latents = static_cast<int>(forth->shape[0]);
    if (c.hop * 2 > c.frame || c.frame % c.hop)
        return reason.say("a frame of %d samples does not hold two or more whole hops of %d", c.frame, c.hop);
    double top = std::fmin(c.fmax, c.sample_rate / 2.0);
    if (!(c.fmin > 0 && c.fmin < top))
        return reason.say("fmin %g Hz must lie between 0 and %g Hz", c.fmin, top);
    bands = count_bands(c);
    if (bands == 0) return reason.say("none of its mel bands holds a frequency of the transform");

    Shapes want(*this, reason);
    char prefix[64];
    want.want("calibration", ".mean", 1, c.encoder_latents);
    want.want("calibration", ".forth", 2, latents, c.encoder_latents);
    want.want("calibration", ".back", 2, c.encoder_latents, latents);
    want.network("encoder", bands, c.encoder_width, c.encoder_blocks, c.kernel, c.expansion);
    std::snprintf(prefix, sizeof prefix, "encoder.%d", c.encoder_blocks + 1);
    want.conv(prefix, c.encoder_width, 2 * c.encoder_latents, 1);
    want.network("decoder", c.encoder_latents + 1, c.decoder_width, c.decoder_blocks, c.kernel, c.expansion);
    std::snprintf(prefix, sizeof prefix, "decoder.%d", c.decoder_blocks + 1);
    want.conv(prefix, c.decoder_width, bands, 1);
    if (c.melgan) {
        int64_t product = 1;
        for (int i = 0; i < c.ratio_count && product <= c.hop; i++) product *= c.ratios[i];
        if (product != c.hop || c.vocoder_width >> c.ratio_count == 0)
            return reason.say(
                "its melgan ratios do not multiply to the hop %d, or halve its width to nothing", c.hop);
        int64_t width = c.vocoder_width;
        want.conv("vocoder.0", bands, width, c.vocoder_kernel);
        int at = 1;
        for (int i = 0; i < c.ratio_count; i++) {
            std::snprintf(prefix, sizeof prefix, "vocoder.%d.conv", ++at);
            want.conv(prefix, width, width / 2 * c.ratios[i], 2);
            width /= 2;
            at++;
            for (int j = 0; j < c.dilation_count; j++, at++) {
                std::snprintf(prefix, sizeof prefix, "vocoder.%d.1", at);
                want.conv(prefix, width, width, 3);
                std::snprintf(prefix, sizeof prefix, "vocoder.%d.3", at);
                want.conv(prefix, width, width, 1);
            }
        }
        std::snprintf(prefix, sizeof prefix, "vocoder.%d", at + 1);
        want.conv(prefix, width, 1, c.vocoder_kernel);
    } else {
        want.network("vocoder", bands, c.vocoder_width, c.vocoder_blocks, c.vocoder_kernel,
                     c.vocoder_expansion);
        want.want("vocoder", ".norm.weight", 1, c.vocoder_width);
        want.want("vocoder", ".norm.bias", 1, c.vocoder_width);
        want.linear("vocoder", ".magnitude", c.vocoder_width, c.bins());
        if (c.turns_phase) want.linear("vocoder", ".turn", c.vocoder_width, c.bins());
    }
    if (!want.good) return false;
    int model = 0;
    for (int i = 0; i < count_; i++) model += std::strncmp(tensors_[i].name, "model.", 6) == 0;
    if (model != want.wanted)
        return reason.say("it has %d tensors that are not part of the model", model - want.wanted);
    return true;
}

}  // namespace melisma
