/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/release.h"

#include "port/tls.h"
#include "port/wait.h"
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

/* Bottom-up merge sort of a list: bin i holds a sorted list of 2^i members, or NULL (as in D. E.
 * Knuth, The Art of Computer Programming 3, 5.2.4, exercise on list merging). No recursion, no
 * memory. Not inlined: the bins must be off the stack when the fallback is called. */
static FR_NOINLINE struct fr_link *sort(struct fr_link *list)
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

struct fr_release_job {
    struct fr_release_job *next;
    struct fr_link *spans; /* what is left, sorted */
    enum fr_span_kind kind;
    size_t passes;      /* over the metadata, begun before the spans were retired [L.1] */
    const void *thread; /* fr_thread_id of the owner */
};

/* A batch in the hands of one thread. */
struct batch {
    struct fr_link *spans; /* n of them, then perhaps the rest of the job */
    size_t n;
    size_t align;
    enum fr_span_kind kind;
    size_t passes; /* the job's */
};

/* Under the lock: takes leading spans of one alignment off a job. */
static void take_batch(const struct fr_heap *h, struct fr_release_job *job, struct batch *b)
{
    /* A fallback that takes one block a call gets one: others can help with the rest. */
    size_t most = h->backing.ops.dealloc_batch ? BATCH : 1;
    b->n = 0;
    b->kind = job->kind;
    b->passes = job->passes;
    b->spans = job->spans;
    if (job->spans)
        b->align = fr_span_align(fr_span_of_slab_link(job->spans));
    while (job->spans && b->n < most &&
           fr_span_align(fr_span_of_slab_link(job->spans)) == b->align) {
        job->spans = job->spans->next;
        b->n++;
    }
}

/* The bytes of the block that a span lies in. */
static size_t block_bytes(const struct fr_span *s, enum fr_span_kind kind)
{
    return kind == FR_LARGE_SPANS ? s->room : s->bytes;
}

/* Hands a batch to the fallback. Not inlined: the ranges must be off the stack when the caller goes
 * on to the metadata. */
static FR_NOINLINE void give_batch(struct fr_heap *h, const struct batch *b)
{
    struct frusa_range ranges[BATCH];
    size_t bytes = 0;
    struct fr_link *link = b->spans;
    for (size_t i = 0; i < b->n; i++) {
        struct fr_span *s = fr_span_of_slab_link(link);
        link = link->next;
        ranges[i].ptr = s->base;
        ranges[i].size = block_bytes(s, b->kind);
        bytes += ranges[i].size;
        if (fr_heap_is_watched(h) && b->kind == FR_DATA_SPANS)
            fr_unwatch_span(s);
        /* From here on only the copy is used: a metadata span goes together with its descriptor. */
        fr_meta_free_descriptor(h, s);
    }
    fr_fallback_dealloc_batch(&h->backing, ranges, b->n, b->align, purpose_of(b->kind));
    fr_heap_settle(h, bytes);
}

static size_t bytes_of(struct fr_link *list)
{
    size_t bytes = 0;
    for (; list; list = list->next)
        bytes += fr_span_of_slab_link(list)->bytes;
    return bytes;
}

/* Under the lock. */
static void remove_job(struct fr_heap *h, const struct fr_release_job *job)
{
    struct fr_release_job **at = &h->releases.jobs;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
}

size_t fr_release_passes(const struct fr_heap *h)
{
    return fr_load_acquire(&h->releases.metadata_passes);
}

size_t fr_release_later_metadata(struct fr_heap *h, size_t passes)
{
    size_t all = (size_t)-1;
    fr_fence_full(); /* [L.1] */
    if (fr_load_relaxed(&h->releases.metadata_passes) == passes)
        return 0;
    return fr_release_empty_metadata(h, &all);
}

size_t fr_release_retired(struct fr_heap *h, struct fr_link *retired, enum fr_span_kind kind,
                          size_t passes)
{
    struct fr_release_job job = {NULL, sort(retired), kind, passes, fr_thread_id()};
    struct batch b;
    size_t bytes = bytes_of(job.spans);
    if (bytes == 0)
        return 0;
    fr_all_spans_guard(&h->all);
    job.next = h->releases.jobs;
    h->releases.jobs = &job;
    for (;;) {
        take_batch(h, &job, &b);
        if (b.n == 0)
            break;
        fr_all_spans_unguard(&h->all);
        give_batch(h, &b);
        fr_all_spans_guard(&h->all);
    }
    remove_job(h, &job);
    fr_all_spans_unguard(&h->all);
    fr_pagemap_trim_excess(&h->map);
    return kind == FR_DATA_SPANS ? bytes + fr_release_later_metadata(h, passes) : bytes;
}

size_t fr_release_empty_metadata(struct fr_heap *h, size_t *want)
{
    struct fr_link *retired = NULL;
    size_t passes = fr_release_passes(h);
    fr_fetch_add_relaxed(&h->releases.metadata_passes, 1);
    fr_fence_full(); /* [L.1] */
    for (unsigned cls = FR_META_FIRST; cls < FR_CLASS_LARGE && *want; cls++)
        fr_slab_retire_empty(h, cls, &retired, want);
    return fr_release_retired(h, retired, FR_META_SPANS, passes);
}

/* Rounds of fr_back_off: about a tenth of a second. */
#define WAIT_ROUNDS 160

/* While other threads have spans on the way to the fallback: waits until it has taken some of
 * them. Not from within the fallback itself, where the thread would wait for its own call. */
static int wait_for_others(struct fr_heap *h, int is_own)
{
    size_t before = fr_load_relaxed(&h->settled);
    unsigned round = 0;
    if (is_own || fr_load_relaxed(&h->withdrawn) == 0)
        return 0;
    for (unsigned i = 0; i < WAIT_ROUNDS; i++) {
        if (fr_load_relaxed(&h->settled) != before)
            return 1;
        fr_back_off(&round);
    }
    return 0;
}

int fr_release_help(struct fr_heap *h)
{
    struct batch b = {.n = 0};
    int is_own = 0;
    fr_all_spans_guard(&h->all);
    for (struct fr_release_job *job = h->releases.jobs; job && b.n == 0; job = job->next) {
        is_own |= job->thread == fr_thread_id();
        take_batch(h, job, &b);
    }
    fr_all_spans_unguard(&h->all);
    if (b.n == 0)
        return wait_for_others(h, is_own);
    give_batch(h, &b);
    fr_release_later_metadata(h, b.passes);
    return 1;
}

void fr_release_after_fork(struct fr_heap *h)
{
    struct fr_release_job **at = &h->releases.jobs;
    while (*at)
        if ((*at)->thread == fr_thread_id())
            at = &(*at)->next;
        else
            *at = (*at)->next;
    fr_heap_forget_withdrawn(h);
}
