/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The lists of a slab, for slab.c and slab_scan.c; everything here runs under the slab lock. */
#ifndef FR_SLAB_LIST_H
#define FR_SLAB_LIST_H

#include "spans/slab.h"

static inline struct fr_span *fr_span_of_link(struct fr_link *link)
{
    return FR_CONTAINER_OF(link, struct fr_span, in_slab);
}

/* The bin for a span with `count` reserved objects. */
static inline unsigned fr_bin_for(const struct fr_span *s, size_t count)
{
    unsigned bin = (unsigned)(count * FR_BIN_COUNT / s->capacity);
    return bin < FR_BIN_COUNT ? bin : FR_BIN_COUNT - 1;
}

/*
 * Adds to the bin's circular list, whose first member is bins[bin]: in front when the current scan has not
 * met the span, else at the end. So in every bin those not met come before those met, and a scan that
 * meets the latter has seen all of the former.
 */
static inline void fr_bin_add(struct fr_slab *slab, struct fr_span *s, unsigned bin)
{
    struct fr_link **head = &slab->bins[bin];
    s->bin = (uint8_t)bin;
    if (*head) {
        fr_list_insert_after((*head)->prev, &s->in_slab);
        if (s->seen != slab->scan)
            *head = &s->in_slab;
    } else {
        fr_list_init(&s->in_slab);
        *head = &s->in_slab;
    }
}

static inline void fr_bin_remove(struct fr_slab *slab, struct fr_span *s)
{
    struct fr_link **head = &slab->bins[s->bin];
    if (*head == &s->in_slab)
        *head = s->in_slab.next == &s->in_slab ? NULL : s->in_slab.next;
    fr_list_remove(&s->in_slab);
    s->bin = FR_BIN_NONE;
}

/* Raises a linked span's count by n, which must be free [S.1]; returns the new count. */
static inline size_t fr_span_raise(struct fr_slab *slab, struct fr_span *s, size_t n)
{
    size_t count = fr_fetch_add_acquire(&s->count, n) + n;
    if (count == n)
        fr_heap_uncount_empty(s->heap, s->cls, s->bytes);
    if (count == s->capacity) {
        fr_bin_remove(slab, s); /* [S.6] */
    } else if (fr_bin_for(s, count) > s->bin) {
        fr_bin_remove(slab, s);
        fr_bin_add(slab, s, fr_bin_for(s, count));
    }
    return count;
}

#endif /* FR_SLAB_LIST_H */
