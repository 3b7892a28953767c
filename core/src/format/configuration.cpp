// The configuration, read by the tables of schema.h.
#include <cstring>

#include "format/file.h"

namespace melisma {

namespace {
bool read_list(const Json::Node* node, const char* where, const Entry& entry, List& list, Reason& reason) {
    bool good = node->kind == Json::ARRAY && node->length > 0 && node->length <= LONGEST_LIST;
    list.count = 0;
    for (const Json::Node* v = good ? node->first : nullptr; good && v; v = v->next) {
        good =
            v->kind == Json::NUMBER && v->whole && v->number >= entry.minimum && v->number <= entry.maximum;
        list.numbers[list.count++] = good ? static_cast<int>(v->number) : 0;
    }
    return good || reason.say("%s.%s is not a short list of whole numbers", where, entry.name);
}

bool read_entry(const Json::Node* node, const char* where, const Entry& entry, Entries& into,
                Reason& reason) {
    char* place = reinterpret_cast<char*>(&into) + entry.place;
    if (!node && !entry.optional)
        return reason.say("missing entry %s.%s in the configuration", where, entry.name);
    double value = node ? node->number : entry.missing;
    switch (entry.kind) {
        case Kind::FLAG:
            if (node && node->kind != Json::BOOLEAN)
                return reason.say("%s.%s is neither true nor false", where, entry.name);
            *reinterpret_cast<int*>(place) = static_cast<int>(value);
            return true;
        case Kind::LIST:
            return read_list(node, where, entry, *reinterpret_cast<List*>(place), reason);
        default:
            break;
    }
    bool whole = entry.kind == Kind::WHOLE;
    if (node && (node->kind != Json::NUMBER || (whole && !node->whole)))
        return reason.say("%s.%s is not a %snumber", where, entry.name, whole ? "whole " : "");
    if (!(value >= entry.minimum && value <= entry.maximum))
        return reason.say("%s.%s is %.9g, outside %g to %g", where, entry.name, value, entry.minimum,
                          entry.maximum);
    if (whole)
        *reinterpret_cast<int*>(place) = static_cast<int>(value);
    else
        *reinterpret_cast<double*>(place) = value;
    return true;
}

bool is_key(const Json::Node* node, const char* name) {
    return std::strlen(name) == node->key_length && !std::memcmp(name, node->key, node->key_length);
}

template <int N>
bool read_block(const Json::Node* object, const char* where, const Entry (&entries)[N], Entries& into,
                Reason& reason) {
    if (!Json::is(object, Json::OBJECT)) return reason.say("configuration has no '%s' object", where);
    for (const Json::Node* child = object->first; child; child = child->next) {
        bool known = is_key(child, "kind") && !std::strcmp(where, "vocoder");
        for (const Entry& entry : entries) known = known || is_key(child, entry.name);
        if (!known) return reason.say("unknown entry %s.%.60s in the configuration", where, child->key);
    }
    for (const Entry& entry : entries)
        if (!read_entry(Json::member(object, entry.name), where, entry, into, reason)) return false;
    return true;
}
}  // namespace

bool ModelFile::configuration(const Json::Node* node, Reason& reason) {
    if (!Json::is(node, Json::OBJECT)) return reason.say("configuration is not an object");
    const Json::Node *vocoder = Json::member(node, "vocoder"), *kind = Json::member(vocoder, "kind");
    if (!read_block(Json::member(node, "analysis"), "analysis", ANALYSIS_ENTRIES, config, reason))
        return false;
    if (!read_block(Json::member(node, "vae"), "vae", VAE_ENTRIES, config, reason)) return false;
#define READ(name)                                                                        \
    if (Json::equals(kind, #name)) {                                                      \
        config.vocoder = VocoderKind::name;                                               \
        return read_block(vocoder, "vocoder", MELISMA_ENTRIES_OF_##name, config, reason); \
    }
    MELISMA_VOCODERS(READ)
#undef READ
#define NAME(name) " " #name
    return reason.say("unknown vocoder '%.40s'; this version knows" MELISMA_VOCODERS(NAME),
                      Json::is(kind, Json::STRING) ? kind->text : "");
#undef NAME
}

}  // namespace melisma
