/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Growth: memory from the fallback becomes spans, and metadata blocks.
 *
 * Metadata blocks (descriptors, magazine arrays) are objects of slabs of their own, whose spans hold
 * their own descriptor in slot 0: so metadata needs no other metadata to exist, and its spans are
 * retired like any other, in a pass after the data spans.
 *
 * Everything here may call the fallback: no lock held, no local buffer, no critical section.
 */
#ifndef FR_GROW_H
#define FR_GROW_H

#include "spans/slab.h"

/* Slots of a metadata span, the descriptor's own included: what is lost to it stays near 3 %, and the
 * spans, 4 to 64 KiB, come back soon. */
#define FR_META_SLOTS           32
#define FR_META_SPAN_BYTES(cls) (FR_META_SLOTS * fr_meta_size(cls))

/*
 * Makes a span of a data class, with up to `reserved` of its objects reserved for the caller (as many as
 * it has slots; its count tells). It is in the page map and on the list of all spans, not in its slab
 * yet: fr_slab_link. With its reservations it cannot be retired before the caller has taken them. NULL on
 * failure; *at_limit as in fr_fallback_alloc.
 */
struct fr_span *fr_grow(struct fr_heap *h, unsigned cls, size_t reserved, int *at_limit);

/* One object of a data class, growing the slab when needed; NULL on failure. *is_fresh as in fr_slab_take. */
void *fr_grow_alloc_one(struct fr_heap *h, unsigned cls, int *is_fresh, int *at_limit);

/* A zeroed metadata block of at least `bytes`, up to FR_META_MAX_SIZE; NULL on failure. */
void *fr_meta_alloc(struct fr_heap *h, size_t bytes, int *at_limit);

/* Gives a block back; `bytes` as at its allocation. Takes slab locks, never calls the fallback. */
void fr_meta_free(struct fr_heap *h, void *block, size_t bytes);

#endif /* FR_GROW_H */
