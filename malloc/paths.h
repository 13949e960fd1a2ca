/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The fast paths of <frusa-inline.h> on the instance behind malloc. What they leave goes to the
 * library with the name of the call that the program made, for messages about misuse: malloc.c and
 * new.cc have more calls than the library has. The names must be constants.
 */
#ifndef FR_MALLOC_PATHS_H
#define FR_MALLOC_PATHS_H

#include <frusa-inline.h>

#include "heap.h"

#define FR_MALLOC_LIKELY(x) __builtin_expect(!!(x), 1)

#if defined(__cplusplus)
extern "C" {
#endif

static inline __attribute__((always_inline)) void *fr_malloc_alloc(size_t size, size_t align,
                                                                   const char *call)
{
    struct frusa_inline_cache_ *c = frusa_inline_cache_of_(&fr_malloc_heap);
    void *p = NULL;
    if (FR_MALLOC_LIKELY(c && frusa_inline_take_(c, size, align, &p)))
        return p;
    return frusa_front_alloc(&fr_malloc_heap, size, align, call);
}

static inline __attribute__((always_inline)) void fr_malloc_dealloc(void *p, size_t size,
                                                                    size_t align, const char *call)
{
    struct frusa_inline_cache_ *c = frusa_inline_cache_of_(&fr_malloc_heap);
    if (!FR_MALLOC_LIKELY(c && p && frusa_inline_give_(c, p, size, align)))
        frusa_front_dealloc(&fr_malloc_heap, p, size, align, call);
}

static inline __attribute__((always_inline)) void fr_malloc_free(void *p, const char *call)
{
    struct frusa_inline_cache_ *c = frusa_inline_cache_of_(&fr_malloc_heap);
    if (!FR_MALLOC_LIKELY(c && frusa_inline_give_unsized_(c, c->pages, p)))
        frusa_front_free(&fr_malloc_heap, p, call);
}

#if defined(__cplusplus)
}
#endif

#endif /* FR_MALLOC_PATHS_H */
