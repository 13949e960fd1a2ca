/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A slab: the spans of one class, by fullness, and moving objects in and out of them in batches.
 *
 * The slab lock covers the lists and the raising of counts, nothing else: bits are taken and cleared
 * without it, and it is never held across a call of the fallback. A batch costs one hold of the lock
 * on the way out; on the way in none, unless a full span becomes partial.
 *
 * Refills prefer the fullest partial span, so that the others drain and can be given back. A span's bin
 * follows its count lazily: a lowering does not move it, the next reservation that meets it does.
 *
 * Invariant, when nobody is inside: used = sum of count over the slab's spans, and
 *   live + cached + buffered + free slots = slots of all spans.
 *
 * The guarantees [S.1] to [S.7] are those of span.h, [G.2] is span_pages.h's.
 */
#ifndef FR_SLAB_H
#define FR_SLAB_H

#include "spans/heap.h"
#include "base/misuse.h"

/* Spans that one hold of the slab lock reserves from, at most: bounds the hold. */
#define FR_RESERVE_SPANS 4

/*
 * Reserves and takes up to n objects of existing spans into out[]; returns how many, 0 when every span
 * is full. For n == 1, *is_fresh (may be NULL) says whether the object was never handed out before: then
 * its memory is as it came from the fallback.
 */
size_t fr_slab_take(struct fr_heap *h, unsigned cls, size_t n, void **out, int *is_fresh);

/* fr_span_take for a data or metadata slab: also clears the marks of purged pages [G.2]. */
size_t fr_slab_take_reserved(struct fr_heap *h, struct fr_span *s, size_t n, void **out);

/* Puts a made span into its slab; the reservations that it came with are the caller's to take. */
void fr_slab_link(struct fr_heap *h, struct fr_span *s);

/*
 * Gives n objects of the class back. Objects that are none, or not taken, or of another class or heap
 * are noted in *m and left alone.
 */
void fr_slab_give(struct fr_heap *h, unsigned cls, void *const *objects, size_t n,
                  struct fr_misuse *m);

/* Lowers a span's count by n, relinking it when it was full [S.4]; returns the count that is left. */
size_t fr_slab_lower(struct fr_heap *h, struct fr_span *s, size_t n);

/* What is wrong with giving `p` back to this heap as an object of a slab, when something is. */
enum fr_misuse_kind fr_slab_diagnose(struct fr_heap *h, const void *p);

#endif /* FR_SLAB_H */
