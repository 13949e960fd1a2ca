/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One thin interface over every allocator. A workload is written once, as always-inlined functions
 * that take the binding as a constant; BENCH_DISPATCH makes one copy of it for each binding, so
 * that the calls in the measured loops are direct and no test of the binding is left in them.
 */
#ifndef BENCH_BINDING_H
#define BENCH_BINDING_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <frusa-inline.h>
#include <frusa.h>

#include "nothing.h"

#define BENCH_INLINE static inline __attribute__((always_inline))

enum bench_binding {
    BENCH_EMPTY,                /* no allocator: the loop's own cost */
    BENCH_EMPTY_CALL,           /* no allocator behind two calls into a shared library */
    BENCH_FRUSA,                /* frusa_alloc, frusa_dealloc */
    BENCH_FRUSA_UNSIZED,        /* frusa_malloc, frusa_free */
    BENCH_FRUSA_CACHE,          /* frusa_cache_alloc, frusa_cache_dealloc */
    BENCH_FRUSA_INLINE,         /* frusa_inline_alloc, frusa_inline_dealloc */
    BENCH_FRUSA_INLINE_UNSIZED, /* frusa_inline_malloc, frusa_inline_free */
    BENCH_FRUSA_INLINE_CACHE,   /* frusa_inline_cache_alloc, frusa_inline_cache_dealloc */
    BENCH_MALLOC,               /* malloc, free of whatever library is preloaded */
    BENCH_SIZED,                /* malloc, and a sized free of the form (pointer, size) */
    BENCH_SDALLOCX              /* malloc, and sdallocx(pointer, size, flags) */
};

/* What the calls of one thread need. Copied into locals by the workloads. */
struct bench_handle {
    frusa_t *instance;
    frusa_cache_t *cache;
    void (*free_sized)(void *ptr, size_t size);
    void (*sdallocx)(void *ptr, size_t size, int flags);
    char *scratch; /* what the empty ones hand out, again and again */
};

/* Every object that a workload asks for is at most this long (the empty binding's scratch). */
#define BENCH_MAX_SIZE ((size_t)128 * 1024)

/* Finds the binding of that name; makes the process's instance where it needs one. */
enum bench_binding bench_binding_open(const char *name);
void bench_binding_close(void);

/* Called in the thread that is going to use the handle, and again before that thread ends. */
void bench_handle_open(struct bench_handle *h);
void bench_handle_close(struct bench_handle *h);

/* The allocator's own call to give memory back. Returns its name, or NULL if it has none. */
const char *bench_purge(void);
/* The part of it that each thread has to do for itself; NULL if there is none. */
const char *bench_purge_thread(void);

/* Writes name, version and the sized free that was found, as lines "key value". */
void bench_binding_describe(void);

/* The process's binding and, for libfrusa's bindings, its instance. */
extern enum bench_binding bench_binding;
extern frusa_t *bench_instance;

/* The alignment that malloc promises, so that every allocator does the same work. */
#define BENCH_ALIGN _Alignof(max_align_t)

/* Ends the process: an allocation failed. */
void bench_out_of_memory(size_t size) __attribute__((noreturn, cold));

BENCH_INLINE void *bench_alloc(enum bench_binding b, const struct bench_handle *h, size_t size)
{
    void *ptr;
    switch (b) {
    case BENCH_EMPTY:
        ptr = h->scratch;
        break;
    case BENCH_EMPTY_CALL:
        ptr = bench_nothing_alloc(h->scratch, size, BENCH_ALIGN);
        break;
    case BENCH_FRUSA:
        ptr = frusa_alloc(h->instance, size, BENCH_ALIGN);
        break;
    case BENCH_FRUSA_UNSIZED:
        ptr = frusa_malloc(h->instance, size);
        break;
    case BENCH_FRUSA_CACHE:
        ptr = frusa_cache_alloc(h->cache, size, BENCH_ALIGN);
        break;
    case BENCH_FRUSA_INLINE:
        ptr = frusa_inline_alloc(h->instance, size, BENCH_ALIGN);
        break;
    case BENCH_FRUSA_INLINE_UNSIZED:
        ptr = frusa_inline_malloc(h->instance, size);
        break;
    case BENCH_FRUSA_INLINE_CACHE:
        ptr = frusa_inline_cache_alloc(h->cache, size, BENCH_ALIGN);
        break;
    default:
        ptr = malloc(size);
        break;
    }
    if (__builtin_expect(ptr == NULL, 0))
        bench_out_of_memory(size);
    /* The compiler must not see through malloc and drop the pair. */
    __asm__ __volatile__("" : "+r"(ptr)::"memory");
    return ptr;
}

