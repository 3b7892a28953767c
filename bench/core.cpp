// What a stream's calls take on this machine, beside what the machine can do: compiled and read by
// bench/core.py.
//
//     core MODEL SECONDS KERNELS RATE BLOCK...      one JSON object; KERNELS may be "best"
#include <melisma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <vector>

static double now() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

static void sleep_until(double when) {
    double seconds = std::floor(when);
    timespec t;
    t.tv_sec = static_cast<time_t>(seconds);
    t.tv_nsec = static_cast<long>((when - seconds) * 1e9);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr);
}

template <class F>
static double least(int times, F&& f) {
    double best = 1e9;
    for (int i = 0; i < times; i++) {
        double start = now();
        f();
        best = std::min(best, now() - start);
    }
    return best;
}

// ---- the machine's own limits

// Twelve independent chains of fused multiply-adds in registers: nothing else is in the units' way. They are
// twelve variables, and the instruction is written out: an array would be kept on the stack by some
// compilers, and none may fuse by itself.
#define CHAINS(NAME, BYTES, FUSED, ATTRIBUTES)                                                        \
    ATTRIBUTES static float NAME(long rounds) {                                                       \
        typedef float V __attribute__((vector_size(BYTES)));                                          \
        V m = V{} + 1.000001f, n = V{} + 1e-9f;                                                       \
        V a = m, b = m, c = m, d = m, e = m, f = m, g = m, h = m, i = m, j = m, k = m, l = m;         \
        for (long r = 0; r < rounds; r++) {                                                           \
            FUSED(a)                                                                                  \
            FUSED(b)                                                                                  \
            FUSED(c) FUSED(d) FUSED(e) FUSED(f) FUSED(g) FUSED(h) FUSED(i) FUSED(j) FUSED(k) FUSED(l) \
        }                                                                                             \
        return (a + b + c + d + e + f + g + h + i + j + k + l)[0];                                    \
    }

#if defined(__x86_64__)
#define FUSED_X86(s) __asm__ volatile("vfmadd213ps %2, %1, %0" : "+v"(s) : "v"(m), "v"(n));
#define PLAIN_X86(s) __asm__ volatile("mulps %1, %0\n\taddps %2, %0" : "+x"(s) : "x"(m), "x"(n));
CHAINS(chains_avx512, 64, FUSED_X86, __attribute__((target("avx512f"), noinline)))
CHAINS(chains_avx2, 32, FUSED_X86, __attribute__((target("avx2,fma"), noinline)))
CHAINS(chains_plain, 16, PLAIN_X86, __attribute__((noinline)))
#elif defined(__aarch64__)
#define FUSED_ARM(s) __asm__ volatile("fmla %0.4s, %0.4s, %1.4s" : "+w"(s) : "w"(n));
CHAINS(chains_plain, 16, FUSED_ARM, __attribute__((noinline)))
#else
#define NOT_FUSED(s) s = s * m + n;
CHAINS(chains_plain, 16, NOT_FUSED, __attribute__((noinline)))
#endif

// The same for products of pairs of 16 bits, which weights in 8 bits are multiplied by.
#define COUNTS(NAME, BYTES, PAIRS, ATTRIBUTES)                                                        \
    ATTRIBUTES static float NAME(long rounds) {                                                       \
        typedef int V __attribute__((vector_size(BYTES)));                                            \
        V m = V{} + 65537, t = m;                                                                     \
        V a = m, b = m, c = m, d = m, e = m, f = m, g = m, h = m, i = m, j = m, k = m, l = m;         \
        for (long r = 0; r < rounds; r++) {                                                           \
            PAIRS(a)                                                                                  \
            PAIRS(b)                                                                                  \
            PAIRS(c) PAIRS(d) PAIRS(e) PAIRS(f) PAIRS(g) PAIRS(h) PAIRS(i) PAIRS(j) PAIRS(k) PAIRS(l) \
        }                                                                                             \
        return static_cast<float>((a + b + c + d + e + f + g + h + i + j + k + l + t)[0]);            \
    }

#if defined(__x86_64__)
#define VNNI_X86(s) __asm__ volatile("vpdpwssd %1, %1, %0" : "+v"(s) : "v"(m));
#define WIDE_X86(s) __asm__ volatile("vpmaddwd %2, %2, %1\n\tvpaddd %1, %0, %0" : "+v"(s), "+v"(t) : "v"(m));
#define PAIR_X86(s) \
    __asm__ volatile("movdqa %2, %1\n\tpmaddwd %2, %1\n\tpaddd %1, %0" : "+x"(s), "+x"(t) : "x"(m));
