/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Layer spans: memory from the fallback becomes spans, spans become objects, and empty spans go
 * back. The heap is the part of an instance that this layer works on: its fallback, its slabs and
 * all its spans. Nothing here knows caches or threads.
 *
 * Each piece of state has one owner, the file that changes it. The others only read it.
 */
#ifndef FR_HEAP_H
#define FR_HEAP_H

#include "base/bell.h"
#include "base/fallback.h"
#include "base/lock.h"
#include "base/sizeclass.h"
#include "spans/all_spans.h"
#include "spans/span.h"

/* Lists of a slab by fullness: of `capacity` at least 3/4, 1/2, 1/4, 0. Empty spans are on a list
 * of their own. */
#define FR_BIN_COUNT 4
#define FR_BIN_EMPTY FR_BIN_COUNT

/* Everything an instance keeps for one class: a cache line, so that slabs do not disturb each
 * other. Owner: slab_list.h, but for `held`. */
struct fr_slab {
    FRUSA_ALIGNAS_(FR_CACHE_LINE)
    /* rank FR_RANK_SLAB; covers all but `held` and `used` */
    fr_lock lock;
    uint32_t scan; /* number of the last claim scan */
    /* any member of a circular list, NULL: empty */
    struct fr_link *bins[FR_BIN_COUNT];
    fr_atomic held;  /* bytes of its spans; owner: heap.c */
    fr_atomic used;  /* reserved objects of all its spans */
    fr_atomic slots; /* capacity of all its linked spans */
};

/* The spans of one class whose count is 0. Owner: slab_list.h. */
struct fr_empties {
    /* the span that has been empty for longest, first; NULL: none. Under the slab lock */
    struct fr_link *list;
    fr_atomic bytes; /* changed under the slab lock */
};

/* When growth looks for empty spans of other classes. Owner: recycle.c. Threads may overwrite each
 * other's numbers. */
struct fr_recycle_pace {
    fr_atomic pause;        /* growths that are not to look */
    fr_atomic longer_pause; /* the same for spans that are too long */
    fr_atomic misses;       /* looks in a row that found none */
};

/* Blocks that serve nothing now. Owner: kept.c, under the lock of all spans but for what is atomic.
 * Bins: four for each doubling of the pages, up to 4 GiB. */
#define FR_KEPT_BINS 80
struct fr_kept {
    int divides;      /* blocks can be cut and joined; constant */
    fr_atomic bytes;  /* of all blocks; changed under the lock */
    fr_atomic drains; /* changed under the lock */
    fr_atomic oldest; /* when the least recently used block came, in seconds */
    struct fr_treap_node *by_address;
    struct fr_link *by_age;             /* the least recently used first; NULL: none */
    struct fr_link *bins[FR_KEPT_BINS]; /* any member of a circular list; NULL: none */
    size_t filled[(FR_KEPT_BINS + FR_WORD_BITS - 1) / FR_WORD_BITS]; /* bins that are not empty */
};

/* How much idle memory is kept, in bytes. Owner: rhythm.c. */
struct fr_rhythm {
    fr_atomic bound;    /* on empty spans and kept blocks, now */
    fr_atomic set;      /* the same as it was set; the largest number: none */
    fr_atomic kept_set; /* on kept blocks, as it was set; 0: none is kept */
    fr_atomic extra;    /* beyond both, now */
    fr_atomic given;    /* went back because of the bound, and was not missed */
    fr_atomic missed;   /* was taken again soon after */
    fr_atomic turns;
    fr_atomic high; /* idle memory was above what was set */
    fr_atomic last; /* when the last went back, in seconds */
};

/* In `flags`, beside those of struct frusa_config: under a memory checker (port/tools.h). */
#define FR_WATCHED (1u << 31)

/* The same: the fallback has so little memory that each page counts. */
#define FR_SMALL_HEAP (1u << 30)

/* Objects given back to a watched instance, on their way to their slabs. Owner: quarantine.c. */
#define FR_QUARANTINE_SLOTS 256
struct fr_quarantine {
    fr_atomic turn;
    fr_atomic slots[FR_QUARANTINE_SLOTS];
};

/* Room for descriptors of spans in the record of a small heap, which has no page to spare for them.
 * Owner: meta.c. */
