/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The part of an instance that spans, slabs, metadata and large objects need: its fallback, its slabs
 * and the lists of all its spans.
 */
#ifndef FR_HEAP_H
#define FR_HEAP_H

#include "base/fallback.h"
#include "base/lock.h"
#include "base/sizeclass.h"
#include "spans/span.h"

/* Lists of a slab by fullness: of `capacity` at least 3/4, 1/2, 1/4, 0. */
#define FR_BIN_COUNT 4

/* Everything an instance keeps for one class: a cache line, so that slabs do not disturb each other. */
struct fr_slab {
    FRUSA_ALIGNAS_(FR_CACHE_LINE) fr_lock lock; /* rank FR_RANK_SLAB; covers bins and scan */
    uint32_t scan;                              /* number of the last scan by reclaim */
    struct fr_link *bins[FR_BIN_COUNT];         /* any member of a circular list, NULL: empty */
    fr_atomic held;                             /* bytes of its spans */
    fr_atomic used;                             /* reserved objects of all its spans */
    fr_atomic slots;                            /* capacity of all its spans */
};

/* The kinds of spans, each with a list of its own. */
enum fr_span_kind { FR_DATA_SPANS, FR_META_SPANS, FR_LARGE_SPANS, FR_SPAN_KINDS };

/* A walk in progress, on the walker's stack; a span that leaves its list takes no cursor along. */
struct fr_walker {
    struct fr_link *cursor; /* the next to visit */
    struct fr_walker *next;
    const void *thread; /* fr_thread_id of the walker */
};

/* In `flags`, beside those of struct frusa_config: under a memory checker (port/tools.h). */
#define FR_WATCHED (1u << 31)

/* Objects given back to a watched instance, on their way to their slabs (quarantine.h). */
#define FR_QUARANTINE_SLOTS 256
struct fr_quarantine {
    fr_atomic turn;
    fr_atomic slots[FR_QUARANTINE_SLOTS];
};

struct fr_heap {
    struct fr_backing backing;
    size_t managed_max;   /* constant */
    unsigned flags;       /* of struct frusa_config, or FR_WATCHED; constant */
    uint32_t claim_scans; /* begun so far, under the recall lock */
    fr_lock spans_lock;   /* rank FR_RANK_SPANS; covers the lists */
    struct fr_pagemap map;
    struct fr_link spans[FR_SPAN_KINDS];
    struct fr_walker *walkers; /* walks in progress, under spans_lock */
    fr_atomic
        record_metadata; /* bytes of the instance record and cache headers from the fallback */
    fr_atomic reclaimed_total;
    fr_atomic purged;      /* bytes */
    fr_atomic retain;      /* bound on `empty`, see retain.h; the largest number: none */
    fr_atomic retain_skip; /* checks of it to skip */
    fr_atomic empty;       /* bytes of data spans with count 0 */
    fr_atomic empty_of[FR_CLASS_COUNT]; /* the same by class */
    fr_atomic recycle_pause; /* growths that are not to look for empty spans, see recycle.h */
    fr_atomic recycle_longer_pause;                       /* the same for spans that are too long */
    fr_atomic recycle_misses;                             /* looks in a row that found none */
    struct fr_slab slabs[FR_CLASS_COUNT + FR_META_COUNT]; /* by class, metadata after data */
    struct fr_quarantine quarantine;
};

/* What free slots of a checked instance are filled with. */
#define FR_FREE_PATTERN 0xdf

static inline int fr_heap_is_checked(const struct fr_heap *h)
{
    return (h->flags & (FRUSA_CHECKED | FR_WATCHED)) != 0;
}

static inline int fr_heap_is_watched(const struct fr_heap *h)
{
    return FR_UNLIKELY(h->flags & FR_WATCHED) != 0;
}

/* Memory that was never handed out is zero. */
static inline int fr_heap_memory_is_zeroed(const struct fr_heap *h)
{
    return (h->backing.ops.flags & FRUSA_FALLBACK_ZEROED) != 0;
}

/* Fills in a heap all of whose bytes are zero, apart from backing, managed_max and flags. */
static inline void fr_heap_init(struct fr_heap *h)
{
    for (unsigned i = 0; i < FR_SPAN_KINDS; i++)
        fr_list_init(&h->spans[i]);
    fr_pagemap_init(&h->map, &h->backing);
    fr_store_relaxed(&h->retain, (size_t)-1);
}

/* A span's count fell to 0, or no longer is. */
static inline void fr_heap_count_empty(struct fr_heap *h, unsigned cls, size_t bytes)
{
    if (cls >= FR_CLASS_COUNT)
        return;
    fr_fetch_add_relaxed(&h->empty, bytes);
    fr_fetch_add_relaxed(&h->empty_of[cls], bytes);
}

static inline void fr_heap_uncount_empty(struct fr_heap *h, unsigned cls, size_t bytes)
{
    if (cls >= FR_CLASS_COUNT)
        return;
    fr_fetch_sub_relaxed(&h->empty, bytes);
    fr_fetch_sub_relaxed(&h->empty_of[cls], bytes);
}

/* Puts a span on the list of all spans of its kind, or takes it off. */
static inline void fr_heap_list_add(struct fr_heap *h, struct fr_span *s, enum fr_span_kind kind)
{
    fr_lock_acquire(&h->spans_lock, FR_RANK_SPANS);
    fr_list_insert_after(&h->spans[kind], &s->in_all);
    fr_lock_release(&h->spans_lock, FR_RANK_SPANS);
}

static inline void fr_heap_list_remove(struct fr_heap *h, struct fr_span *s)
{
    fr_lock_acquire(&h->spans_lock, FR_RANK_SPANS);
    for (struct fr_walker *w = h->walkers; w; w = w->next)
        if (w->cursor == &s->in_all)
            w->cursor = s->in_all.next;
    fr_list_remove(&s->in_all);
    fr_lock_release(&h->spans_lock, FR_RANK_SPANS);
}

#endif /* FR_HEAP_H */
