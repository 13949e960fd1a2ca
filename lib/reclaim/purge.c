/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Purging, in batches: claim (under the recall lock and, in short holds, the slab lock), take the
 * slots, call the fallback with no lock held, mark, release. The letters are those of
 * span_pages.h.
 */
#include "reclaim/purge.h"

#include "spans/slab_scan.h"

/* Spans and ranges of one call of the fallback: what a vectored system call takes well. */
#define CLAIMS_PER_BATCH (FR_BATCH_RANGES / 4)
#define RANGES_PER_BATCH FR_BATCH_RANGES

struct batch {
    struct fr_heap *heap;
    struct fr_page_claim claims[CLAIMS_PER_BATCH];
    size_t n;
    struct frusa_range ranges[RANGES_PER_BATCH];
    size_t ranges_n;
};

/* Takes the slots of the claimed pages; pages that others were faster to use leave the claim.
 * [G.1] */
static void take_slots(struct fr_page_claim *claim)
{
    size_t set = claim->pages;
    while (set) {
        size_t pages;
        size_t page = fr_pages_next_run(&set, &pages);
        if (!fr_span_take_run(claim->span, fr_span_slots_of_pages(claim->span, page, pages)))
            claim->pages &= ~fr_pages_mask(page, pages);
    }
}

/* The ranges of a claim, behind those that are there; 0 when they do not all fit. */
static int add_ranges(struct batch *b, const struct fr_page_claim *claim)
{
    size_t set = claim->pages;
    size_t n = b->ranges_n;
    while (set) {
        size_t pages;
        size_t page = fr_pages_next_run(&set, &pages);
        if (n == RANGES_PER_BATCH)
            return 0;
        b->ranges[n].ptr = claim->span->base + page * FR_PAGE_SIZE;
        b->ranges[n++].size = pages * FR_PAGE_SIZE;
    }
    b->ranges_n = n;
    return 1;
}

static int is_lower(const struct frusa_range *a, const struct frusa_range *b)
{
    return (uintptr_t)a->ptr < (uintptr_t)b->ptr;
}

/* Shell's sort with Ciura's gaps: short, in place, fast for a few hundred. */
static void sort_ranges(struct frusa_range *r, size_t n)
{
    static const size_t gaps[] = {132, 57, 23, 10, 4, 1};
    for (size_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++)
        for (size_t i = gaps[g]; i < n; i++) {
            struct frusa_range moving = r[i];
            size_t at = i;
            for (; at >= gaps[g] && is_lower(&moving, &r[at - gaps[g]]); at -= gaps[g])
                r[at] = r[at - gaps[g]];
            r[at] = moving;
        }
}

static size_t bytes_of(const struct frusa_range *r, size_t n)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += r[i].size;
    return bytes;
}

/* Calls the fallback for all ranges of the batch; non-zero when it purged all of them. */
static int purge_ranges(struct batch *b)
{
    if (b->ranges_n == 0)
        return 1;
    sort_ranges(b->ranges, b->ranges_n);
    return fr_fallback_purge(&b->heap->backing, b->ranges, b->ranges_n) ==
           bytes_of(b->ranges, b->ranges_n);
}

/* Marks what is purged and gives the slots back; returns the bytes. */
static size_t settle(struct batch *b, const struct fr_page_claim *claim, int purged, int *emptied)
{
    struct fr_span *s = claim->span;
    size_t bytes = purged && claim->pages ? fr_heap_mark_purged(b->heap, s, claim->pages) : 0;
    size_t set = claim->pages;
    while (set) {
        size_t pages;
        size_t page = fr_pages_next_run(&set, &pages);
        fr_span_untake_run(s, fr_span_slots_of_pages(s, page, pages));
    }
    if (fr_slab_unreserve(s, claim->reserved) == 0)
        *emptied = 1;
    return bytes;
}

/* Purges the claims [from, end) with one call; when the fallback refuses part of that, one by
 * one. */
static size_t purge_claims(struct batch *b, size_t from, size_t end, int *emptied)
{
    size_t bytes = 0;
    int all = purge_ranges(b);
    for (size_t i = from; i < end; i++) {
        int purged = all;
        if (!all) {
            b->ranges_n = 0;
            purged = b->claims[i].pages && add_ranges(b, &b->claims[i]) && purge_ranges(b);
        }
        bytes += settle(b, &b->claims[i], purged, emptied);
    }
    return bytes;
}

static size_t purge_batch(struct batch *b, int *emptied)
{
    size_t bytes = 0;
    size_t from = 0;
    b->ranges_n = 0;
    for (size_t i = 0; i < b->n; i++) {
        take_slots(&b->claims[i]);
        if (add_ranges(b, &b->claims[i]))
            continue;
        bytes += purge_claims(b, from, i, emptied);
        from = i;
        b->ranges_n = 0;
        add_ranges(b, &b->claims[i]); /* a span has fewer runs than a batch has ranges */
    }
    return bytes + purge_claims(b, from, b->n, emptied);
}

static size_t purge_class(struct fr_instance *inst, unsigned cls, struct batch *b, size_t *want,
                          int *emptied)
{
    struct fr_claim_scan scan;
    size_t bytes = 0;
    int begun = 0;
    do {
        fr_lock_acquire(&inst->recall_lock, FR_RANK_RECALL);
        if (!begun)
            fr_slab_claims_begin(&inst->heap, cls, &scan);
        b->n = fr_slab_claim_pages(&scan, b->claims, CLAIMS_PER_BATCH);
        fr_lock_release(&inst->recall_lock, FR_RANK_RECALL);
        begun = 1;
        size_t purged = b->n ? purge_batch(b, emptied) : 0;
        bytes += purged;
        *want -= purged < *want ? purged : *want;
    } while (b->n && *want);
    return bytes;
}

size_t fr_purge(struct fr_instance *inst, size_t *want, int *emptied)
{
    struct batch b;
    struct fr_heap *h = &inst->heap;
    size_t bytes = 0;
    /* A checked instance verifies the contents of free slots. */
    if (!h->backing.ops.purge || fr_heap_is_checked(h))
        return 0;
    b.heap = h;
    for (unsigned cls = 0; cls < FR_CLASS_COUNT && *want; cls++)
        if (fr_load_relaxed(&h->slabs[cls].held))
            bytes += purge_class(inst, cls, &b, want, emptied);
    return bytes;
}