#define FR_SPARE_BLOCKS      8
#define FR_SPARE_BLOCK_BYTES ((size_t)256)
struct fr_spare_blocks {
    fr_atomic taken; /* a bit each */
    char room[FR_SPARE_BLOCKS * FR_SPARE_BLOCK_BYTES + FR_SPAN_ALIGN];
};

/* Retired spans on their way back to the fallback. Owner: release.c. */
struct fr_release_job;
struct fr_releases {
    struct fr_release_job *jobs; /* in progress; covered by the lock of all spans */
    fr_atomic metadata_passes;   /* over empty metadata spans, begun so far */
};

struct fr_heap {
    struct fr_backing backing;
    size_t managed_max; /* constant */
    unsigned flags;     /* of struct frusa_config, FR_WATCHED, FR_SMALL_HEAP; constant */
    /* What messages call the option that finds misuse at the call; constant. */
    const char *checking_option;
    struct fr_pagemap map;
    struct fr_all_spans all;
    fr_atomic purged; /* bytes of purged pages; owner: heap.c */
    /* Bytes of spans and large objects on their way back to the fallback, and how often some of
     * them arrived; owner: heap.c */
    fr_atomic withdrawn;
    fr_atomic settled;
    /* bytes given back so far, purged pages included; owner: heap.c */
    fr_atomic reclaimed;
    /* sum of empties[].bytes, and kept.bytes; owners: slab_list.h, kept.c */
    fr_atomic empty_bytes;
    /* rung after objects or a span came to a slab: more may be idle now */
    struct fr_bell bell;
    struct fr_recycle_pace recycle;
    struct fr_releases releases;
    struct fr_kept kept;
    struct fr_rhythm rhythm;
    /* by class, metadata after data */
    struct fr_slab slabs[FR_CLASS_COUNT + FR_META_COUNT];
    struct fr_empties empties[FR_CLASS_COUNT + FR_META_COUNT];
    struct fr_quarantine quarantine;
    struct fr_spare_blocks spare;
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

static inline int fr_heap_is_small(const struct fr_heap *h)
{
    return (h->flags & FR_SMALL_HEAP) != 0;
}

/* Caches may own spans (owned.h): the spans' descriptors have kept bits. */
static inline int fr_heap_has_owners(const struct fr_heap *h)
{
    return !fr_heap_is_checked(h) && !fr_heap_is_small(h);
}

/* Memory that was never handed out is zero. */
static inline int fr_heap_memory_is_zeroed(const struct fr_heap *h)
{
    return (h->backing.ops.flags & FRUSA_FALLBACK_ZEROED) != 0;
}

/* Fills in a heap all of whose bytes are zero, apart from backing, managed_max and flags. */
void fr_heap_init(struct fr_heap *h);

/* The spans of a class, and those of them that are empty. */
static inline struct fr_slab *fr_slab_of(const struct fr_span *s)
{
    return &s->heap->slabs[s->cls];
}

static inline struct fr_empties *fr_empties_of(const struct fr_span *s)
{
    return &s->heap->empties[s->cls];
}

/*
 * Enters a span that is filled in into the page map and the list of all spans; 0 when the page map
 * has no room for it, *at_limit as in fr_fallback_alloc. Lookups find the span from now on, slabs
 * do not yet.
 */
int fr_heap_publish(struct fr_heap *h, struct fr_span *s, enum fr_span_kind kind, int *at_limit);

/* Takes a retired span out of both: nobody finds it any more [S.7]. The span counts as
 * withdrawn. */
void fr_heap_withdraw(struct fr_heap *h, struct fr_span *s);

/* The memory of a large object is on its way back, too. */
void fr_heap_leave(struct fr_heap *h, size_t bytes);

/* Such memory is back at the fallback, or serves for a new span. */
void fr_heap_settle(struct fr_heap *h, size_t bytes);

/* In the child of a fork: what other threads had withdrawn is lost. */
void fr_heap_forget_withdrawn(struct fr_heap *h);

/* Marks pages of a span as purged [G.2]; returns the bytes of those that were not marked before. */
size_t fr_heap_mark_purged(struct fr_heap *h, struct fr_span *s, size_t set);

/* Clears the marks of pages that n objects, just taken from the span, overlap [G.2]. */
void fr_heap_unmark_purged(struct fr_heap *h, struct fr_span *s, void *const *objects, size_t n);

/* Adds to the bytes given back so far. */
void fr_heap_count_reclaimed(struct fr_heap *h, size_t bytes);

#endif /* FR_HEAP_H */
