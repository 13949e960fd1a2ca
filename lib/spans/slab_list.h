/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The lists of a slab: its spans by fullness, and the empty ones. Everything here runs under the
 * slab lock.
 *
 *   bins[3..0]  0 < count < capacity. A span's bin follows its count lazily: a lowering does not
 *               move the span, the next search for the fullest that meets it does. Searches take
 *               the last member.
 *   empties     count = 0, exactly. The span that has been empty for longest comes first.
 *   no list     count = capacity, exactly
 *
 * The circular list of a bin or of the empties is known by its first member.
 *
 * A claim scan (slab_scan.c) notes its number in each span that it is done with. In every bin the
 * spans that the scan has not met come before those that it has met; so a first member that was
 * met ends the bin.
 */
#ifndef FR_SLAB_LIST_H
#define FR_SLAB_LIST_H

#include "spans/heap.h"

/* The bin for a span with `count` reserved objects, more than 0. */
static inline unsigned fr_bin_for(const struct fr_span *s, size_t count)
{
    unsigned bin = (unsigned)(count * FR_BIN_COUNT / s->capacity);
    return bin < FR_BIN_COUNT ? bin : FR_BIN_COUNT - 1;
}

/* The place that holds the first member of a list. */
static inline struct fr_link **fr_bin_first(const struct fr_span *s, unsigned bin)
{
    return bin == FR_BIN_EMPTY ? &fr_empties_of(s)->list : &fr_slab_of(s)->bins[bin];
}

static inline int fr_span_is_met(const struct fr_span *s)
{
    return s->seen == fr_slab_of(s)->scan;
}

/* Adds to a list: in front of a bin when the current scan has not met the span, else at the end. */
static inline void fr_bin_add(struct fr_span *s, unsigned bin)
{
    struct fr_link **first = fr_bin_first(s, bin);
    s->bin = (uint8_t)bin;
    fr_ring_add(first, &s->in_slab);
    if (bin != FR_BIN_EMPTY && !fr_span_is_met(s))
        *first = &s->in_slab;
}

static inline void fr_bin_remove(struct fr_span *s)
{
    fr_ring_remove(fr_bin_first(s, s->bin), &s->in_slab);
    s->bin = FR_BIN_NONE;
}

/* Adds to the empties, or takes off them. Metadata is not counted: it serves no other class. */
static inline void fr_empties_add(struct fr_span *s)
{
    fr_bin_add(s, FR_BIN_EMPTY);
    fr_fetch_add_relaxed(&fr_empties_of(s)->bytes, s->bytes);
    if (!fr_class_is_meta(s->cls))
        fr_fetch_add_relaxed(&s->heap->empty_bytes, s->bytes);
}

static inline void fr_empties_remove(struct fr_span *s)
{
    fr_bin_remove(s);
    if (!fr_class_is_meta(s->cls))
        fr_fetch_sub_relaxed(&s->heap->empty_bytes, s->bytes);
    fr_fetch_sub_relaxed(&fr_empties_of(s)->bytes, s->bytes);
}

/* Puts a span, new or with a new count, on the list that its count asks for; on none when it is
 * full. */
static inline void fr_span_file(struct fr_span *s, size_t count)
{
    if (count == 0)
        fr_empties_add(s);
    else if (count < s->capacity)
        fr_bin_add(s, fr_bin_for(s, count));
}

/* Raises the count of a linked span by n, which must be free [S.1]; returns the new count. */
static inline size_t fr_span_raise(struct fr_span *s, size_t n)
{
    size_t count = fr_fetch_add_acquire(&s->count, n) + n;
    if (s->bin == FR_BIN_EMPTY)
        fr_empties_remove(s);
    else if (count == s->capacity || fr_bin_for(s, count) > s->bin)
        fr_bin_remove(s); /* [S.6] */
    if (s->bin == FR_BIN_NONE)
        fr_span_file(s, count);
    fr_fetch_add_relaxed(&fr_slab_of(s)->used, n);
    return count;
}

/* The same for a purge: a span that does not become full stays in its bin, where the scan will
 * meet it again. */
static inline void fr_span_claim(struct fr_span *s, size_t n)
{
    if (fr_fetch_add_acquire(&s->count, n) + n == s->capacity)
        fr_bin_remove(s); /* [S.6] */
    fr_fetch_add_relaxed(&fr_slab_of(s)->used, n);
}

/* Lowers a count from `capacity`, or to 0, by n [S.4]; returns the new count. */
static inline size_t fr_span_lower_locked(struct fr_span *s, size_t n)
{
    size_t count = fr_fetch_sub_release(&s->count, n) - n;
    if (count == 0 && s->bin != FR_BIN_NONE)
        fr_bin_remove(s);
    if (s->bin == FR_BIN_NONE)
        fr_span_file(s, count);
    return count;
}

/* Retires a span from the empties [S.7]; its capacity does not count any more. */
static inline void fr_span_retire(struct fr_span *s)
{
    (void)fr_load_acquire(&s->count); /* [S.3] */
    fr_store_relaxed(&s->count, FR_RETIRED);
    fr_empties_remove(s);
    fr_fetch_sub_relaxed(&fr_slab_of(s)->slots, s->capacity);
}

#endif /* FR_SLAB_LIST_H */
