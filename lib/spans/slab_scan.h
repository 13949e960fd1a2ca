/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What reclaim does to the spans of a slab: it retires empty ones, and claims free pages of others.
 *
 * Retiring takes empty spans off the front of their list, in bounded holds of the slab lock, and
 * no more bytes than were empty when it began. Spans that become empty meanwhile go to the end of
 * the list. So a retirement ends beside threads that empty spans all the time, and it meets every
 * span that was empty when it began and still is.
 *
 * A claim scan visits the spans of every bin once, from the fullest bin down. Spans move down when
 * a search for the fullest meets them, hence into a bin that is still to come or into the part of
 * the current one that is still to come. (A scan from the emptiest bin up would miss them.) Spans
 * move up only when objects of them are reserved. A claim moves no span up, so that a span which
 * is claimed in parts stays where it will be met again.
 *   [K.1] A claim scan visits every span that is in a bin from its beginning to its end, but for
 *         spans of which a mutator reserves objects meanwhile.
 */
#ifndef FR_SLAB_SCAN_H
#define FR_SLAB_SCAN_H

#include "spans/slab.h"
#include "spans/span_pages.h"

/*
 * Retires empty spans of the class onto the private list *retired (linked by in_slab.next,
 * NULL-terminated) until *want bytes were found, and lowers *want by what was found. The spans are
 * withdrawn from the heap. May run beside other retirements and scans.
 */
void fr_slab_retire_empty(struct fr_heap *h, unsigned cls, struct fr_link **retired, size_t *want);

/*
 * Retires one empty span of the class, of `least` to `most` bytes and at least so aligned, if a
 * short look finds one; NULL otherwise. The span is withdrawn from the heap. Its memory and its
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
    struct fr_slab *slab;
    unsigned bins; /* still to visit: numbers below */
    /* claimed in part by the last call, and how often in a row */
    const struct fr_span *again;
    unsigned rounds;
};

/* Begins a scan for free pages of a class. */
void fr_slab_claims_begin(struct fr_heap *h, unsigned cls, struct fr_claim_scan *scan);

/* Goes on with the scan: up to `max` claims into out[]; returns how many, 0 at the scan's end.
 * What was claimed is to be released before the next call, which may then claim more of the same
 * span. */
size_t fr_slab_claim_pages(struct fr_claim_scan *scan, struct fr_page_claim *out, size_t max);

#endif /* FR_SLAB_SCAN_H */
