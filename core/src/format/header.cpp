// What a model file says of itself.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "format/file.h"

namespace melisma {

ModelFile::~ModelFile() {
    std::free(tensors_);
    std::free(percentiles);
    std::free(timbre);
}

bool ModelFile::parse(const uint8_t* data, size_t size, Reason& reason) {
    if (static_cast<uint64_t>(size) > static_cast<uint64_t>(MOST_BYTES))
        return reason.say("it has more than %d MiB", static_cast<int>(MOST_BYTES >> 20));
    if (!safetensors(data, size, reason)) return false;
    const Json::Node* entry = Json::member(metadata_, "melisma");
    if (metadata_ && metadata_->kind != Json::OBJECT) return reason.say("its metadata are not text");
    if (entry && entry->kind != Json::STRING) return reason.say("its metadata are not text");
    if (!entry) return reason.say("its melisma header is missing");
    return header(entry->text, entry->length, reason);
}

// What no console can be steered by: a character below a space is one, and a text that is too long ends
// before one that it would cut in two.
void ModelFile::verdict(const Json::Node* training) {
    const Json::Node* usable = Json::member(training, "usable");
    if (!Json::is(usable, Json::BOOLEAN) || usable->number != 0) return;
    const Json::Node* said = Json::member(training, "verdict");
    const char* text = Json::is(said, Json::STRING) && said->length ? said->text : "Not usable yet.";
    size_t length = std::strlen(text);
    if (length >= sizeof unusable) {
        length = sizeof unusable - 1;
        while (length && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) length--;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char c = static_cast<unsigned char>(text[i]);
        unusable[i] = c < 0x20 || c == 0x7f ? ' ' : text[i];
    }
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
    bool known = false;
    for (double one : FORMAT_VERSIONS) known = known || version->number == one;
    if (!known)
        return reason.say("its format version is %.9g; this Melisma reads versions " FORMAT_VERSIONS_TEXT,
                          version->number);
    if (version->number < 2)
        for (int i = 0; i < count_; i++)
            if (tensors_[i].type == Tensor::I8)
                return reason.say("its format version is 1, which has no weights in 8 bits");
    if (!configuration(Json::member(root, "config"), reason)) return false;
    const Tensor* forth = find("calibration.forth");
    if (!forth || forth->axes != 2 || forth->shape[0] < 1 || forth->shape[0] > config.vae.latents)
        return reason.say("its calibration is missing or out of shape");
    latents = static_cast<int>(forth->shape[0]);

    const Json::Node* entry = Json::member(root, "name");
    bool good = Json::is(entry, Json::STRING) && entry->length > 0 && entry->length < sizeof name;
    int characters = 0;
    for (uint32_t i = 0; good && i < entry->length; i++) {
        unsigned char c = static_cast<unsigned char>(entry->text[i]);
        good = c >= 0x20 && c != 0x7f;
        characters += (c & 0xC0) != 0x80;
    }
    if (!good || characters > 100) return reason.say("it has no name");
    std::memcpy(name, entry->text, entry->length);

    int64_t samples = 0;
    // the overlap, frame − hop, and the hop that a stream holds
    if (!size_of(Json::member(root, "latency"), &samples) || samples != config.analysis.frame)
        return reason.say("its latency is not that of its frames, %d samples", config.analysis.frame);
    latency = static_cast<int>(samples);
    const char* const objects[] = {"latents", "training", "evaluation"};
    for (const char* key : objects) {
        const Json::Node* part = Json::member(root, key);
        if (part && part->kind != Json::OBJECT) return reason.say("its %s entry is not an object", key);
    }
    verdict(Json::member(root, "training"));
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

}  // namespace melisma
