/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Metadata blocks: descriptors of spans, and arrays of magazines.
 *
 * Blocks are objects of slabs of their own. A metadata span holds its own descriptor in slot 0, so
 * metadata needs no other metadata to exist, and its spans are retired like any other, in a pass
 * after the data spans.
 */
#ifndef FR_META_H
#define FR_META_H

#include "spans/slab.h"

/* Slots of a metadata span, the descriptor's own included: what is lost to it stays near 3 %, and
 * the spans, 8 to 64 KiB, come back soon. */
#define FR_META_SLOTS           32
#define FR_META_SPAN_BYTES(cls) (FR_META_SLOTS * fr_meta_size(cls))

_Static_assert(sizeof(struct fr_span) + sizeof(fr_atomic) * (1 + FR_META_SLOTS / FR_WORD_BITS) <=
                   (size_t)1 << FR_META_MIN_LOG2,
               "slot 0 of a metadata span holds its descriptor");

/* A zeroed block of at least `bytes`, up to FR_META_MAX_SIZE; NULL on failure, *at_limit as in
 * fr_fallback_alloc. May call the fallback: no lock held, no local buffer, no critical section. */
void *fr_meta_alloc(struct fr_heap *h, size_t bytes, int *at_limit);

/* Gives a block back; `bytes` as at its allocation. Takes slab locks, never calls the fallback. */
void fr_meta_free(struct fr_heap *h, void *block, size_t bytes);

/* A descriptor for a span of `slots` slots of a size class, all zero; or for a large object. Both
 * as fr_meta_alloc. */
struct fr_span *fr_meta_alloc_descriptor(struct fr_heap *h, size_t slots, int *at_limit);
struct fr_span *fr_meta_alloc_large_descriptor(struct fr_heap *h, int *at_limit);

/* Gives the descriptor of a span of any kind back. A metadata span's goes with the span. */
void fr_meta_free_descriptor(struct fr_heap *h, struct fr_span *s);

#endif /* FR_META_H */
