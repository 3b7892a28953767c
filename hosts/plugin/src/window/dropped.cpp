// What was dropped: text/uri-list, RFC 2483.
#include "drop.h"
#include "names.h"

static int digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

static std::string decoded(const std::string& text) {
    std::string plain;
    for (size_t i = 0; i < text.size(); i++) {
        int high = text[i] == '%' && i + 2 < text.size() ? digit(text[i + 1]) : -1;
        int low = high >= 0 ? digit(text[i + 2]) : -1;
        if (low >= 0) i += 2;
        plain += low >= 0 ? static_cast<char>(high * 16 + low) : text[i];
    }
    return plain;
}

// file:///path, file://machine/path, file:/path → the path; "" for other addresses.
static std::string path_of(const std::string& address) {
    constexpr const char* SCHEME = "file:";
    if (address.compare(0, 5, SCHEME) != 0) return "";
    size_t from = address.compare(5, 2, "//") == 0 ? address.find('/', 7) : 5;
    return from == std::string::npos ? "" : decoded(address.substr(from));
}

std::string dropped_model(const std::string& list, std::string& why) {
    std::string first;
    bool elsewhere = false;
    for (size_t at = 0, end; at < list.size(); at = end + 1) {
        end = list.find_first_of("\r\n", at);
        if (end == std::string::npos) end = list.size();
        std::string address = list.substr(at, end - at), path = path_of(address);
        if (address.empty() || address[0] == '#') continue;
        if (is_model_file(path.c_str())) return path;
        if (!first.empty()) continue;
        elsewhere = path.empty();
        first = elsewhere ? address : path;
    }
    while (first.size() > 1 && first.back() == '/') first.pop_back();
    std::string name = first.substr(first.find_last_of('/') + 1);
    why = name.empty() ? "that" : name;
    why += elsewhere ? " is not on this machine: save it, then drop the file"
                     : std::string(" is no model: drop a file that ends in ") + MODEL_SUFFIX;
    return "";
}