COUNTS(counts_vnni, 64, VNNI_X86, __attribute__((target("avx512f,avx512vnni"), noinline)))
COUNTS(counts_avx512, 64, WIDE_X86, __attribute__((target("avx512f,avx512bw"), noinline)))
COUNTS(counts_avx2, 32, WIDE_X86, __attribute__((target("avx2"), noinline)))
COUNTS(counts_plain, 16, PAIR_X86, __attribute__((noinline)))
#elif defined(__aarch64__)
#define PAIR_ARM(s)                                                                                     \
    __asm__ volatile("smull %1.4s, %2.4h, %2.4h\n\taddp %1.4s, %1.4s, %1.4s\n\tadd %0.4s, %0.4s, %1.4s" \
                     : "+w"(s), "+w"(t)                                                                 \
                     : "w"(m));
COUNTS(counts_plain, 16, PAIR_ARM, __attribute__((noinline)))
#else
#define PAIR(s) s += m * m;
COUNTS(counts_plain, 16, PAIR, __attribute__((noinline)))
#endif

static volatile float sink;

static double gigaflops([[maybe_unused]] const char* kernels) {
    constexpr long ROUNDS = 200000;
    float (*chains)(long) = chains_plain;
    int lanes = 4;
#if defined(__x86_64__)
    if (!strncmp(kernels, "avx512", 6)) chains = chains_avx512, lanes = 16;
    if (!strcmp(kernels, "avx2")) chains = chains_avx2, lanes = 8;
#endif
    double seconds = least(40, [&] { sink = chains(ROUNDS); });
    return 2.0 * 12 * lanes * ROUNDS / seconds / 1e9;
}

// Multiplications and additions of pairs of 16 bits, in thousand millions a second.
static double gigapairs([[maybe_unused]] const char* kernels) {
    constexpr long ROUNDS = 200000;
    float (*counts)(long) = counts_plain;
    int lanes = 4;
#if defined(__x86_64__)
    if (!strcmp(kernels, "avx512vnni")) counts = counts_vnni, lanes = 16;
    if (!strcmp(kernels, "avx512")) counts = counts_avx512, lanes = 16;
    if (!strcmp(kernels, "avx2")) counts = counts_avx2, lanes = 8;
#endif
    double seconds = least(40, [&] { sink = counts(ROUNDS); });
    return 4.0 * 12 * lanes * ROUNDS / seconds / 1e9;
}

static uint64_t read_all(const uint64_t* data, size_t bytes) {
    uint64_t sums[8] = {};
    for (size_t i = 0; i + 8 <= bytes / 8; i += 8)
        for (int k = 0; k < 8; k++) sums[k] += data[i + static_cast<size_t>(k)];
    return sums[0] ^ sums[1] ^ sums[2] ^ sums[3] ^ sums[4] ^ sums[5] ^ sums[6] ^ sums[7];
}

static double gigabytes(size_t bytes, int times) {
    std::vector<uint64_t> data(bytes / 8, 1);
    return static_cast<double>(bytes) /
           least(times, [&] { sink = static_cast<float>(read_all(data.data(), bytes)); }) / 1e9;
}

// ---- calls

// hot: call after call. paced: one each block's period, as a host makes them. cold: paced, and other work has
// just emptied the caches (it reads 48 MB). → microseconds of each call
static std::vector<double> calls(melisma_stream* stream, int block, double period, double seconds,
                                 const char* how) {
    static std::vector<uint64_t> other(6 << 20, 1);
    std::vector<float> in(static_cast<size_t>(block)), out(in.size());
    int count = std::max(200, static_cast<int>(seconds / period)), drop = count / 10;
    std::vector<double> times;
    bool paced = strcmp(how, "hot"), cold = !strcmp(how, "cold");
    double next = now(), phase = 0;
    for (int i = 0; i < count; i++) {
        for (float& v : in)
            v = 0.2f * static_cast<float>(std::sin(phase += 0.05 + 0.04 * std::sin(i * 0.01)));
        if (paced) {
            if (cold) sink = static_cast<float>(read_all(other.data(), other.size() * 8));
            next = std::max(next + period, now());
            sleep_until(next);
        }
        double start = now();
        melisma_process(stream, in.data(), out.data(), block);
        double taken = now() - start;
        if (i >= drop) times.push_back(1e6 * taken);
    }
    return times;
}

static void report(std::vector<double> times, double period) {
    std::sort(times.begin(), times.end());
    double total = 0;
    for (double t : times) total += t;
    auto at = [&](double share) {
        return times[static_cast<size_t>(share * static_cast<double>(times.size() - 1))];
    };
    printf(
        "{\"percent_of_core\": %.3f, \"microseconds\": {\"p50\": %.1f, \"p99\": %.1f, \"p99.9\": %.1f, "
        "\"max\": %.1f}, "
        "\"p99.9_percent_of_period\": %.2f}",
        100 * total / static_cast<double>(times.size()) / (1e6 * period), at(0.5), at(0.99), at(0.999),
        times.back(), 100 * at(0.999) / (1e6 * period));
}

