/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Large objects: one-object spans straight from the fallback, size and align raised to the page.
 *
 * The first page is in the page map, so that both call families, frusa_usable_size, the walk and
 * the statistics find them. Whoever clears that entry, under the page map's lock, owns the object
 * from then on: of two threads that give the same object back, one wins and the other is told.
 */
#ifndef FR_LARGE_H
#define FR_LARGE_H

#include "spans/meta.h"

/* Largest size that a request may have: pointer differences inside an object must not overflow. */
#define FR_SIZE_MAX ((size_t)PTRDIFF_MAX)

/* The bytes that a large layout is raised to; 0 when it overflows. */
size_t fr_large_bytes(size_t size);

/* `size` was asked for, `bytes` (fr_large_bytes of at least that; 0: overflow) are taken; `align`
 * is 0 or a power of two. NULL on failure; *is_zeroed says whether the memory is zero. */
void *fr_large_alloc(struct fr_heap *h, size_t size, size_t bytes, size_t align, int *is_zeroed,
                     int *at_limit);

/*
 * Gives a large object back. `check_bytes`: if not 0, the bytes (fr_large_bytes) that the caller
 * claims. What is wrong, if anything, is noted in *m, and nothing is done.
 */
void fr_large_free(struct fr_heap *h, void *ptr, size_t check_bytes, struct fr_misuse *m);

/*
 * Resizes a live object of the caller's, `s` its descriptor. It stays where it is if it shrinks, if
 * its block is long enough or if a kept block lies behind it. Else the fallback resizes the block,
 * or, where blocks are divided, it moves to another one. An object that grows there gets headroom.
 * NULL when all of that is not offered or refused: the object is then untouched, and the caller
 * allocates, copies and frees.
 */
void *fr_large_resize(struct fr_heap *h, struct fr_span *s, size_t new_size, int *at_limit);

/* A watched object ends, or is about to move: it is not the program's any more. Nothing for
 * others. */
void fr_large_forget(struct fr_span *s);

/* Notes another size that takes the same bytes. */
void fr_large_set_size(struct fr_span *s, size_t new_size);

/* Non-zero when the address lies in a large object of the heap, in O(log n). */
int fr_large_owns(struct fr_heap *h, const void *p);

#endif /* FR_LARGE_H */
