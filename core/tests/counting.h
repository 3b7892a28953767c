// Counts what must not happen in the audio thread, while `armed`.
#pragma once

#include <pthread.h>
#include <stddef.h>

#include <atomic>

static thread_local bool armed = false;
static std::atomic<long> allocations{0}, locks{0};

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTS 1
// glibc lets a program put its own in their place
extern "C" {
void* __libc_malloc(size_t);
void __libc_free(void*);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
static void count() {
    if (armed) allocations++;
}
void* malloc(size_t n) { return count(), __libc_malloc(n); }
void free(void* p) { count(), __libc_free(p); }
void* calloc(size_t a, size_t b) { return count(), __libc_calloc(a, b); }
void* realloc(void* p, size_t n) { return count(), __libc_realloc(p, n); }
void* memalign(size_t a, size_t n) { return count(), __libc_memalign(a, n); }
void* aligned_alloc(size_t a, size_t n) { return count(), __libc_memalign(a, n); }
int posix_memalign(void** p, size_t a, size_t n) { return count(), *p = __libc_memalign(a, n), 0; }
int __pthread_mutex_lock(pthread_mutex_t*) __attribute__((weak));
int pthread_mutex_lock(pthread_mutex_t*) {
    if (armed) locks++;
    return 0;  // this program has nothing to lock
}
int pthread_mutex_unlock(pthread_mutex_t*) { return 0; }
}
#else
#define COUNTS 0
#endif
