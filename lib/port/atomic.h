/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Atomic operations: the only place that names libatomic_ops. The memory order is part of each name;
 * an operation without one does not exist. One machine word (fr_atomic) and one unsigned int
 * (fr_atomic_u32, for the system's futex) are all that the library needs: no double-word operation,
 * which several supported machines lack.
 */
#ifndef FR_PORT_ATOMIC_H
#define FR_PORT_ATOMIC_H

/* Thread sanitizer and old compilers: libatomic_ops picks its own implementation. */
#include <atomic_ops.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    AO_t v;
} fr_atomic;

typedef struct {
    unsigned v;
} fr_atomic_u32;

/* Bits of one word. */
#define FR_WORD_BITS (sizeof(AO_t) * CHAR_BIT)

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

/* Compare and swap: returns non-zero when *a was `expected` and is now `value`. */
static inline int fr_cas_relaxed(fr_atomic *a, size_t expected, size_t value)
{
    return AO_compare_and_swap(&a->v, expected, value);
}

static inline int fr_cas_acquire(fr_atomic *a, size_t expected, size_t value)
{
    return AO_compare_and_swap_acquire(&a->v, expected, value);
}

static inline int fr_cas_release(fr_atomic *a, size_t expected, size_t value)
{
    return AO_compare_and_swap_release(&a->v, expected, value);
}

static inline int fr_cas_full(fr_atomic *a, size_t expected, size_t value)
{
    return AO_compare_and_swap_full(&a->v, expected, value);
}

/* Adds (modulo the word) and returns the value before. */
static inline size_t fr_fetch_add_relaxed(fr_atomic *a, size_t n)
{
    return AO_fetch_and_add(&a->v, n);
}

static inline size_t fr_fetch_add_acquire(fr_atomic *a, size_t n)
{
    return AO_fetch_and_add_acquire(&a->v, n);
}

static inline size_t fr_fetch_sub_relaxed(fr_atomic *a, size_t n)
{
    return AO_fetch_and_add(&a->v, (size_t)0 - n);
}

static inline size_t fr_fetch_sub_release(fr_atomic *a, size_t n)
{
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

static inline void fr_store_u32_relaxed(fr_atomic_u32 *a, unsigned value)
{
    AO_int_store(&a->v, value);
}

static inline int fr_cas_u32_acquire(fr_atomic_u32 *a, unsigned expected, unsigned value)
{
    return AO_int_compare_and_swap_acquire(&a->v, expected, value);
}

static inline int fr_cas_u32_release(fr_atomic_u32 *a, unsigned expected, unsigned value)
{
    return AO_int_compare_and_swap_release(&a->v, expected, value);
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
