// Memory in one piece: planned first, taken once, then carved.
//
// A stream (or a model's packed weights) is laid out twice by the same code: once over nothing, to learn the
// size, and once over the real block. So everything is allocated together, fails together, and is cleared by
// one memset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace melisma {

constexpr size_t ALIGNMENT = 64;  // bytes: a cache line, and the widest vector
// What is large lies in whole pages of this size if the system can, a model's weights and a stream's state:
// where other work has emptied the caches, the places of a few pages are soon found, those of a thousand are
// not.
#if defined(__linux__)
constexpr size_t HUGE_PAGE = 2 << 20, LARGE = HUGE_PAGE / 8;
#endif

class Arena {
  public:
    explicit Arena(char* base = nullptr) : base_(base) {}

    // Room for n objects, aligned; null while planning.
    template <class T>
    T* take(size_t n) {
        used_ = (used_ + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        T* place = base_ ? reinterpret_cast<T*>(base_ + used_) : nullptr;
        used_ += n * sizeof(T);
        return place;
    }

    bool planning() const { return base_ == nullptr; }
    size_t used() const { return used_; }

  private:
    char* base_;
    size_t used_ = 0;
};

// A cleared, aligned block; null if there is no memory.
class Block {
  public:
    Block() = default;
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
    ~Block() { std::free(raw_); }

    bool allocate(size_t size) {
        size_t alignment = ALIGNMENT, room = size;
#if defined(__linux__)
        if (size >= LARGE) {
            alignment = HUGE_PAGE;
            room = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
        }
#endif
        raw_ = std::malloc(room + alignment);
        if (!raw_) return false;
        size_ = size;
        base_ = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(raw_) + alignment - 1) / alignment *
                                        alignment);
#if defined(__linux__)
        if (alignment == HUGE_PAGE) madvise(base_, room, MADV_HUGEPAGE);  // a wish
#endif
        clear();
        return true;
    }

    void clear() { std::memset(base_, 0, size_); }
    char* base() const { return base_; }
    size_t size() const { return size_; }

  private:
    void* raw_ = nullptr;
    char* base_ = nullptr;
    size_t size_ = 0;
};

}  // namespace melisma
