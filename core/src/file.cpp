#include "file.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "bands.h"
#include "half.h"

namespace melisma {

constexpr int64_t MOST_BYTES = 256ll << 20, MOST_HEADER = 4ll << 20;
constexpr uint32_t MOST_TENSORS = 4096;
constexpr double FORMAT_VERSION = 1;

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

ModelFile::~ModelFile() {
    std::free(tensors_);
    std::free(percentiles);
    std::free(timbre);
}

bool ModelFile::parse(const uint8_t* data, size_t size, Reason& reason) {
    if (static_cast<uint64_t>(size) > static_cast<uint64_t>(MOST_BYTES))
        return reason.say("it has more than %d MiB", static_cast<int>(MOST_BYTES >> 20));
    if (!safetensors(data, size, reason)) return false;
    const Json::Node* own = Json::member(metadata_, "melisma");
    if (metadata_ && metadata_->kind != Json::OBJECT) return reason.say("its metadata are not text");
    if (own && own->kind != Json::STRING) return reason.say("its metadata are not text");
    if (!own) return reason.say("its melisma header is missing");
    return header(own->text, own->length, reason);
}

static int compare(const void* a, const void* b) {
    return std::strcmp(static_cast<const Tensor*>(a)->name, static_cast<const Tensor*>(b)->name);
}

static int compare_spans(const void* a, const void* b) {
    const size_t *x = static_cast<const size_t*>(a), *y = static_cast<const size_t*>(b);
    return x[0] != y[0] ? (x[0] < y[0] ? -1 : 1) : x[1] < y[1] ? -1 : x[1] > y[1];
}

static bool good_name(const Json::Node* entry) {
    if (entry->key_length == 0 || entry->key_length > 200) return false;
    for (uint32_t i = 0; i < entry->key_length; i++) {
        char c = entry->key[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                    c == '_' || c == '-';
        if (!good) return false;
    }
    return true;
}

static bool size_of(const Json::Node* node, int64_t* value) {
    if (!Json::is(node, Json::NUMBER) || !node->whole || node->number < 0 ||
        node->number > static_cast<double>(MOST_BYTES))
        return false;
    *value = static_cast<int64_t>(node->number);
    return true;
}

bool ModelFile::safetensors(const uint8_t* data, size_t size, Reason& reason) {
    if (size < 10) return reason.say("it is cut short or empty");
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--) length = length << 8 | data[i];
    if (length > static_cast<uint64_t>(MOST_HEADER) || length + 8 > size)
        return reason.say(
            "its header's length is absurd: it is damaged, cut short, or something else entirely");
    const Json::Node* root =
        outer_.parse(reinterpret_cast<const char*>(data) + 8, static_cast<size_t>(length));
    if (!root) return reason.say("its header is not JSON: it is damaged, or something else entirely");
    if (root->kind != Json::OBJECT) return reason.say("its header is not an object");
    metadata_ = Json::member(root, "__metadata__");
    body = data + 8 + length;
    body_size_ = size - 8 - static_cast<size_t>(length);
    if (root->length > MOST_TENSORS + 1) return reason.say("it claims %u tensors", root->length);
    tensors_ = static_cast<Tensor*>(std::calloc(root->length + 1, sizeof(Tensor)));
    size_t* spans = static_cast<size_t*>(std::calloc(root->length + 1, 2 * sizeof(size_t)));
    bool good = tensors_ && spans;
    if (!good) reason.say("there is not enough memory to read it");
    for (const Json::Node* entry = root->first; good && entry; entry = entry->next) {
        if (entry->key_length == 12 && std::memcmp(entry->key, "__metadata__", 12) == 0) continue;
        if (!good_name(entry)) {
            good = reason.say("a tensor has an odd name");
            break;
        }
        Tensor& tensor = tensors_[count_];
        std::memcpy(tensor.name, entry->key, entry->key_length);
        const Json::Node *type = Json::member(entry, "dtype"), *shape = Json::member(entry, "shape");
        const Json::Node* place = Json::member(entry, "data_offsets");
        if (!type || !Json::is(shape, Json::ARRAY) || !Json::is(place, Json::ARRAY) || place->length != 2) {
            good = reason.say("tensor %s is not described as safetensors does", tensor.name);
            break;
        }
        tensor.half = Json::equals(type, "F16");
        if (!tensor.half && !Json::equals(type, "F32")) {
            good = reason.say("tensor %s has a type other than F32 and F16", tensor.name);
            break;
        }
        int64_t begin = 0, end = 0, count = 1;
        good = shape->length <= 4 && size_of(place->first, &begin) && size_of(place->first->next, &end);
        tensor.axes = static_cast<int>(shape->length);
        int axis = 0;
        for (const Json::Node* extent = shape->first; good && extent; extent = extent->next, axis++) {
            good = size_of(extent, &tensor.shape[axis]);
            // no product of believable extents leaves 64 bits: each stays at most 2^28 before the next factor
            count = good && count <= MOST_BYTES ? count * tensor.shape[axis] : MOST_BYTES + 1;
        }
        if (!good) {
            reason.say("tensor %s has an odd shape or place", tensor.name);
            break;
        }
        if (end - begin != count * (tensor.half ? 2 : 4) || static_cast<uint64_t>(end) > body_size_) {
            good =
                reason.say("tensor %s does not fit its place: the file is cut short or damaged", tensor.name);
            break;
        }
        tensor.begin = spans[2 * count_] = static_cast<size_t>(begin);
        tensor.end = spans[2 * count_ + 1] = static_cast<size_t>(end);
        count_++;
    }
    if (good) {
        std::qsort(spans, static_cast<size_t>(count_), 2 * sizeof(size_t), compare_spans);
        std::qsort(tensors_, static_cast<size_t>(count_), sizeof(Tensor), compare);
        for (int i = 0; good && i + 1 < count_; i++) {
            if (spans[2 * i + 1] > spans[2 * i + 2]) good = reason.say("two of its tensors overlap");
            if (compare(tensors_ + i, tensors_ + i + 1) == 0)
                good = reason.say("tensor %s is there twice", tensors_[i].name);
        }
    }
    std::free(spans);
    for (int i = 0; good && i < count_; i++)
        if (!finite(tensors_[i]))
            good = reason.say("tensor %s holds numbers that are not finite", tensors_[i].name);
    return good;
}

bool ModelFile::finite(const Tensor& tensor) const {
    const uint8_t* at = body + tensor.begin;
    bool good = true;
    for (int64_t n = tensor.count(); n > 0; n--) {
        if (tensor.half) {
            good = good && (at[1] & 0x7c) != 0x7c;
            at += 2;
        } else {
            good = good && !((at[3] & 0x7f) == 0x7f && (at[2] & 0x80));
            at += 4;
        }
    }
    return good;
}

const Tensor* ModelFile::find_whole(const char* name) const {
    int low = 0, high = count_;
    while (low < high) {
        int middle = (low + high) / 2, order = std::strcmp(tensors_[middle].name, name);
        if (order == 0) return tensors_ + middle;
        (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
    }
    return nullptr;
}

const Tensor* ModelFile::find(const char* name) const {
    char whole[256];
    std::snprintf(whole, sizeof whole, "model.%s", name);
    return find_whole(whole);
}

float ModelFile::at(const Tensor& tensor, int64_t index) const {
    if (tensor.half) {
        uint16_t bits;
        std::memcpy(&bits, body + tensor.begin + 2 * index, 2);
        return half_to_float(bits);
    }
    float value;
    std::memcpy(&value, body + tensor.begin + 4 * index, 4);
    return value;
}

bool ModelFile::header(const char* text, size_t length, Reason& reason) {
    Json json;
    const Json::Node* root = json.parse(text, length);
    if (!root) return reason.say("its melisma header is not JSON: it is damaged, or something else entirely");
    if (root->kind != Json::OBJECT) return reason.say("its melisma header is not an object");
    if (!Json::equals(Json::member(root, "format"), "melisma"))
        return reason.say("it does not say that its format is melisma");
    const Json::Node* version = Json::member(root, "version");
    if (!Json::is(version, Json::NUMBER)) return reason.say("it has no format version");
    if (version->number != FORMAT_VERSION)
        return reason.say("its format version is %.9g; this Melisma reads version %g", version->number,
                          FORMAT_VERSION);
    if (!configuration(Json::member(root, "config"), reason) || !shapes(reason)) return false;

    const Json::Node* own = Json::member(root, "name");
    bool good = Json::is(own, Json::STRING) && own->length > 0 && own->length < sizeof name;
    int characters = 0;
    for (uint32_t i = 0; good && i < own->length; i++) {
        unsigned char c = static_cast<unsigned char>(own->text[i]);
        good = c >= 0x20 && c != 0x7f;
        characters += (c & 0xC0) != 0x80;
    }
    if (!good || characters > 100) return reason.say("it has no name");
    std::memcpy(name, own->text, own->length);

    int64_t samples = 0;
    // the overlap, frame − hop, and the hop that a stream holds
    if (!size_of(Json::member(root, "latency"), &samples) || samples != config.frame)
        return reason.say("its latency is not that of its frames, %d samples", config.frame);
    latency = static_cast<int>(samples);
    const char* const objects[] = {"latents", "training", "evaluation"};
    for (const char* key : objects) {
        const Json::Node* part = Json::member(root, key);
        if (part && part->kind != Json::OBJECT) return reason.say("its %s entry is not an object", key);
    }
    const Json::Node* table = Json::member(Json::member(root, "latents"), "percentiles");
    good = Json::is(table, Json::ARRAY) && table->length == static_cast<uint32_t>(latents);
    percentiles = static_cast<float*>(std::calloc(static_cast<size_t>(latents) * 5, sizeof(float)));
    if (!percentiles) return reason.say("there is not enough memory to read it");
    float* into = percentiles;
    for (const Json::Node* row = good ? table->first : nullptr; good && row; row = row->next) {
        good = row->kind == Json::ARRAY && row->length == 5;
        for (const Json::Node* v = row->first; good && v; v = v->next) {
            good = v->kind == Json::NUMBER && v->number > -1e9 && v->number < 1e9;
            *into++ = static_cast<float>(v->number);
        }
    }
    if (!good) return reason.say("its latents have no 5 percentiles for each of %d dimensions", latents);

    timbre = static_cast<uint8_t*>(std::calloc(static_cast<size_t>(latents), 1));
    if (!timbre) return reason.say("there is not enough memory to read it");
    const Json::Node* rows = Json::member(Json::member(root, "latents"), "timbre");
    if (!rows) std::memset(timbre, 1, static_cast<size_t>(latents));
    good = !rows || rows->kind == Json::ARRAY;
    for (const Json::Node* row = good && rows ? rows->first : nullptr; good && row; row = row->next) {
        int64_t at = 0;
        good = size_of(row, &at) && at < latents && !timbre[at];
        if (good) timbre[at] = 1;
    }
    if (!good) return reason.say("its latents of timbre are not numbers of dimensions, each once");

    golden_input = find_whole("golden.input");
    golden_output = find_whole("golden.output");
    bool any = false;
    for (int i = 0; i < count_; i++) any = any || std::strncmp(tensors_[i].name, "golden.", 7) == 0;
    bool pair = golden_input && golden_output && golden_input->axes == 1 && golden_output->axes == 1 &&
                golden_input->shape[0] > 0 && golden_input->shape[0] == golden_output->shape[0];
    if (any && !pair) return reason.say("its golden pair is not two waveforms of one length");
    return true;
}

// ---- the configuration

namespace {
struct Entry {
    const char* name;
    double least, most;
    int* whole;
    double* real;
    bool* flag;
    bool optional = false;  // if it is missing, what it points to stays as it is
};

bool read_entry(const Json::Node* node, const char* where, const Entry& entry, Reason& reason) {
    const char* name = entry.name;
    if (!node && entry.optional) return true;
    if (!node) return reason.say("missing entry %s.%s in the configuration", where, name);
    if (entry.flag) {
        if (node->kind != Json::BOOLEAN) return reason.say("%s.%s is not true or false", where, name);
        *entry.flag = node->number != 0;
        return true;
    }
    if (node->kind != Json::NUMBER || (entry.whole && !node->whole))
        return reason.say("%s.%s is not a %snumber", where, name, entry.whole ? "whole " : "");
    if (!(node->number >= entry.least && node->number <= entry.most))
        return reason.say("%s.%s is %.9g, outside %g to %g", where, name, node->number, entry.least,
                          entry.most);
    if (entry.whole) *entry.whole = static_cast<int>(node->number);
    if (entry.real) *entry.real = node->number;
    return true;
}

bool read_list(const Json::Node* node, const char* where, const char* name, int* values, int* count,
               Reason& reason) {
    if (!node) return reason.say("missing entry %s.%s in the configuration", where, name);
    bool good = node->kind == Json::ARRAY && node->length > 0 && node->length <= MOST_RATIOS;
    *count = 0;
    for (const Json::Node* v = good ? node->first : nullptr; good && v; v = v->next) {
        good = v->kind == Json::NUMBER && v->whole && v->number > 0 && v->number <= 1024;
        values[(*count)++] = good ? static_cast<int>(v->number) : 0;
    }
    return good || reason.say("%s.%s is not a short list of whole numbers", where, name);
}

bool known(const Json::Node* object, const char* where, const Entry* entries, int count,
           const char* const* more, Reason& reason) {
    for (const Json::Node* child = object->first; child; child = child->next) {
        bool found = false;
        for (int i = 0; i < count; i++)
            found = found || (std::strlen(entries[i].name) == child->key_length &&
                              !std::memcmp(entries[i].name, child->key, child->key_length));
        for (const char* const* name = more; *name; name++)
            found = found || (std::strlen(*name) == child->key_length &&
                              !std::memcmp(*name, child->key, child->key_length));
        if (!found) return reason.say("unknown entry %s.%.60s in the configuration", where, child->key);
    }
    return true;
}

template <int N>
bool read_part(const Json::Node* object, const char* where, const Entry (&entries)[N],
               const char* const* more, Reason& reason) {
    if (!Json::is(object, Json::OBJECT)) return reason.say("configuration has no '%s' object", where);
    if (!known(object, where, entries, N, more, reason)) return false;
    for (const Entry& entry : entries)
        if (!read_entry(Json::member(object, entry.name), where, entry, reason)) return false;
    return true;
}
}  // namespace

bool ModelFile::configuration(const Json::Node* node, Reason& reason) {
    if (!Json::is(node, Json::OBJECT)) return reason.say("configuration is not an object");
    const Json::Node* vocoder = Json::member(node, "vocoder");
    const Json::Node* kind = Json::member(vocoder, "kind");
    Config& c = config;
    c.melgan = Json::equals(kind, "melgan");
    if (!c.melgan && !Json::equals(kind, "phase"))
        return reason.say("unknown vocoder '%.40s'; this version knows melgan, phase",
                          Json::is(kind, Json::STRING) ? kind->text : "");
    const char* const none[] = {nullptr};
    const Entry analysis[] = {
        {"sample_rate", 8000, 192000, &c.sample_rate, nullptr, nullptr},
        {"frame", 64, 8192, &c.frame, nullptr, nullptr},
        {"hop", 16, 4096, &c.hop, nullptr, nullptr},
        {"bands", 8, 512, &c.bands_asked, nullptr, nullptr},
        {"fmin", 0, 20000, nullptr, &c.fmin, nullptr},
        {"fmax", 100, 96000, nullptr, &c.fmax, nullptr},
        {"highpass", 0, 100, nullptr, &c.highpass, nullptr, true},
    };
    c.highpass = 0;  // as in files that were written before there was one
    const Entry vae[] = {
        {"latents", 1, 128, &c.encoder_latents, nullptr, nullptr},
        {"encoder_width", 1, 2048, &c.encoder_width, nullptr, nullptr},
        {"encoder_blocks", 0, 64, &c.encoder_blocks, nullptr, nullptr},
        {"decoder_width", 1, 2048, &c.decoder_width, nullptr, nullptr},
        {"decoder_blocks", 0, 64, &c.decoder_blocks, nullptr, nullptr},
        {"kernel", 1, 63, &c.kernel, nullptr, nullptr},
        {"expansion", 1, 8, &c.expansion, nullptr, nullptr},
    };
    if (!read_part(Json::member(node, "analysis"), "analysis", analysis, none, reason)) return false;
    if (!read_part(Json::member(node, "vae"), "vae", vae, none, reason)) return false;
    if (c.melgan) {
        const Entry melgan[] = {
            {"width", 1, 2048, &c.vocoder_width, nullptr, nullptr},
            {"kernel", 1, 63, &c.vocoder_kernel, nullptr, nullptr},
        };
        const char* const more[] = {"kind", "ratios", "dilations", nullptr};
        return read_part(vocoder, "vocoder", melgan, more, reason) &&
               read_list(Json::member(vocoder, "ratios"), "vocoder", "ratios", c.ratios, &c.ratio_count,
                         reason) &&
               read_list(Json::member(vocoder, "dilations"), "vocoder", "dilations", c.dilations,
                         &c.dilation_count, reason);
    }
    const Entry phase[] = {
        {"draft_iterations", 0, 256, &c.draft_iterations, nullptr, nullptr},
        {"width", 1, 2048, &c.vocoder_width, nullptr, nullptr},
        {"blocks", 0, 64, &c.vocoder_blocks, nullptr, nullptr},
        {"kernel", 1, 63, &c.vocoder_kernel, nullptr, nullptr},
        {"expansion", 1, 8, &c.vocoder_expansion, nullptr, nullptr},
        {"turns_phase", 0, 1, nullptr, nullptr, &c.turns_phase},
    };
    const char* const more[] = {"kind", nullptr};
    return read_part(vocoder, "vocoder", phase, more, reason);
}

// ---- shapes: every tensor that the configuration implies, and no other (src/melisma/shapes.py)

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
