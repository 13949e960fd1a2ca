/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Scans of a slab by reclaim: over all its linked spans, in bounded holds of the slab lock.
 *
 * A scan has a number, and each span keeps that of the last one that met it. What a scan has met is
 * rotated to the end of its list, where newcomers go too; so the spans that were there when the scan began
 * come first, and a head that was met ends a bin (fr_bin_add keeps that order). Only one retiring scan of
 * an instance runs at a time: callers hold the recall lock. Growth retires single spans without it: to a scan
 * that is as if a mutator had filled them.
 */
#include "spans/slab_list.h"
#include "spans/slab_scan.h"

/* Spans that one hold of the lock visits. */
#define RETIRE_PER_HOLD 32 /* a few nanoseconds each */
#define CLAIM_PER_HOLD  8  /* about a hundred each */
#define LOOKS_PER_BIN   8  /* the same, twice */
/* Parts in which a span is claimed. */
#define ROUNDS_PER_SPAN 4

static void scan_begins(struct fr_slab *slab)
{
    fr_lock_acquire(&slab->lock, FR_RANK_SLAB);
    slab->scan++;
    fr_lock_release(&slab->lock, FR_RANK_SLAB);
}

/* Under the slab lock: the next span of a bin that the scan has not met; NULL: the bin is done. */
static struct fr_span *next_unmet(struct fr_slab *slab, unsigned bin)
{
    struct fr_link *head = slab->bins[bin];
    if (!head || fr_span_of_link(head)->seen == slab->scan)
        return NULL;
    return fr_span_of_link(head);
}

/* Under the slab lock: the head of its bin was met. */
static void pass(struct fr_slab *slab, struct fr_span *s)
{
    s->seen = slab->scan;
    slab->bins[s->bin] = s->in_slab.next;
}

/* Under the slab lock. Retires the empty ones among a few spans. Non-zero: the bin is done. */
static int retire_in_bin(struct fr_slab *slab, unsigned bin, struct fr_link **found, size_t *want)
{
    for (unsigned i = 0; i < RETIRE_PER_HOLD && *want; i++) {
        struct fr_span *s = next_unmet(slab, bin);
        if (!s)
            return 1;
        if (fr_load_relaxed(&s->count) == 0 && fr_cas_acquire(&s->count, 0, FR_RETIRED)) {
            fr_bin_remove(slab, s); /* [S.7] */
            fr_heap_uncount_empty(s->heap, s->cls, s->bytes);
            s->in_slab.next = *found;
            *found = &s->in_slab;
            *want -= s->bytes < *want ? s->bytes : *want;
        } else {
            pass(slab, s);
        }
    }
    return *want == 0;
}

/* Takes the spans of one hold out of sight: nobody can find them through the heap any more. */
static void drop(struct fr_heap *h, struct fr_slab *slab, struct fr_link *found,
                 struct fr_link **retired)
{
    while (found) {
        struct fr_link *next = found->next;
        struct fr_span *s = fr_span_of_link(found);
        fr_pagemap_clear(&h->map, s->base, s->bytes, s->outer);
        fr_heap_list_remove(h, s);
        fr_fetch_sub_relaxed(&slab->held, s->bytes);
        fr_fetch_sub_relaxed(&slab->slots, s->capacity);
        fr_fetch_sub_relaxed(&h->purged, fr_popcount(fr_load_relaxed(&s->purged)) * FR_PAGE_SIZE);
        found->next = *retired;
        *retired = found;
        found = next;
    }
}

void fr_slab_retire_empty(struct fr_heap *h, unsigned cls, struct fr_link **retired, size_t *want)
{
    struct fr_slab *slab = &h->slabs[cls];
    if (fr_load_relaxed(&slab->held) == 0)
        return;
    scan_begins(slab);
    /* From the fullest down: a span that mutators move meanwhile goes to a bin still to come. */
    for (unsigned bin = FR_BIN_COUNT; bin-- > 0 && *want;) {
        int done;
        do {
            struct fr_link *found = NULL;
            fr_lock_acquire(&slab->lock, FR_RANK_SLAB);
            done = retire_in_bin(slab, bin, &found, want);
            fr_lock_release(&slab->lock, FR_RANK_SLAB);
            drop(h, slab, found, retired);
        } while (!done);
    }
}

/* Under the slab lock: the first empty span that serves as asked, among a few of each bin, retired. A span's bin
 * follows its count lazily, so an empty one may be in any. */
static struct fr_span *retire_one(struct fr_slab *slab, size_t least, size_t most, size_t align)
{
    for (unsigned bin = 0; bin < FR_BIN_COUNT; bin++) {
        struct fr_link *link = slab->bins[bin];
        for (unsigned i = 0; link && i < LOOKS_PER_BIN; i++) {
            struct fr_span *s = fr_span_of_link(link);
            int fits = s->bytes >= least && s->bytes <= most && fr_span_align(s) >= align;
            if (fits && fr_load_relaxed(&s->count) == 0 && fr_load_relaxed(&s->purged) == 0 &&
                fr_cas_acquire(&s->count, 0, FR_RETIRED)) {
                fr_bin_remove(slab, s); /* [S.7] */
                fr_heap_uncount_empty(s->heap, s->cls, s->bytes);
                return s;
            }
            link = link->next;
            if (link == slab->bins[bin])
                break;
        }
    }
    return NULL;
}