// Eight streams that a host runs one after the other in each period of 512 samples, of one model or of eight.
// → percent of a core for one
static double eight(const char* path, const char* wish, bool of_one, double seconds) {
    constexpr int STREAMS = 8, BLOCK = 512;
    melisma_model* models[STREAMS] = {};
    melisma_stream* streams[STREAMS] = {};
    char error[600];
    for (int i = 0; i < STREAMS; i++) {
        models[i] = of_one && i ? models[0] : melisma_open(path, wish, error, sizeof error);
        streams[i] = melisma_stream_new(models[i], 0, error, sizeof error);
    }
    melisma_info info;
    melisma_describe(models[0], &info, sizeof info);
    std::vector<float> in(BLOCK), out(BLOCK);
    double period = static_cast<double>(BLOCK) / info.sample_rate, taken = 0, next = now(), phase = 0;
    int count = std::max(50, static_cast<int>(seconds / period));
    for (int i = 0; i < count; i++) {
        for (float& v : in)
            v = 0.2f * static_cast<float>(std::sin(phase += 0.05 + 0.04 * std::sin(i * 0.01)));
        next = std::max(next + period, now());
        sleep_until(next);
        double start = now();
        for (melisma_stream* stream : streams) melisma_process(stream, in.data(), out.data(), BLOCK);
        taken += now() - start;
    }
    for (int i = 0; i < STREAMS; i++) {
        melisma_stream_free(streams[i]);
        if (!of_one || !i) melisma_close(models[i]);
    }
    return 100 * taken / count / period / STREAMS;
}

int main(int count, char** words) {
    if (count < 6) return fprintf(stderr, "core MODEL SECONDS KERNELS RATE BLOCK...\n"), 2;
    char error[600];
    const char* wish = strcmp(words[3], "best") ? words[3] : nullptr;
    double seconds = atof(words[2]);
    melisma_model* model = melisma_open(words[1], wish, error, sizeof error);
    if (!model) return fprintf(stderr, "%s\n", error), 1;
    melisma_info info;
    melisma_describe(model, &info, sizeof info);
    int rate = atoi(words[4]) ? atoi(words[4]) : info.sample_rate;
    melisma_stream* stream = melisma_stream_new(model, rate, error, sizeof error);
    if (!stream) return fprintf(stderr, "%s\n", error), 1;

    std::vector<float> whole(static_cast<size_t>(rate) * 10), made(whole.size());
    for (size_t i = 0; i < whole.size(); i++)
        whole[i] = 0.2f * static_cast<float>(std::sin(0.05 * static_cast<double>(i)));
    double file = least(
        3, [&] { melisma_process(stream, whole.data(), made.data(), static_cast<int64_t>(whole.size())); });
    printf(
        "{\"kernels\": \"%s\", \"rate\": %d, \"latency\": %d, \"weight_bytes\": %lld, "
        "\"whole_files_times_real_time\": %.1f, "
        "\"peak_gflops\": %.1f, \"peak_gigapairs\": %.1f, \"memory_gb_per_s\": %.1f, "
        "\"weights_in_cache_gb_per_s\": %.1f, \"blocks\": {",
        info.kernels, rate, melisma_latency(stream), static_cast<long long>(info.weight_bytes), 10 / file,
        gigaflops(info.kernels), gigapairs(info.kernels), gigabytes(256 << 20, 4),
        gigabytes(static_cast<size_t>(info.weight_bytes), 200));
    for (int b = 5; b < count; b++) {
        int block = atoi(words[b]);
        if (block < 1) return fprintf(stderr, "a block of %s samples\n", words[b]), 2;
        double period = static_cast<double>(block) / rate;
        printf("%s\"%d\": {", b > 5 ? ", " : "", block);
        for (const char* how : {"hot", "paced", "cold"}) {
            melisma_reset(stream);
            printf("%s\"%s\": ", strcmp(how, "hot") ? ", " : "", how);
            report(calls(stream, block, period, seconds, how), period);
        }
        printf("}");
    }
    printf("}, \"eight_paced_percent_of_core_each\": {\"of_one_model\": %.3f, \"of_eight\": %.3f}}\n",
           eight(words[1], wish, true, seconds), eight(words[1], wish, false, seconds));
    melisma_stream_free(stream);
    melisma_close(model);
    return 0;
}
