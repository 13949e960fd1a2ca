/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Atomic operations: the only place that names libatomic_ops. The memory order is part of each
 * name; an operation without one does not exist. One machine word (fr_atomic) and one unsigned int
 * (fr_atomic_u32, for the system's futex) are all that the library needs: no double-word
 * operation, which several supported machines lack.
 */
#ifndef FR_PORT_ATOMIC_H
#define FR_PORT_ATOMIC_H

/* Thread sanitizer and old compilers: libatomic_ops picks its own implementation. */
#include <atomic_ops.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "port/system.h"

#include <frusa-inline.h>

/*
 * A process with one thread needs no locked instructions: glibc (2.32 and later) tells when that
 * is so, and says otherwise before the second thread starts. Its own malloc and libstdc++ rely on
 * it in the same way. No operation of this library is under way then, as there is nobody else to
 * be in one.
 */
#if FR_HOSTED && defined(__has_include)
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#define FR_ALONE() (__libc_single_threaded != 0)
#endif
#endif
#if !defined(FR_ALONE)
#define FR_ALONE() 0
#endif

/* The type of the words that inline paths in programs share with the library. */
typedef struct frusa_inline_word_ fr_atomic;

typedef struct {
    unsigned v;
} fr_atomic_u32;

_Static_assert(sizeof(AO_t) == sizeof(size_t), "an atomic word is a word");

static inline size_t fr_load_relaxed(const fr_atomic *a)
{
    return AO_load(&a->v);
}

static inline size_t fr_load_acquire(const fr_atomic *a)
{
    return AO_load_acquire(&a->v);
}

static inline void fr_store_relaxed(fr_atomic *a, size_t value)
{
    AO_store(&a->v, value);
}

static inline void fr_store_release(fr_atomic *a, size_t value)
{
    AO_store_release(&a->v, value);
}

/* Alone: the same without a locked instruction. */
static inline int fr_cas_alone(fr_atomic *a, size_t expected, size_t value)
{
    if (AO_load(&a->v) != expected)
        return 0;
    AO_store(&a->v, value);
    return 1;
}

static inline size_t fr_fetch_add_alone(fr_atomic *a, size_t n)
{
    size_t old = AO_load(&a->v);
    AO_store(&a->v, old + n);
    return old;
}

/* Compare and swap: returns non-zero when *a was `expected` and is now `value`. */
static inline int fr_cas_relaxed(fr_atomic *a, size_t expected, size_t value)
{
    if (FR_ALONE())
        return fr_cas_alone(a, expected, value);
    return AO_compare_and_swap(&a->v, expected, value);
}

static inline int fr_cas_acquire(fr_atomic *a, size_t expected, size_t value)
{
    if (FR_ALONE())
        return fr_cas_alone(a, expected, value);
    return AO_compare_and_swap_acquire(&a->v, expected, value);
}

static inline int fr_cas_release(fr_atomic *a, size_t expected, size_t value)
{
    if (FR_ALONE())
        return fr_cas_alone(a, expected, value);
    return AO_compare_and_swap_release(&a->v, expected, value);
}

static inline int fr_cas_full(fr_atomic *a, size_t expected, size_t value)
{
    if (FR_ALONE())
        return fr_cas_alone(a, expected, value);
    return AO_compare_and_swap_full(&a->v, expected, value);
}

/* Adds (modulo the word) and returns the value before. */
static inline size_t fr_fetch_add_relaxed(fr_atomic *a, size_t n)
{
    if (FR_ALONE())
        return fr_fetch_add_alone(a, n);
    return AO_fetch_and_add(&a->v, n);
}

static inline size_t fr_fetch_add_acquire(fr_atomic *a, size_t n)
{
    if (FR_ALONE())
        return fr_fetch_add_alone(a, n);
    return AO_fetch_and_add_acquire(&a->v, n);
}

static inline size_t fr_fetch_sub_relaxed(fr_atomic *a, size_t n)
{
    return fr_fetch_add_relaxed(a, (size_t)0 - n);
}

static inline size_t fr_fetch_sub_release(fr_atomic *a, size_t n)
{
    if (FR_ALONE())
        return fr_fetch_add_alone(a, (size_t)0 - n);
    return AO_fetch_and_add_release(&a->v, (size_t)0 - n);
}

/* Raises *a to at least `value`; returns the value before. */
static inline size_t fr_fetch_max_relaxed(fr_atomic *a, size_t value)
{
    size_t old = fr_load_relaxed(a);
    while (old < value && !fr_cas_relaxed(a, old, value))
        old = fr_load_relaxed(a);
    return old;
}

/* Pointers in an fr_atomic. */
static inline void *fr_load_ptr_relaxed(const fr_atomic *a)
{
    return (void *)(uintptr_t)fr_load_relaxed(a);
}

static inline void *fr_load_ptr_acquire(const fr_atomic *a)
{
    return (void *)(uintptr_t)fr_load_acquire(a);
}

static inline void fr_store_ptr_relaxed(fr_atomic *a, const void *p)
{
    fr_store_relaxed(a, (size_t)(uintptr_t)p);
}

static inline void fr_store_ptr_release(fr_atomic *a, const void *p)
{
    fr_store_release(a, (size_t)(uintptr_t)p);
}

static inline unsigned fr_load_u32_relaxed(const fr_atomic_u32 *a)
{
    return AO_int_load(&a->v);
}

static inline unsigned fr_load_u32_acquire(const fr_atomic_u32 *a)
{
    return AO_int_load_acquire(&a->v);
}

static inline void fr_store_u32_relaxed(fr_atomic_u32 *a, unsigned value)
{
    AO_int_store(&a->v, value);
}

static inline void fr_store_u32_release(fr_atomic_u32 *a, unsigned value)
{
    AO_int_store_release(&a->v, value);
}

static inline int fr_cas_u32_alone(fr_atomic_u32 *a, unsigned expected, unsigned value)
{
    if (AO_int_load(&a->v) != expected)
        return 0;
    AO_int_store(&a->v, value);
    return 1;
}

static inline int fr_cas_u32_acquire(fr_atomic_u32 *a, unsigned expected, unsigned value)
{
    if (FR_ALONE())
        return fr_cas_u32_alone(a, expected, value);
    return AO_int_compare_and_swap_acquire(&a->v, expected, value);
}

static inline int fr_cas_u32_release(fr_atomic_u32 *a, unsigned expected, unsigned value)
{
    if (FR_ALONE())
        return fr_cas_u32_alone(a, expected, value);
    return AO_int_compare_and_swap_release(&a->v, expected, value);
}

/* Acquires, and orders what it wrote before every later load. (x86: every compare-and-swap
 * does.) */
static inline int fr_cas_u32_fenced(fr_atomic_u32 *a, unsigned expected, unsigned value)
{
    if (FR_ALONE())
        return fr_cas_u32_alone(a, expected, value);
    int done = AO_int_compare_and_swap_acquire(&a->v, expected, value);
#if !defined(__x86_64__) && !defined(__i386__)
    AO_nop_full();
#endif
    return done;
}

/* Orders the compiler only. */
static inline void fr_compiler_barrier(void)
{
    AO_compiler_barrier();
}

/* Orders everything before it against everything after it. */
static inline void fr_fence_full(void)
{
    AO_nop_full();
}

#endif /* FR_PORT_ATOMIC_H */
