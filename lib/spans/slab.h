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
 * before: then its memory is as it came from the fallback. `owner` is the id of the cache that
 * takes them, 0: none.
 */
size_t fr_slab_take_for(struct fr_heap *h, unsigned cls, size_t owner, size_t n, void **out,
                        int *is_fresh);

static inline size_t fr_slab_take(struct fr_heap *h, unsigned cls, size_t n, void **out,
                                  int *is_fresh)
{
    return fr_slab_take_for(h, cls, 0, n, out, is_fresh);
}

/* Makes a cache the owner of a span that has none [O.1]. The caller has objects of it reserved. */
void fr_slab_adopt(struct fr_span *s, size_t owner);

/* Takes n reserved objects of a span into out[], and clears the marks of purged pages [G.2];
 * *is_fresh as in fr_slab_take. */
void fr_slab_take_reserved(struct fr_heap *h, struct fr_span *s, size_t n, void **out,
                           int *is_fresh);

/* Puts a published span into its slab; the reservations that it came with are the caller's to
 * take. */
void fr_slab_link(struct fr_span *s);

/* Lowers a count from `capacity`, or to 0 [S.4]; returns the count that is left. */
FR_NOINLINE size_t fr_slab_lower_at_the_edge(struct fr_span *s, size_t n);

/* Lowers a count; returns what is left. `used` is the caller's to lower. */
FR_INLINE size_t fr_slab_lower(struct fr_span *s, size_t n)
{
    size_t left = fr_span_lower(s, n);
    return FR_LIKELY(left != 0) ? left : fr_slab_lower_at_the_edge(s, n);
}

/* Ends n reservations of a span whose bits were cleared; returns the count that is left. */
size_t fr_slab_unreserve(struct fr_span *s, size_t n);

/* A misuse that a slab notes: the object was freed at any time before. */
static inline void fr_slab_note_late(const struct fr_heap *h, struct fr_misuse *m)
{
    m->option = h->checking_option;
}

#endif /* FR_SLAB_H */