BENCH_INLINE void bench_free(enum bench_binding b, const struct bench_handle *h, void *ptr,
                             size_t size)
{
    switch (b) {
    case BENCH_EMPTY:
        __asm__ __volatile__("" ::"r"(ptr), "r"(size) : "memory");
        break;
    case BENCH_EMPTY_CALL:
        bench_nothing_free(h->scratch, ptr, size, BENCH_ALIGN);
        break;
    case BENCH_FRUSA:
        frusa_dealloc(h->instance, ptr, size, BENCH_ALIGN);
        break;
    case BENCH_FRUSA_UNSIZED:
        frusa_free(h->instance, ptr);
        break;
    case BENCH_FRUSA_CACHE:
        frusa_cache_dealloc(h->cache, ptr, size, BENCH_ALIGN);
        break;
    case BENCH_FRUSA_INLINE:
        frusa_inline_dealloc(h->instance, ptr, size, BENCH_ALIGN);
        break;
    case BENCH_FRUSA_INLINE_UNSIZED:
        frusa_inline_free(h->instance, ptr);
        break;
    case BENCH_FRUSA_INLINE_CACHE:
        frusa_inline_cache_dealloc(h->cache, ptr, size, BENCH_ALIGN);
        break;
    case BENCH_SIZED:
        h->free_sized(ptr, size);
        break;
    case BENCH_SDALLOCX:
        h->sdallocx(ptr, size, 0);
        break;
    default:
        free(ptr);
        break;
    }
}

/* The inline header has no realloc: the library's is called. Explicit caches have none at all:
 * allocate, copy, free, as their users must. */
BENCH_INLINE void *bench_realloc(enum bench_binding b, const struct bench_handle *h, void *ptr,
                                 size_t size, size_t new_size)
{
    void *moved;
    switch (b) {
    case BENCH_EMPTY:
        return ptr;
    case BENCH_EMPTY_CALL:
        return bench_nothing_alloc(ptr, new_size, BENCH_ALIGN);
    case BENCH_FRUSA:
    case BENCH_FRUSA_INLINE:
        moved = frusa_realloc(h->instance, ptr, size, BENCH_ALIGN, new_size);
        break;
    case BENCH_FRUSA_UNSIZED:
    case BENCH_FRUSA_INLINE_UNSIZED:
        moved = frusa_resize(h->instance, ptr, new_size);
        break;
    case BENCH_FRUSA_CACHE:
    case BENCH_FRUSA_INLINE_CACHE:
        moved = bench_alloc(b, h, new_size);
        memcpy(moved, ptr, size < new_size ? size : new_size);
        bench_free(b, h, ptr, size);
        break;
    default:
        moved = realloc(ptr, new_size);
        break;
    }
    if (__builtin_expect(moved == NULL, 0))
        bench_out_of_memory(new_size);
    return moved;
}

/* Calls body(binding, ...) with the process's binding as a constant. */
#define BENCH_DISPATCH(body, ...)                                                                  \
    do {                                                                                           \
        switch (bench_binding) {                                                                   \
        case BENCH_EMPTY:                                                                          \
            body(BENCH_EMPTY, __VA_ARGS__);                                                        \
            break;                                                                                 \
        case BENCH_EMPTY_CALL:                                                                     \
            body(BENCH_EMPTY_CALL, __VA_ARGS__);                                                   \
            break;                                                                                 \
        case BENCH_FRUSA:                                                                          \
            body(BENCH_FRUSA, __VA_ARGS__);                                                        \
            break;                                                                                 \
        case BENCH_FRUSA_UNSIZED:                                                                  \
            body(BENCH_FRUSA_UNSIZED, __VA_ARGS__);                                                \
            break;                                                                                 \
        case BENCH_FRUSA_CACHE:                                                                    \
            body(BENCH_FRUSA_CACHE, __VA_ARGS__);                                                  \
            break;                                                                                 \
        case BENCH_FRUSA_INLINE:                                                                   \
            body(BENCH_FRUSA_INLINE, __VA_ARGS__);                                                 \
            break;                                                                                 \
        case BENCH_FRUSA_INLINE_UNSIZED:                                                           \
            body(BENCH_FRUSA_INLINE_UNSIZED, __VA_ARGS__);                                         \
            break;                                                                                 \
        case BENCH_FRUSA_INLINE_CACHE:                                                             \
            body(BENCH_FRUSA_INLINE_CACHE, __VA_ARGS__);                                           \
            break;                                                                                 \
        case BENCH_MALLOC:                                                                         \
            body(BENCH_MALLOC, __VA_ARGS__);                                                       \
            break;                                                                                 \
        case BENCH_SIZED:                                                                          \
            body(BENCH_SIZED, __VA_ARGS__);                                                        \
            break;                                                                                 \
        case BENCH_SDALLOCX:                                                                       \
            body(BENCH_SDALLOCX, __VA_ARGS__);                                                     \
            break;                                                                                 \
        }                                                                                          \
    } while (0)

#endif /* BENCH_BINDING_H */
