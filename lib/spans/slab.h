/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A slab: the spans of one class, by fullness, and moving objects in and out of them in batches.
 *
 * The slab lock covers the lists and the raising of counts, nothing else: bits are taken and
 * cleared without it, and it is never held across a call of the fallback. A batch costs one hold
 * of the lock on the way out; on the way in none, unless a full span becomes partial.
 *
 * Refills prefer the fullest partial span, so that the others drain and can be given back. Empty
 * spans come last.
 *
 * Invariant, when nobody is inside: used = sum of count over the slab's spans, and
 *   live + cached + buffered + free slots = slots of all spans.
 *
 * The guarantees [S.1] to [S.7] are those of span.h, [G.2] is span_pages.h's.
 */
#ifndef FR_SLAB_H
#define FR_SLAB_H

#include "base/misuse.h"
#include "spans/heap.h"

/* Spans that one hold of the slab lock reserves from, at most: bounds the hold. */
#define FR_RESERVE_SPANS 4

/*
 * Reserves and takes up to n objects of existing spans into out[]; returns how many, 0 when every
 * span is full. For n == 1, *is_fresh (may be NULL) says whether the object was never handed out
 * before: then its memory is as it came from the fallback.
 */
size_t fr_slab_take(struct fr_heap *h, unsigned cls, size_t n, void **out, int *is_fresh);

/* Takes n reserved objects of a span into out[], and clears the marks of purged pages [G.2];
 * *is_fresh as in fr_slab_take. */
void fr_slab_take_reserved(struct fr_heap *h, struct fr_span *s, size_t n, void **out,
                           int *is_fresh);

/* Puts a published span into its slab; the reservations that it came with are the caller's to
 * take. */
void fr_slab_link(struct fr_span *s);

/*
 * Gives n objects of the class back. Objects that are none, or not taken, or of another class or
 * heap are noted in *m and left alone.
 */
void fr_slab_give(struct fr_heap *h, unsigned cls, void *const *objects, size_t n,
                  struct fr_misuse *m);

/* Ends n reservations of a span whose bits were cleared; returns the count that is left. */
size_t fr_slab_unreserve(struct fr_span *s, size_t n);

#endif /* FR_SLAB_H */