struct fr_span *fr_slab_retire_one(struct fr_heap *h, unsigned cls, size_t least, size_t most,
                                   size_t align)
{
    struct fr_slab *slab = &h->slabs[cls];
    struct fr_link *retired = NULL;
    fr_lock_acquire(&slab->lock, FR_RANK_SLAB);
    struct fr_span *s = retire_one(slab, least, most, align);
    fr_lock_release(&slab->lock, FR_RANK_SLAB);
    if (s) {
        s->in_slab.next = NULL;
        drop(h, slab, &s->in_slab, &retired);
    }
    return s;
}

void fr_slab_claims_begin(struct fr_heap *h, unsigned cls, struct fr_claim_scan *scan)
{
    scan->heap = h;
    scan->slab = &h->slabs[cls];
    scan->bin = 0;
    scan->number = ++h->claim_scans;
    scan->again = NULL;
    scan->rounds = 0;
}

/*
 * Claim scans have numbers of their own, as several may take turns: what one with a later number met is
 * done with for this one too. Mutators that move spans meanwhile may make it miss some; nothing but
 * memory hangs on that.
 */
static struct fr_span *next_unclaimed(struct fr_slab *slab, const struct fr_claim_scan *scan)
{
    struct fr_link *head = slab->bins[scan->bin];
    if (!head || (int32_t)(fr_span_of_link(head)->claim_seen - scan->number) >= 0)
        return NULL;
    return fr_span_of_link(head);
}

static void pass_claim(struct fr_slab *slab, struct fr_span *s, uint32_t number)
{
    s->claim_seen = number;
    if (s->bin != FR_BIN_NONE && slab->bins[s->bin] == &s->in_slab)
        slab->bins[s->bin] = s->in_slab.next;
}

/* Half of the free slots of the class may be claimed at a time. [G.3] */
static size_t claimable(const struct fr_slab *slab)
{
    size_t slots = fr_load_relaxed(&slab->slots);
    size_t used = fr_load_relaxed(&slab->used);
    return slots > used ? (slots - used) / 2 : 0;
}

/* Under the slab lock: reserves the free pages of a span, as far as *slots goes. 0: too few are left. */
static int claim(struct fr_slab *slab, struct fr_span *s, uint32_t number,
                 struct fr_page_claim *out, size_t *slots)
{
    size_t set = fr_span_free_pages(s);
    size_t free_slots = s->capacity - fr_load_relaxed(&s->count);
    size_t most = *slots < free_slots ? *slots : free_slots;
    if (most >
        claimable(slab)) /* exact under the lock: used is raised under it, and lowered late */
        most = claimable(slab);
    size_t n;
    out->span = s;
    out->pages = fr_span_fitting_pages(s, set, most, &n);
    out->reserved = n;
    int whole = out->pages == set;
    if (whole)
        pass_claim(slab, s, number);
    if (n) {
        fr_span_raise(slab, s, n);
        fr_fetch_add_relaxed(&slab->used, n);
        *slots -= n;
    }
    return whole;
}

/* A span is claimed in a few parts, each half of what is free. More than that means that the fallback
 * refuses, or that mutators are as fast: then it is left. */
static int may_go_on(struct fr_claim_scan *scan, const struct fr_span *s)
{
    scan->rounds = s == scan->again ? scan->rounds + 1 : 0;
    scan->again = s;
    return scan->rounds < ROUNDS_PER_SPAN;
}

size_t fr_slab_claim_pages(struct fr_claim_scan *scan, struct fr_page_claim *out, size_t max)
{
    struct fr_slab *slab = scan->slab;
    size_t slots = claimable(slab);
    size_t n = 0;
    /* From the emptiest up: claiming moves a span up, where it is met again if it was not done. */
    while (scan->bin < FR_BIN_COUNT && n < max) {
        fr_lock_acquire(&slab->lock, FR_RANK_SLAB);
        for (unsigned i = 0; i < CLAIM_PER_HOLD && n < max; i++) {
            struct fr_span *s = next_unclaimed(slab, scan);
            if (!s) {
                scan->bin++;
                break;
            }
            int whole = claim(slab, s, scan->number, &out[n], &slots);
            n += out[n].reserved != 0;
            if (!whole && n && may_go_on(scan, s)) {
                max = n; /* the rest of the span after what is claimed was released */
                break;
            }
            if (!whole)
                pass_claim(slab, s, scan->number); /* the class's last free slots */
        }
        fr_lock_release(&slab->lock, FR_RANK_SLAB);
    }
    return n;
}
