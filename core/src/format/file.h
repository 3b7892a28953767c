// The model file, checked before it is believed: docs/reference/model-file.md, with the rules of
// src/melisma/files/modelfile.py.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/limits.h"
#include "base/reason.h"
#include "format/config.h"
#include "format/json.h"

namespace melisma {

struct Tensor {
    char name[201];
    enum Type { F32, F16, I8 } type;
    const Tensor* scale;  // of I8: what 1 stands for, for each index of the first axis
    int axes;
    int64_t shape[4];
    size_t begin, end;                                                     // in the body, bytes
    size_t width() const { return type == I8 ? 1 : type == F16 ? 2 : 4; }  // bytes of a number
    int64_t count() const {
        int64_t n = 1;
        for (int i = 0; i < axes; i++) n *= shape[i];
        return n;
    }
};

class ModelFile {
  public:
    ModelFile() = default;
    ModelFile(const ModelFile&) = delete;
    ModelFile& operator=(const ModelFile&) = delete;
    ~ModelFile();

    // The container, the header and the configuration. `data` must outlive the file.
    bool parse(const uint8_t* data, size_t size, Reason& reason);
    // Whether its tensors are those of a model of that configuration with so many mel bands; only then is it
    // to be loaded.
    bool shapes(int bands, Reason& reason) const;

    // A tensor that the configuration implies (so it is there); `name` without "model.".
    const Tensor* find(const char* name) const;
    float at(const Tensor& tensor, int64_t index) const;

    Config config = {};
    int latents = 0, latency = 0;
    char name[401] = "";
    char unusable[401] = "";       // its training's verdict, where that is against it
    float* percentiles = nullptr;  // (latents, 5)
    uint8_t* timbre = nullptr;     // (latents,): 1 for those of timbre; all, where the file does not tell
    const Tensor *golden_input = nullptr, *golden_output = nullptr;
    const uint8_t* body = nullptr;

  private:
    bool safetensors(const uint8_t* data, size_t size, Reason& reason);
    bool header(const char* text, size_t length, Reason& reason);
    bool configuration(const Json::Node* node, Reason& reason);
    void verdict(const Json::Node* training);
    bool finite(const Tensor& tensor) const;
    bool scales(Reason& reason);
    const Tensor* find_whole(const char* name) const;

    Json outer_;
    const Json::Node* metadata_ = nullptr;
    Tensor* tensors_ = nullptr;  // sorted by name
    int count_ = 0;
    size_t body_size_ = 0;
};

// A size in bytes, of samples or of an axis: a whole number that no sane file goes beyond. False for anything
// else.
bool size_of(const Json::Node* node, int64_t* value);

}  // namespace melisma
