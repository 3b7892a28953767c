// The configuration, with the bounds of src/melisma/config.py.
#include <cstring>

#include "format/file.h"

namespace melisma {

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

}  // namespace melisma
