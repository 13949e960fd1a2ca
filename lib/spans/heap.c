/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/heap.h"

#include "spans/span_pages.h"

void fr_heap_init(struct fr_heap *h)
{
    fr_all_spans_init(&h->all);
    fr_pagemap_init(&h->map, &h->backing);
}

int fr_heap_publish(struct fr_heap *h, struct fr_span *s, enum fr_span_kind kind, int *at_limit)
{
    if (!fr_pagemap_set(&h->map, s->base, s->bytes, fr_entry_make(s, s->cls), &s->outer, at_limit))
        return 0;
    fr_fetch_add_relaxed(&fr_slab_of(s)->held, s->bytes);
    fr_all_spans_add(&h->all, s, kind);
    return 1;
}

void fr_heap_withdraw(struct fr_heap *h, struct fr_span *s)
{
    fr_pagemap_clear(&h->map, s->base, s->bytes, s->outer);
    fr_all_spans_remove(&h->all, s);
    fr_heap_leave(h, s->bytes);
    fr_fetch_sub_relaxed(&fr_slab_of(s)->held, s->bytes);
    fr_fetch_sub_relaxed(&h->purged, fr_popcount(fr_load_relaxed(&s->purged)) * FR_PAGE_SIZE);
}

void fr_heap_leave(struct fr_heap *h, size_t bytes)
{
    fr_fetch_add_relaxed(&h->withdrawn, bytes);
}

void fr_heap_settle(struct fr_heap *h, size_t bytes)
{
    size_t old;
    do /* less than that in the child of a fork, where it began at 0 again */
        old = fr_load_relaxed(&h->withdrawn);
    while (!fr_cas_relaxed(&h->withdrawn, old, old > bytes ? old - bytes : 0));
    fr_fetch_add_relaxed(&h->settled, 1);
}

void fr_heap_forget_withdrawn(struct fr_heap *h)
{
    fr_store_relaxed(&h->withdrawn, 0);
}

size_t fr_heap_mark_purged(struct fr_heap *h, struct fr_span *s, size_t set)
{
    /* Counted before marking: who takes a slot subtracts what it unmarks. Another purge may have
     * marked some of the pages since this one chose them. */
    size_t bytes = fr_popcount(set) * FR_PAGE_SIZE;
    fr_fetch_add_relaxed(&h->purged, bytes);
    size_t marked = fr_span_mark(s, set) * FR_PAGE_SIZE;
    fr_fetch_sub_relaxed(&h->purged, bytes - marked);
    return marked;
}

void fr_heap_unmark_purged(struct fr_heap *h, struct fr_span *s, void *const *objects, size_t n)
{
    size_t pages = 0;
    for (size_t i = 0; i < n; i++)
        pages += fr_span_unmark(s, objects[i]);
    fr_fetch_sub_relaxed(&h->purged, pages * FR_PAGE_SIZE);
}

void fr_heap_count_reclaimed(struct fr_heap *h, size_t bytes)
{
    fr_fetch_add_relaxed(&h->reclaimed, bytes);
}
