/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What differs between compilers, and bit operations on words.
 */
#ifndef FR_PORT_COMPILER_H
#define FR_PORT_COMPILER_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define FR_LIKELY(x)   __builtin_expect(!!(x), 1)
#define FR_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define FR_NOINLINE    __attribute__((noinline))
#define FR_COLD        __attribute__((noinline, cold))
#define FR_INLINE      static inline __attribute__((always_inline))
#define FR_EXPORT      __attribute__((visibility("default")))
#define FR_NORETURN    __attribute__((noreturn))
/* Of functions of a few dozen instructions that programs call all the time: where in a line of the
 * instruction cache they begin decides about one cycle in twenty of a pair. */
#define FR_HOT __attribute__((aligned(64)))
/* Run when the library is loaded; and when it goes, after all that its users left for then. */
#define FR_CONSTRUCTOR __attribute__((constructor))
#define FR_DESTRUCTOR  __attribute__((destructor(101)))
/* Another exported name of an exported function of the same file. gcc wants its attributes
 * repeated. */
#if defined(__has_attribute) && __has_attribute(copy)
#define FR_ALIAS_OF(function) FR_EXPORT __attribute__((alias(#function), copy(function)))
#else
#define FR_ALIAS_OF(function) FR_EXPORT __attribute__((alias(#function)))
#endif
#else
#error "this compiler is not supported yet: define these macros for it (see doc/PORTING)"
#endif

#define FR_CACHE_LINE 64

/* Bits of one word. */
#define FR_WORD_BITS (sizeof(size_t) * CHAR_BIT)

/* The structure that holds `member` at address `ptr`. */
#define FR_CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline unsigned fr_popcount(size_t x)
{
    /* By adjacent sums (H. S. Warren, Hacker's Delight, 5-1): the builtin is a call of the
     * compiler's own library where the machine has no instruction for it. */
    uint64_t v = x;
    v -= v >> 1 & 0x5555555555555555u;
    v = (v & 0x3333333333333333u) + (v >> 2 & 0x3333333333333333u);
    v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (unsigned)(v * 0x0101010101010101u >> 56);
}

/*
 * The index of the lowest, and of the highest, set bit; `x` must not be 0. Where the machine has
 * no instructions for them the builtins are calls of the compiler's own library, which
 * freestanding programs need not have: there, by counting the bits below.
 */
#if defined(__riscv) && !defined(__riscv_zbb)
static inline unsigned fr_ctz(size_t x)
{
    return fr_popcount((x & (0 - x)) - 1);
}

static inline unsigned fr_log2_floor(size_t x)
{
    for (unsigned shift = 1; shift < sizeof(x) * CHAR_BIT; shift *= 2)
        x |= x >> shift;
    return fr_popcount(x) - 1;
}
#else
static inline unsigned fr_ctz(size_t x)
{
    return (unsigned)(sizeof(x) == sizeof(long) ? __builtin_ctzl(x) : __builtin_ctzll(x));
}

static inline unsigned fr_log2_floor(size_t x)
{
    if (sizeof(x) == sizeof(long))
        return (unsigned)(sizeof(x) * CHAR_BIT - 1) - (unsigned)__builtin_clzl(x);
    return (unsigned)(sizeof(unsigned long long) * CHAR_BIT - 1) - (unsigned)__builtin_clzll(x);
}
#endif

/* *product = a * b; non-zero when that overflows. */
static inline int fr_multiply(size_t a, size_t b, size_t *product)
{
    return __builtin_mul_overflow(a, b, product);
}

/* Multiples of `align`, a power of two. */
static inline size_t fr_align_down(size_t x, size_t align)
{
    return x & ~(align - 1);
}

/* Wraps to a small value when there is no such multiple: callers check the range first. */
static inline size_t fr_align_up(size_t x, size_t align)
{
    return (x + align - 1) & ~(align - 1);
}

static inline int fr_is_aligned(const void *p, size_t align)
{
    return ((uintptr_t)p & (align - 1)) == 0;
}

#endif /* FR_PORT_COMPILER_H */
