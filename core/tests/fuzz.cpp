// Opens files that may hold anything, and plays what opens. docs/reference/core.md says how to run it for
// long.
//
//     clang++ -fsanitize=fuzzer,address,undefined -DLIBFUZZER …    libFuzzer, with a mutator that knows the
//     format driver --replay FILE...                                      linked into core/tests/driver.cpp:
//     what was found stays mended
#include <melisma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void want(bool good, const char* what) {
    if (good) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static bool finite(const float* x, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (!(x[i] - x[i] == 0)) return false;
    return true;
}

static void play(melisma_model* model, int rate) {
    char error[300];
    melisma_info info;
    melisma_describe(model, &info, sizeof info);
    melisma_stream* stream = melisma_stream_new(model, rate, error, sizeof error);
    want(stream || error[0], "a stream refused without a reason");
    if (!stream) return;
    want(melisma_latency(stream) >= 0, "a latency below zero");
    constexpr int N = 700, MOST = 50;  // frames of N samples: hops are 16 samples at least
    float sound[N], out[N];
    for (int i = 0; i < N; i++) sound[i] = static_cast<float>(i % 37) / 37.0f;
    for (int at = 0, n = 1; at < N; at += n, n = n * 3 % 251 < N - at ? n * 3 % 251 : N - at)
        melisma_process(stream, sound + at, out + at, n);
    want(finite(out, N), "a sound that is no number");
    if (melisma_parameter_count(model) > 0) melisma_set(stream, 0, 0.5f);
    size_t latents = static_cast<size_t>(info.latents), hop = static_cast<size_t>(info.hop);
    float* path = static_cast<float*>(calloc(MOST * latents, sizeof(float)));
    float* back = static_cast<float*>(calloc(2 * hop, sizeof(float)));
    float loudness[MOST];
    if (path && back) {
        melisma_reset(stream);
        int64_t frames = melisma_encode(stream, sound, N, path, loudness);
        want(frames >= 0 && frames <= N / info.hop + 1, "a wrong number of frames");
        want(finite(loudness, frames), "a loudness that is no number");
        melisma_reset(stream);
        melisma_decode(stream, path, loudness, frames < 2 ? frames : 2, back);
        want(finite(back, 2 * info.hop), "a decoded sound that is no number");
    }
    free(path);
    free(back);
    melisma_stream_free(stream);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    char error[300] = "";
    melisma_model* model = melisma_open_memory(data, size, nullptr, error, sizeof error);
    if (!model) {
        want(error[0], "a refusal without a reason");
        return 0;
    }
    play(model, 0);
    if (size % 4 == 0) play(model, 48000);
    melisma_close(model);
    return 0;
}

#ifdef LIBFUZZER
// A file is 8 bytes of length, a JSON header of that length, and a body: kept so, while the parts change.
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);

static uint32_t state;
static uint32_t next(size_t below) {
    state = state * 1664525u + 1013904223u;
    return below ? static_cast<uint32_t>((state >> 8) % below) : 0;
}

// text[0 … length) → with `cut` bytes from `at` on replaced; its new length, or the old where there is no
// room
static size_t replace(uint8_t* text, size_t length, size_t most, size_t at, size_t cut, const char* by) {
    size_t put = strlen(by);
    if (length - cut + put > most) return length;
    memmove(text + at + put, text + at + cut, length - at - cut);
    memcpy(text + at, by, put);
    return length - cut + put;
}

// A number becomes its neighbour or an absurd one; or a value of another kind is put in its place.
static size_t change_number(uint8_t* text, size_t length, size_t most) {
    size_t at = next(length);
    while (at < length && (text[at] < '0' || text[at] > '9')) at++;
    size_t end = at;
    while (end < length && text[end] >= '0' && text[end] <= '9') end++;
    if (at == length) return length;
    const char* absurd[] = {
        "0",  "-1",   "1e300",      "4294967296", "9223372036854775807", "18446744073709551616", "1.5",
        "[]", "null", "2147483648", "8192",       "[1, 2, 3, 4, 5]"};
    char text_of_number[32];
    double value = atof(reinterpret_cast<char*>(text + at));
    double changed = next(3) == 0 ? value * 2 : next(2) ? value + 1 : value - 1;
    snprintf(text_of_number, sizeof text_of_number, "%.17g", changed);
    return replace(text, length, most, at, end - at, next(2) ? text_of_number : absurd[next(12)]);
}

// A piece of the header is left out, said twice, or moved over another.
static size_t change_piece(uint8_t* text, size_t length, size_t most) {
    size_t at = next(length), size = 1 + next(length - at < 60 ? length - at : 60);
    char piece[64] = "";
    if (at + size > length) return length;
    memcpy(piece, text + at, size);
    piece[size] = 0;
    switch (next(3)) {
        case 0:
            return replace(text, length, most, at, size, "");
        case 1:
            return replace(text, length, most, at, 0, piece);
        default: {
            size_t to = next(length);
            return replace(text, length, most, to, size < length - to ? size : length - to, piece);
        }
    }
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
    state = seed;
    uint64_t length = 0;
    if (size > 8) memcpy(&length, data, 8);
    if (length == 0 || length > size - 8 || next(8) == 0) return LLVMFuzzerMutate(data, size, most);
    uint8_t* body = data + 8 + length;
    size_t rest = size - 8 - length, room = most - 8 - rest;
    if (next(8) == 0 && rest) return 8 + length + LLVMFuzzerMutate(body, rest, rest);
    // the body is put aside while the header changes its length
    uint8_t* kept = static_cast<uint8_t*>(malloc(rest + 1));
    if (!kept) return size;
    memcpy(kept, body, rest);
    size_t now = length;
    for (uint32_t n = 1 + next(3); n > 0 && now > 0; n--) switch (next(4)) {
            case 0:
                now = LLVMFuzzerMutate(data + 8, now, room);
                break;
            case 1:
                now = change_piece(data + 8, now, room);
                break;
            default:
                now = change_number(data + 8, now, room);
        }
    length = now;
    memcpy(data, &length, 8);
    memcpy(data + 8 + now, kept, rest);
    free(kept);
    return 8 + now + rest;
}
#endif
