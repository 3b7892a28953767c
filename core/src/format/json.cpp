#include "format/json.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "base/limits.h"

namespace melisma {

struct Json::Slab {
    Slab* before;
    int used;
    Node nodes[256];
};

Json::~Json() {
    std::free(text_);
    while (slabs_) {
        Slab* before = slabs_->before;
        std::free(slabs_);
        slabs_ = before;
    }
}

const Json::Node* Json::parse(const char* text, size_t length) {
    at_ = text;
    end_ = text + length;
    // a string of k characters took at least k + 2 with its quotes, so there is always room for its zero
    free_text_ = text_ = static_cast<char*>(std::malloc(length + 1));
    if (!text_) return nullptr;
    Node* root = node();
    if (!root || !value(root, 0)) return nullptr;
    space();
    return at_ == end_ ? root : nullptr;
}

const Json::Node* Json::member(const Node* object, const char* name) {
    const Node* found = nullptr;
    if (!is(object, OBJECT)) return nullptr;
    size_t length = std::strlen(name);
    for (const Node* child = object->first; child; child = child->next)
        if (child->key_length == length && std::memcmp(child->key, name, length) == 0) found = child;
    return found;
}

bool Json::equals(const Node* node, const char* text) {
    return is(node, STRING) && node->length == std::strlen(text) &&
           std::memcmp(node->text, text, node->length) == 0;
}

Json::Node* Json::node() {
    if (!slabs_ || slabs_->used == 256) {
        Slab* slab = static_cast<Slab*>(std::malloc(sizeof(Slab)));
        if (!slab) return nullptr;
        slab->before = slabs_;
        slab->used = 0;
        slabs_ = slab;
    }
    Node* fresh = &slabs_->nodes[slabs_->used++];
    *fresh = Node();
    return fresh;
}

bool Json::space() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) at_++;
    return at_ < end_;
}

bool Json::value(Node* into, int depth) {
    if (depth > DEEPEST_JSON || !space()) return false;
    char c = *at_;
    if (c == '"') {
        into->kind = STRING;
        return string(&into->text, &into->length);
    }
    if (c == 't' || c == 'f') {
        into->kind = BOOLEAN;
        into->number = c == 't';
        return word(c == 't' ? "true" : "false");
    }
    if (c == 'n') return word("null");
    if (c != '{' && c != '[') return number(into);
    char close = c == '{' ? '}' : ']';
    into->kind = c == '{' ? OBJECT : ARRAY;
    at_++;
    if (!space()) return false;
    if (*at_ == close) return at_++, true;
    Node* last = nullptr;
    while (true) {
        Node* child = node();
        if (!child || !space()) return false;
        if (into->kind == OBJECT) {
            if (*at_ != '"' || !string(&child->key, &child->key_length) || !space() || *at_++ != ':')
                return false;
        }
        if (!value(child, depth + 1) || !space()) return false;
        (last ? last->next : into->first) = child;
        last = child;
        into->length++;
        c = *at_++;
        if (c == close) return true;
        if (c != ',') return false;
    }
}

static int hex(const char* at, const char* end) {
    if (end - at < 4) return -1;
    int value = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

bool Json::string(const char** text, uint32_t* length) {
    char* out = free_text_;
    *text = out;
    at_++;
    while (at_ < end_ && *at_ != '"') {
        unsigned char c = static_cast<unsigned char>(*at_++);
        if (c < 0x20) return false;
        if (c != '\\') {
            *out++ = static_cast<char>(c);
            continue;
        }
        if (at_ == end_) return false;
        switch (*at_++) {
            case '"':
                *out++ = '"';
                break;
            case '\\':
                *out++ = '\\';
                break;
            case '/':
                *out++ = '/';
                break;
            case 'b':
                *out++ = '\b';
                break;
            case 'f':
                *out++ = '\f';
                break;
            case 'n':
                *out++ = '\n';
                break;
            case 'r':
                *out++ = '\r';
                break;
            case 't':
                *out++ = '\t';
                break;
            case 'u': {
                int code = hex(at_, end_);
                if (code < 0) return false;
                at_ += 4;
                if (code >= 0xD800 && code < 0xDC00 && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u') {
                    int low = hex(at_ + 2, end_);
                    if (low >= 0xDC00 && low < 0xE000) {
                        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                        at_ += 6;
                    }
                }
                // at most as many bytes as its escape had; a surrogate left alone becomes three bytes like
                // any other
                if (code < 0x80) {
                    *out++ = static_cast<char>(code);
                } else if (code < 0x800) {
                    *out++ = static_cast<char>(0xC0 | code >> 6);
                    *out++ = static_cast<char>(0x80 | (code & 63));
                } else if (code < 0x10000) {
                    *out++ = static_cast<char>(0xE0 | code >> 12);
                    *out++ = static_cast<char>(0x80 | (code >> 6 & 63));
                    *out++ = static_cast<char>(0x80 | (code & 63));
                } else {
                    *out++ = static_cast<char>(0xF0 | code >> 18);
                    *out++ = static_cast<char>(0x80 | (code >> 12 & 63));
                    *out++ = static_cast<char>(0x80 | (code >> 6 & 63));
                    *out++ = static_cast<char>(0x80 | (code & 63));
                }
                break;
            }
            default:
                return false;
        }
    }
    if (at_ == end_) return false;
    at_++;
    *length = static_cast<uint32_t>(out - *text);
    *out++ = 0;
    free_text_ = out;
    return true;
}

static bool digit(const char* at, const char* end) { return at < end && *at >= '0' && *at <= '9'; }

bool Json::number(Node* into) {
    into->kind = NUMBER;
    bool negative = at_ < end_ && *at_ == '-';
    if (negative) at_++;
    if (!digit(at_, end_)) return false;
    if (*at_ == '0' && digit(at_ + 1, end_)) return false;
    double mantissa = 0;
    uint64_t exact = 0;
    int scale = 0;
    bool whole = true;
    auto take = [&](int shift) {
        int d = *at_++ - '0';
        if (exact < 900000000000000000u) {  // 18 digits are kept; later ones only count
            exact = exact * 10 + static_cast<uint64_t>(d);
            scale += shift;
        } else if (shift == 0 && scale < 100000) {
            scale++;
        }
    };
    while (digit(at_, end_)) take(0);
    if (at_ < end_ && *at_ == '.') {
        whole = false;
        at_++;
        if (!digit(at_, end_)) return false;
        while (digit(at_, end_)) take(-1);
    }
    if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
        whole = false;
        at_++;
        bool down = at_ < end_ && *at_ == '-';
        if (at_ < end_ && (*at_ == '-' || *at_ == '+')) at_++;
        if (!digit(at_, end_)) return false;
        int exponent = 0;
        while (digit(at_, end_))
            exponent = exponent < 100000 ? exponent * 10 + (*at_ - '0') : exponent, at_++;
        scale += down ? -exponent : exponent;
    }
    mantissa = static_cast<double>(exact);
    if (scale > 0) mantissa *= std::pow(10.0, scale);
    if (scale < 0)
        mantissa /= scale < -300
                        ? std::pow(10.0, 300) * std::pow(10.0, -scale - 300 < 300 ? -scale - 300 : 300)
                        : std::pow(10.0, -scale);
    into->number = negative ? -mantissa : mantissa;
    into->whole = whole && mantissa <= 9007199254740992.0;
    return true;
}

bool Json::word(const char* letters) {
    size_t length = std::strlen(letters);
    if (static_cast<size_t>(end_ - at_) < length || std::memcmp(at_, letters, length) != 0) return false;
    at_ += length;
    return true;
}

}  // namespace melisma
