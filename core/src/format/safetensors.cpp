// The container: named tensors in one body, and a header of JSON.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/half.h"
#include "base/limits.h"
#include "format/file.h"

namespace melisma {

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

bool size_of(const Json::Node* node, int64_t* value) {
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
        tensor.type = Json::equals(type, "F16")  ? Tensor::F16
                      : Json::equals(type, "I8") ? Tensor::I8
                                                 : Tensor::F32;
        if (tensor.type == Tensor::F32 && !Json::equals(type, "F32")) {
            good = reason.say("tensor %s has a type other than F32, F16 and I8", tensor.name);
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
        if (end - begin != count * static_cast<int64_t>(tensor.width()) ||
            static_cast<uint64_t>(end) > body_size_) {
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
    good = good && scales(reason);
    for (int i = 0; good && i < count_; i++)
        if (!finite(tensors_[i]))
            good = reason.say("tensor %s holds numbers that are not finite", tensors_[i].name);
    return good;
}

// Bytes have a scale for each row, "scale.NAME" of "model.NAME", and nothing else has one.
bool ModelFile::scales(Reason& reason) {
    int narrow = 0, found = 0;
    for (int i = 0; i < count_; i++) {
        Tensor& tensor = tensors_[i];
        found += std::strncmp(tensor.name, "scale.", 6) == 0;
        if (tensor.type != Tensor::I8) continue;
        narrow++;
        char name[256] = "";
        if (std::strncmp(tensor.name, "model.", 6) == 0)
            std::snprintf(name, sizeof name, "scale.%s", tensor.name + 6);
        const Tensor* scale = tensor.scale = find_whole(name);
        int64_t row = tensor.axes && tensor.shape[0] ? tensor.count() / tensor.shape[0] : BYTE_ROW + 1;
        if (!scale || scale->type != Tensor::F32 || scale->axes != 1 || tensor.axes < 2 ||
            scale->shape[0] != tensor.shape[0] || row > BYTE_ROW)
            return reason.say(
                "tensor %s of 8 bits has no scale for each row, or rows of more than %d numbers", tensor.name,
                BYTE_ROW);
        for (int64_t r = 0; r < scale->shape[0]; r++)
            if (!(std::fabs(at(*scale, r)) < 1e36f))  // 127 of them are a finite number
                return reason.say("tensor %s holds numbers that are not finite", tensor.name);
    }
    return narrow == found || reason.say("it has scales for tensors that are not in 8 bits");
}

bool ModelFile::finite(const Tensor& tensor) const {
    const uint8_t* at = body + tensor.begin;
    if (tensor.type == Tensor::I8) return true;
    bool good = true;
    for (int64_t n = tensor.count(); n > 0; n--) {
        if (tensor.type == Tensor::F16) {
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
    if (tensor.type == Tensor::I8) {
        int8_t whole = static_cast<int8_t>(body[tensor.begin + static_cast<size_t>(index)]);
        return static_cast<float>(whole) * at(*tensor.scale, index / (tensor.count() / tensor.shape[0]));
    }
    if (tensor.type == Tensor::F16) {
        uint16_t bits;
        std::memcpy(&bits, body + tensor.begin + 2 * index, 2);
        return half_to_float(bits);
    }
    float value;
    std::memcpy(&value, body + tensor.begin + 4 * index, 4);
    return value;
}

}  // namespace melisma
