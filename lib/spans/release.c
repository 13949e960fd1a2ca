/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/release.h"

#include "spans/checked.h"
#include "spans/large.h"
#include "spans/slab_scan.h"
#include "spans/watch.h"

/* Ranges of one batch: what one vectored system call takes well. */
#define BATCH FR_BATCH_RANGES

/* By alignment, then by address: a batch has one alignment and ascends. */
static int is_before(const struct fr_span *a, const struct fr_span *b)
{
    return a->align_log2 != b->align_log2 ? a->align_log2 < b->align_log2 : a->base <= b->base;
}

static struct fr_link *merge(struct fr_link *a, struct fr_link *b)
{
    struct fr_link head;
    struct fr_link *tail = &head;
    while (a && b) {
        struct fr_link **from =
            is_before(fr_span_of_slab_link(a), fr_span_of_slab_link(b)) ? &a : &b;
        tail->next = *from;
        tail = *from;
        *from = (*from)->next;
    }
    tail->next = a ? a : b;
    return head.next;
}

/* Bottom-up merge sort of a list: bin i holds a sorted list of 2^i members, or NULL (as in D. E. Knuth,
 * The Art of Computer Programming 3, 5.2.4, exercise on list merging). No recursion, no memory. */
static struct fr_link *sort(struct fr_link *list)
{
    struct fr_link *bins[FR_WORD_BITS] = {NULL};
    struct fr_link *sorted = NULL;
    while (list) {
        struct fr_link *one = list;
        list = list->next;
        one->next = NULL;
        unsigned i = 0;
        for (; bins[i]; i++) {
            one = merge(bins[i], one);
            bins[i] = NULL;
        }
        bins[i] = one;
    }
    for (unsigned i = 0; i < FR_WORD_BITS; i++)
        sorted = merge(bins[i], sorted);
    return sorted;
}

static enum fr_purpose purpose_of(enum fr_span_kind kind)
{
    return kind == FR_DATA_SPANS   ? FR_FOR_SPANS
           : kind == FR_META_SPANS ? FR_FOR_METADATA
                                   : FR_FOR_LARGE;
}

size_t fr_release_retired(struct fr_heap *h, struct fr_link *retired, enum fr_span_kind kind)
{
    struct frusa_range ranges[BATCH];
    size_t bytes = 0;
    struct fr_link *link = sort(retired);
    while (link) {
        size_t n = 0;
        size_t align = fr_span_align(fr_span_of_slab_link(link));
        while (link && n < BATCH && fr_span_align(fr_span_of_slab_link(link)) == align) {
            struct fr_span *s = fr_span_of_slab_link(link);
            link = link->next;
            ranges[n].ptr = s->base;
            ranges[n++].size = s->bytes;
            bytes += s->bytes;
            if (fr_heap_is_watched(h) && kind == FR_DATA_SPANS)
                fr_unwatch_span(s);
            /* From here on only the copy is used: a metadata span goes together with its descriptor. */
            fr_meta_free_descriptor(h, s);
        }
        fr_fallback_dealloc_batch(&h->backing, ranges, n, align, purpose_of(kind));
    }
    return bytes;
}

size_t fr_release_empty_metadata(struct fr_heap *h, size_t *want)
{
    struct fr_link *retired = NULL;
    for (unsigned cls = FR_META_FIRST; cls < FR_CLASS_LARGE && *want; cls++)
        fr_slab_retire_empty(h, cls, &retired, want);
    return fr_release_retired(h, retired, FR_META_SPANS);
}

void fr_release_everything(struct fr_heap *h)
{
    static const enum fr_span_kind order[] = {FR_DATA_SPANS, FR_LARGE_SPANS, FR_META_SPANS};
    for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
        struct fr_link *list = NULL;
        struct fr_link *head = &h->all.kinds[order[k]];
        for (struct fr_link *link = head->next; link != head; link = link->next) {
            struct fr_span *s = fr_span_of_all_link(link);
            if (fr_heap_is_watched(h) && order[k] == FR_DATA_SPANS)
                fr_checked_forget(s);
            else
                fr_large_forget(s);
            fr_pagemap_clear(&h->map, s->base, order[k] == FR_LARGE_SPANS ? 1 : s->bytes, s->outer);
            s->in_slab.next = list;
            list = &s->in_slab;
        }
        fr_list_init(head);
        fr_release_retired(h, list, order[k]);
    }
}
