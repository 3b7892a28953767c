// A bounded JSON reader: a tree of nodes over a text that may be hostile.
#pragma once

#include <cstddef>
#include <cstdint>

namespace melisma {

class Json {
  public:
    enum Kind : uint8_t { NOTHING, BOOLEAN, NUMBER, STRING, ARRAY, OBJECT };

    struct Node {
        Kind kind = NOTHING;
        bool whole = false;  // a number written without fraction or exponent, within ±2^53
        double number = 0;
        const char* text = "";  // a string's characters, zero at the end
        uint32_t length = 0;    // of the string in bytes, or of the array or object in members
        const char* key = "";   // in an object
        uint32_t key_length = 0;
        const Node* first = nullptr;
        const Node* next = nullptr;
    };

    Json() = default;
    Json(const Json&) = delete;
    Json& operator=(const Json&) = delete;
    ~Json();

    // → the root, or null if the text is not JSON (or is deeper than 64 levels, or there is no memory).
    const Node* parse(const char* text, size_t length);

    // The member of that name (the last, if there are several), or null.
    static const Node* member(const Node* object, const char* name);
    static bool is(const Node* node, Kind kind) { return node && node->kind == kind; }
    static bool equals(const Node* node, const char* text);

  private:
    struct Slab;
    Node* node();
    bool space();
    bool value(Node* into, int depth);
    bool string(const char** text, uint32_t* length);
    bool number(Node* into);
    bool word(const char* letters);

    const char* at_ = nullptr;
    const char* end_ = nullptr;
    char* text_ = nullptr;  // unescaped strings; never longer than what they came from, each with its zero
    char* free_text_ = nullptr;
    Slab* slabs_ = nullptr;
};

}  // namespace melisma
