/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What reclaim does to the spans of a slab: retire empty ones, claim free pages. Callers hold the recall
 * lock, so that there is one scan at a time; fr_slab_retire_one alone needs no lock held. */
#ifndef FR_SLAB_SCAN_H
#define FR_SLAB_SCAN_H

#include "spans/slab.h"
#include "spans/span_pages.h"

/*
 * Retires every empty span of the class onto the private list *retired (linked by in_slab.next,
 * NULL-terminated), in bounded holds of the slab lock; stops once *want bytes were found and lowers
 * *want by what it found. The spans are dropped from the page map and from the list of all spans.
 */
void fr_slab_retire_empty(struct fr_heap *h, unsigned cls, struct fr_link **retired, size_t *want);

/*
 * Retires one empty span of the class, of `least` to `most` bytes and at least so aligned, if a short look finds
 * one; NULL otherwise. It is dropped from the page map and from the list of all spans; its memory and its
 * descriptor are the caller's. No page of it is purged.
 */
struct fr_span *fr_slab_retire_one(struct fr_heap *h, unsigned cls, size_t least, size_t most,
                                   size_t align);

/* Free pages of a span whose slots are reserved for a purge; they remain to be taken. */
struct fr_page_claim {
    struct fr_span *span;
    size_t pages;    /* set, see span_pages.h */
    size_t reserved; /* slots */
};

struct fr_claim_scan {
    struct fr_heap *heap;
    struct fr_slab *slab;
    unsigned bin;
    uint32_t number;
    const struct fr_span *again; /* claimed in part by the last call, and how often in a row */
    unsigned rounds;
};

/* Begins a scan for free pages of a class. */
void fr_slab_claims_begin(struct fr_heap *h, unsigned cls, struct fr_claim_scan *scan);

/* Goes on with it: up to `max` claims into out[]; returns how many, 0 at the scan's end. What was claimed is
 * to be released before the next call, which may then claim more of the same span. */
size_t fr_slab_claim_pages(struct fr_claim_scan *scan, struct fr_page_claim *out, size_t max);

#endif /* FR_SLAB_SCAN_H */
