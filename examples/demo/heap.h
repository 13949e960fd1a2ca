/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Where the index lives: in a libfrusa instance or, in runs for comparison, in malloc's memory. The
 * layout is named at both ends, as an instance wants it; malloc does not care.
 */
#ifndef DEMO_HEAP_H
#define DEMO_HEAP_H

#include <frusa.h>

#include <stddef.h>
#include <stdlib.h>

struct allocator;

struct heap {
    frusa_t *instance;                 /* NULL: malloc */
    const struct allocator *allocator; /* that malloc belongs to, if there is no instance */
};

static inline void *heap_alloc(struct heap *heap, size_t size, size_t align)
{
    return heap->instance == NULL ? malloc(size) : frusa_alloc(heap->instance, size, align);
}

static inline void *heap_alloc_zeroed(struct heap *heap, size_t size, size_t align)
{
    return heap->instance == NULL ? calloc(1, size)
                                  : frusa_alloc_zeroed(heap->instance, size, align);
}

static inline void *heap_realloc(struct heap *heap, void *ptr, size_t size, size_t align,
                                 size_t new_size)
{
    return heap->instance == NULL ? realloc(ptr, new_size)
                                  : frusa_realloc(heap->instance, ptr, size, align, new_size);
}

static inline void heap_dealloc(struct heap *heap, void *ptr, size_t size, size_t align)
{
    if (heap->instance == NULL) {
        free(ptr);
    } else {
        frusa_dealloc(heap->instance, ptr, size, align);
    }
}

#endif /* DEMO_HEAP_H */
