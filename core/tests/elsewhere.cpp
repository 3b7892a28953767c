// The core's short proof on a machine that Python need not run on, under an emulator say: the golden pair at
// once and in blocks, and files damaged at random. Prints one JSON line.
//
//     elsewhere MODEL KERNELS OUT.f32
#include <melisma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static float sound[1 << 16], whole[1 << 16], cut[1 << 16];

int main(int count, char** words) {
    if (count != 4) return fprintf(stderr, "elsewhere MODEL KERNELS OUT.f32\n"), 2;
    char error[600];
    FILE* file = fopen(words[1], "rb");
    if (!file) return fprintf(stderr, "%s cannot be read\n", words[1]), 1;
    fseek(file, 0, SEEK_END);
    size_t size = static_cast<size_t>(ftell(file));
    rewind(file);
    unsigned char* data = static_cast<unsigned char*>(malloc(size));
    unsigned char* damaged = static_cast<unsigned char*>(malloc(size));
    if (fread(data, 1, size, file) != size) return fprintf(stderr, "%s cannot be read\n", words[1]), 1;
    fclose(file);

    melisma_model* model = melisma_open_memory(data, size, words[2], error, sizeof error);
    if (!model) return fprintf(stderr, "%s\n", error), 1;
    melisma_info info;
    melisma_describe(model, &info, sizeof info);
    melisma_stream* stream = melisma_stream_new(model, 0, error, sizeof error);
    if (!stream) return fprintf(stderr, "%s\n", error), 1;
    int64_t n = info.golden_samples;
    if (n + info.hop > (1 << 16)) return fprintf(stderr, "too long a golden pair\n"), 1;
    memcpy(sound, info.golden_input, static_cast<size_t>(n) * sizeof(float));
    n += info.hop;  // a stream holds one hop more
    melisma_process(stream, sound, whole, n);
    FILE* out = fopen(words[3], "wb");
    if (!out || fwrite(whole, sizeof(float), static_cast<size_t>(n), out) != static_cast<size_t>(n) ||
        fclose(out))
        return fprintf(stderr, "%s cannot be written\n", words[3]), 1;
    int splits = 0;
    const int64_t sizes[] = {64, 700};
    for (int64_t block : sizes) {
        melisma_reset(stream);
        for (int64_t at = 0; at < n; at += block)
            melisma_process(stream, sound + at, cut + at, n - at < block ? n - at : block);
        splits += memcmp(whole, cut, static_cast<size_t>(n) * sizeof(float)) == 0;
    }
    melisma_stream_free(stream);
    melisma_close(model);

    uint32_t state = 1;
    int refused = 0, read = 0, silent = 0;
    for (int i = 0; i < 60; i++) {
        memcpy(damaged, data, size);
        size_t end = size;
        for (int k = 0; k < 1 + i % 4; k++) {  // the header above all
            state = state * 1664525u + 1013904223u;
            damaged[(state >> 8) % (i % 2 ? 4096u : static_cast<uint32_t>(size))] ^=
                static_cast<unsigned char>(1u << (state >> 29));
        }
        if (i % 5 == 0) end = (state >> 4) % size;
        error[0] = 0;
        model = melisma_open_memory(damaged, end, words[2], error, sizeof error);
        if (!model) {
            refused++;
            silent += strlen(error) < 10;
            continue;
        }
        read++;
        stream = melisma_stream_new(model, 0, error, sizeof error);
        if (stream) {
            melisma_process(stream, sound, cut, 1024);
            melisma_stream_free(stream);
        }
        melisma_close(model);
    }
    printf("{\"kernels\": \"%s\", \"splits\": %d, \"refused\": %d, \"read\": %d, \"silent\": %d}\n",
           info.kernels, splits, refused, read, silent);
    return 0;
}
