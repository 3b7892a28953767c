// Feeds files that may hold anything: libFuzzer's entry, and a main that mutates the files it is given where
// libFuzzer is not at hand.
//
//     fuzz SECONDS FILE...      with sanitizers; prints how many it tried
//     clang++ -fsanitize=fuzzer,address,undefined -DLIBFUZZER …
#include <melisma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static long opened = 0;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    char error[300];
    melisma_model* model = melisma_open_memory(data, size, nullptr, error, sizeof error);
    if (!model) {
        if (!error[0]) abort();  // a refusal without a reason
        return 0;
    }
    opened++;
    melisma_stream* stream = melisma_stream_new(model, 0, error, sizeof error);
    float sound[600];
    for (int i = 0; i < 600; i++) sound[i] = static_cast<float>(i % 37) / 37.0f;
    if (stream) melisma_process(stream, sound, sound, 600);
    for (float v : sound)
        if (!(v - v == 0)) abort();  // whatever the weights say, what is heard is a number
    melisma_stream_free(stream);
    melisma_close(model);
    return 0;
}

#ifndef LIBFUZZER
static uint32_t state = 12345;
static uint32_t next(uint32_t below) {
    state = state * 1664525u + 1013904223u;
    return static_cast<uint32_t>((static_cast<uint64_t>(state >> 4) * below) >> 28);
}

int main(int count, char** words) {
    if (count < 3) return 2;
    double seconds = atof(words[1]);
    const char* pieces[] = {"null", "-1",   "1e999", "99999999999", "0",    "[]",
                            "{}",   "\"\"", "true",  "\\ud800",     "[[[[", "4294967296"};
    long tried = 0;
    for (time_t start = time(nullptr); difftime(time(nullptr), start) < seconds;) {
        FILE* file = fopen(words[2 + next(static_cast<uint32_t>(count - 2))], "rb");
        if (!file) return 2;
        fseek(file, 0, SEEK_END);
        size_t size = static_cast<size_t>(ftell(file));
        rewind(file);
        uint8_t* original = static_cast<uint8_t*>(malloc(size + 1));
        if (fread(original, 1, size, file) != size) return 2;
        fclose(file);
        for (int round = 0; round < 200; round++, tried++) {
            size_t length = next(8) ? size : next(static_cast<uint32_t>(size + 1));
            uint8_t* data =
                static_cast<uint8_t*>(malloc(length + 1));  // exact, so that sanitizers see its end
            memcpy(data, original, length);
            // mostly in the headers, which come first
            uint32_t reach = static_cast<uint32_t>(next(3) ? (length < 6000 ? length : 6000) : length);
            for (uint32_t n = next(6); reach > 20 && n > 0; n--) {
                uint32_t at = next(reach);
                const char* piece = pieces[next(12)];
                switch (next(4)) {
                    case 0:
                        data[at] = static_cast<uint8_t>(next(256));
                        break;
                    case 1:
                        data[at] ^= static_cast<uint8_t>(1u << next(8));
                        break;
                    case 2:
                        data[at] = static_cast<uint8_t>('0' + next(10));
                        break;
                    default:
                        for (uint32_t i = 0; piece[i] && at + i < length; i++)
                            data[at + i] = static_cast<uint8_t>(piece[i]);
                }
            }
            uint8_t* exact = static_cast<uint8_t*>(malloc(length ? length : 1));
            memcpy(exact, data, length);
            LLVMFuzzerTestOneInput(exact, length);
            free(exact);
            free(data);
        }
        free(original);
    }
    printf("{\"tried\": %ld, \"opened\": %ld}\n", tried, opened);
    return 0;
}
#endif
