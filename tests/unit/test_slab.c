/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Slabs by themselves, in an instance that nobody else uses: batches, bins, misuse, and what
 * reclaim does. */
#include "check.h"
#include "spans/give.h"
#include "spans/grow.h"
#include "cache/instance.h"
#include "spans/release.h"
#include "spans/slab_list.h"
#include "spans/slab_scan.h"
#include "port/pages.h"
#include "support/build.h"
#include "support/fixture.h"
#include "support/random.h"
#include "support/require.h"
#include "support/threads.h"
#include "unit/runner.h"

#include <string.h>

#define SIZE ((size_t)512)

struct stage {
    struct fixture x;
    struct fr_heap *heap;
    unsigned cls;
};

static void stage_open(struct stage *s)
{
    const struct frusa_config config = {.flags = FRUSA_NO_THREAD_CACHE};
    fixture_open(&s->x, FALLBACK_EVERYTHING, &config);
    s->heap = &fr_instance_of(s->x.f)->heap;
    s->cls = fr_class_of_size(SIZE);
}

static void stage_close(struct stage *s)
{
    frusa_reclaim(s->x.f);
    fixture_close(&s->x);
}

static void require_valid(struct stage *s)
{
    REQUIRE(fr_slab_is_valid(s->heap, s->cls));
    REQUIRE(fr_heap_is_valid(s->x.f));
}

/* A new span of the class, linked, with nothing taken; the slab's longest kind. */
static struct fr_span *new_span(struct stage *s)
{
    void *object;
    struct fr_misuse none = FR_NO_MISUSE;
    size_t got;
    struct fr_span *span = fr_grow(s->heap, s->cls, 1, &got, NULL);
    REQUIRE(span != NULL && got == 1);
    fr_slab_take_reserved(s->heap, span, 1, &object, NULL);
    fr_slab_give(s->heap, s->cls, &object, 1, &none);
    REQUIRE(none.kind == FR_MISUSE_NONE);
    return span;
}

static struct fr_span *span_of(struct stage *s, const void *object)
{
    return fr_entry_span(fr_pagemap_get(&s->heap->map, object));
}

static size_t count_of(const struct fr_span *span)
{
    return fr_load_relaxed(&span->count);
}

static void give(struct stage *s, void *const *objects, size_t n)
{
    struct fr_misuse m = FR_NO_MISUSE;
    fr_slab_give(s->heap, s->cls, objects, n, &m);
    REQUIRE(m.kind == FR_MISUSE_NONE);
}

START_TEST(test_empty_slab_has_nothing)
{
    struct stage s;
    void *out[4];
    stage_open(&s);
    ck_assert_uint_eq(fr_slab_take(s.heap, s.cls, 4, out, NULL), 0);
    require_valid(&s);
    stage_close(&s);
}
END_TEST

/* Full: off the lists. One back: on one of them again [S.4] [S.6]. */
START_TEST(test_full_and_not)
{
    struct stage s;
    static void *out[4096];
    stage_open(&s);
    struct fr_span *span = new_span(&s);
    size_t capacity = span->capacity;
    size_t got = 0;
    while (got < capacity)
        got += fr_slab_take(s.heap, s.cls, capacity - got, out + got, NULL);
    ck_assert_uint_eq(got, capacity);
    ck_assert_uint_eq(span->bin, FR_BIN_NONE);
    ck_assert_uint_eq(fr_slab_take(s.heap, s.cls, 1, out, NULL), 0);
    require_valid(&s);
    give(&s, &out[capacity / 2], 1);
    ck_assert_uint_ne(span->bin, FR_BIN_NONE);
    require_valid(&s);
    void *again;
    ck_assert_uint_eq(fr_slab_take(s.heap, s.cls, 9, &again, NULL), 1);
    ck_assert_ptr_eq(again, out[capacity / 2]);
    give(&s, out, capacity);
    ck_assert_uint_eq(count_of(span), 0);
    ck_assert_uint_eq(fr_load_relaxed(&s.heap->empties[s.cls].bytes), span->bytes);
    require_valid(&s);
    stage_close(&s);
}
END_TEST

/* The fullest span is used first, so that the others drain. */
START_TEST(test_fullest_first)
{
    struct stage s;
    struct fr_span *spans[5];
    void *out[4096];
    stage_open(&s);
    for (size_t i = 0; i < 5; i++)
        spans[i] = new_span(&s);
    /* spans[i] at about i fifths, taken from it directly */
    for (size_t i = 1; i < 5; i++) {
        size_t n = spans[i]->capacity * i / 5;
        fr_lock_acquire(&s.heap->slabs[s.cls].lock, FR_RANK_SLAB);
        fr_span_raise(spans[i], n);
        fr_lock_release(&s.heap->slabs[s.cls].lock, FR_RANK_SLAB);
        fr_slab_take_reserved(s.heap, spans[i], n, out, NULL);
    }
    require_valid(&s);
    ck_assert_uint_eq(fr_slab_take(s.heap, s.cls, 1, out, NULL), 1);
    ck_assert_ptr_eq(span_of(&s, out[0]), spans[4]);
    /* One batch goes on with the next fullest when a span is used up. */
    size_t rest = (size_t)spans[4]->capacity - count_of(spans[4]);
    ck_assert_uint_eq(fr_slab_take(s.heap, s.cls, rest + 1, out, NULL), rest + 1);
    ck_assert_uint_eq(count_of(spans[4]), spans[4]->capacity);
    ck_assert_ptr_eq(span_of(&s, out[rest]), spans[3]);
    ck_assert_uint_eq(count_of(spans[0]), 0);
    require_valid(&s);
    for (size_t i = 0; i < 5; i++)
        for (size_t slot = 0; slot < spans[i]->capacity; slot++) {
            void *object = fr_span_object(spans[i], slot);
            if (fr_load_relaxed(&spans[i]->taken[slot / FR_WORD_BITS]) >> (slot % FR_WORD_BITS) & 1)
                give(&s, &object, 1);
        }
    stage_close(&s);
}
END_TEST

/* Of single objects it is known whether anybody had them before. */
START_TEST(test_fresh)
{
    struct stage s;
    void *first, *second;
    int is_fresh;
    stage_open(&s);
    new_span(&s); /* slot 0 was handed out and came back */
    ck_assert_uint_eq(fr_slab_take(s.heap, s.cls, 1, &first, &is_fresh), 1);
    int first_is_slot_0 = fr_span_object(span_of(&s, first), 0) == (char *)first;
    ck_assert_int_eq(is_fresh, !first_is_slot_0);
    ck_assert_uint_eq(fr_slab_take(s.heap, s.cls, 1, &second, &is_fresh), 1);
    ck_assert_int_eq(is_fresh, 1);
    give(&s, &second, 1);
    give(&s, &first, 1);
    ck_assert_uint_eq(fr_slab_take(s.heap, s.cls, 1, &first, &is_fresh), 1);
    ck_assert_int_eq(is_fresh, 0);
    give(&s, &first, 1);
    stage_close(&s);
}
END_TEST

/* ---- misuse ---- */

/* Gives three objects, the middle one a mistake: it is noted, the others go back. */
static void require_noted(struct stage *s, enum fr_misuse_kind kind, void *ptr)
{
    struct fr_misuse m = FR_NO_MISUSE;
    void *objects[3];
    ck_assert_uint_eq(fr_slab_take(s->heap, s->cls, 3, objects, NULL), 3);
    void *kept = objects[1];
    size_t used = fr_load_relaxed(&s->heap->slabs[s->cls].used);
    objects[1] = ptr;
    fr_slab_give(s->heap, s->cls, objects, 3, &m);
    ck_assert_int_eq(m.kind, kind);
    ck_assert_ptr_eq(m.ptr, ptr);
    ck_assert_uint_eq(fr_load_relaxed(&s->heap->slabs[s->cls].used), used - 2);
    require_valid(s);
    give(s, &kept, 1);
}

START_TEST(test_misuse_is_noted)
{
    struct stage s;
    struct fixture other;
    static char nowhere[4096];
    stage_open(&s);
    fixture_open(&other, 0, NULL);
    struct fr_span *span = new_span(&s);
    void *free_object = fr_span_object(span, span->capacity - 1u);
    void *smaller = frusa_alloc(s.x.f, 32, 0);
    void *large = frusa_alloc(s.x.f, 8 << 20, 0);
    void *foreign = frusa_alloc(other.f, SIZE, 0);
    void *object = frusa_alloc(s.x.f, SIZE, 0);
    REQUIRE(smaller && large && foreign && object);
    require_noted(&s, FR_DOUBLE_FREE, free_object);
    require_noted(&s, FR_INVALID_POINTER, (char *)object + 16);
    require_noted(&s, FR_INVALID_POINTER, nowhere + 16);
    require_noted(&s, FR_INVALID_POINTER, span); /* a descriptor is no object */
    require_noted(&s, FR_LAYOUT_MISMATCH, smaller);
    require_noted(&s, FR_LAYOUT_MISMATCH, large);
    require_noted(&s, FR_INVALID_POINTER, (char *)large + 4096);
    /* A freestanding instance knows nobody else's objects. */
    require_noted(&s, BUILD_IS_HOSTED ? FR_WRONG_INSTANCE : FR_INVALID_POINTER, foreign);
    frusa_dealloc(s.x.f, object, SIZE, 0);
    frusa_dealloc(other.f, foreign, SIZE, 0);
    frusa_dealloc(s.x.f, large, 8 << 20, 0);
    frusa_dealloc(s.x.f, smaller, 32, 0);
    fixture_close(&other);
    stage_close(&s);
}
END_TEST

/* The first one counts; twice in one batch is twice too. */
START_TEST(test_first_misuse_counts)
{
    struct stage s;
    void *objects[2];
    struct fr_misuse m = FR_NO_MISUSE;
    stage_open(&s);
    new_span(&s);
    ck_assert_uint_eq(fr_slab_take(s.heap, s.cls, 2, objects, NULL), 2);
    void *batch[] = {objects[0], objects[0], objects[1], objects[1]};
    fr_slab_give(s.heap, s.cls, batch, 4, &m);
    ck_assert_int_eq(m.kind, FR_DOUBLE_FREE);
    ck_assert_ptr_eq(m.ptr, objects[0]);
    ck_assert_uint_eq(fr_load_relaxed(&s.heap->slabs[s.cls].used), 0);
    require_valid(&s);
    stage_close(&s);
}
END_TEST

/* ---- what reclaim does ---- */

/* Hands retired spans back; returns how many. */
static size_t drop_retired(struct stage *s, struct fr_link *retired)
{
    size_t n = 0;
    for (struct fr_link *link = retired; link; link = link->next) {
        struct fr_span *span = fr_span_of_slab_link(link);
        ck_assert_uint_eq(count_of(span), FR_RETIRED);
        ck_assert_ptr_null(span_of(s, span->base));
        n++;
    }
    fr_release_retired(s->heap, retired, FR_DATA_SPANS, fr_release_passes(s->heap));
    return n;
}

START_TEST(test_retire_empty)
{
    struct stage s;
    void *object;
    size_t want = SIZE_MAX;
    struct fr_link *retired = NULL;
    stage_open(&s);
    for (size_t i = 0; i < 40; i++)
        new_span(&s);
    ck_assert_uint_eq(fr_slab_take(s.heap, s.cls, 1, &object, NULL), 1);
    fr_slab_retire_empty(s.heap, s.cls, &retired, &want);
    ck_assert_uint_eq(drop_retired(&s, retired), 39);
    require_valid(&s);
    retired = NULL;
    fr_slab_retire_empty(s.heap, s.cls, &retired, &want);
    ck_assert_ptr_null(retired);
    give(&s, &object, 1);
    stage_close(&s);
}
END_TEST

START_TEST(test_retire_as_much_as_wanted)
{
    struct stage s;
    struct fr_link *retired = NULL;
    stage_open(&s);
    for (size_t i = 0; i < 10; i++)
        new_span(&s);
    size_t want = 1;
    fr_slab_retire_empty(s.heap, s.cls, &retired, &want);
    ck_assert_uint_eq(want, 0);
    ck_assert_uint_eq(drop_retired(&s, retired), 1);
    require_valid(&s);
    stage_close(&s);
}
END_TEST

START_TEST(test_retire_one)
{
    struct stage s;
    stage_open(&s);
    struct fr_span *span = new_span(&s);
    size_t bytes = span->bytes;
    ck_assert_ptr_null(fr_slab_retire_one(s.heap, s.cls, bytes + 1, SIZE_MAX, 1));
    ck_assert_ptr_null(fr_slab_retire_one(s.heap, s.cls, 1, bytes - 1, 1));
    ck_assert_ptr_null(fr_slab_retire_one(s.heap, s.cls, 1, SIZE_MAX, 2 * fr_span_align(span)));
    require_valid(&s);
    ck_assert_ptr_eq(fr_slab_retire_one(s.heap, s.cls, bytes, bytes, 1), span);
    ck_assert_ptr_null(fr_slab_retire_one(s.heap, s.cls, 1, SIZE_MAX, 1));
    span->in_slab.next = NULL; /* a private list of one */
    ck_assert_uint_eq(drop_retired(&s, &span->in_slab), 1);
    require_valid(&s);
    stage_close(&s);
}
END_TEST

static int count_rows(const struct frusa_span_info *row, void *arg)
{
    (void)row;
    ++*(size_t *)arg;
    return 0;
}

/* Between its retirement and its leaving the lists a span is nobody's: a walk does not show it. */
START_TEST(test_retired_is_not_shown)
{
    struct stage s;
    size_t rows = 0;
    stage_open(&s);
    struct fr_span *span = new_span(&s);
    frusa_walk(s.x.f, count_rows, &rows);
    ck_assert_uint_eq(rows, 1);
    fr_store_relaxed(&span->count, FR_RETIRED);
    frusa_walk(s.x.f, count_rows, &rows);
    ck_assert_uint_eq(rows, 1);
    fr_store_relaxed(&span->count, 0);
    stage_close(&s);
}
END_TEST

/* Takes every run of claimed pages, or releases it; returns the pages. */
static size_t for_each_run(struct fr_page_claim *claim, int take)
{
    size_t set = claim->pages;
    size_t total = 0;
    while (set) {
        size_t pages;
        size_t page = fr_pages_next_run(&set, &pages);
        struct fr_slot_run run = fr_span_slots_of_pages(claim->span, page, pages);
        if (take)
            REQUIRE(fr_span_take_run(claim->span, run));
        else
            fr_span_untake_run(claim->span, run);
        total += pages;
    }
    return total;
}

/* Gives objects back, but for the first one of each span: these are moved to the front. Returns
 * how many those are. */
static size_t give_all_but_one_of_each_span(struct stage *s, void **objects, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < kept && span_of(s, objects[k]) != span_of(s, objects[i]))
            k++;
        if (k < kept)
            give(s, &objects[i], 1);
        else
            objects[kept++] = objects[i];
    }
    return kept;
}

/* Claims: whole free pages, and never more than half of what is free at a time [G.3]. */
START_TEST(test_claim_pages)
{
    if (fr_page_size() > FR_PAGE_SIZE)
        return; /* counts in small pages */
    struct stage s;
    void *out[4096];
    struct fr_claim_scan scan;
    struct fr_page_claim claim;
    size_t claimed = 0;
    stage_open(&s);
    while (fr_load_relaxed(&s.heap->slabs[s.cls].slots) < 256)
        new_span(&s);
    size_t slots = fr_load_relaxed(&s.heap->slabs[s.cls].slots);
    size_t n = 0;
    while (n < slots)
        n += fr_slab_take(s.heap, s.cls, slots - n, out + n, NULL);
    fr_slab_claims_begin(s.heap, s.cls, &scan);
    ck_assert_uint_eq(fr_slab_claim_pages(&scan, &claim, 1), 0); /* nothing is free */
    size_t kept = give_all_but_one_of_each_span(&s, out, slots);
    fr_slab_claims_begin(s.heap, s.cls, &scan);
    while (fr_slab_claim_pages(&scan, &claim, 1)) {
        ck_assert_uint_gt(claim.reserved, 0);
        ck_assert_uint_le(claim.reserved, slots / 2);
        size_t pages = for_each_run(&claim, 1);
        ck_assert_uint_eq(fr_heap_mark_purged(s.heap, claim.span, claim.pages),
                          pages * FR_PAGE_SIZE);
        claimed += pages;
        for_each_run(&claim, 0);
        fr_slab_unreserve(claim.span, claim.reserved);
    }
    /* All pages but those with an object, and the little that a round may leave. */
    ck_assert_uint_gt(claimed, (slots * SIZE / FR_PAGE_SIZE - kept) / 2);
    require_valid(&s);
    give(&s, out, kept);
    stage_close(&s);
}
END_TEST

/* Purges what is claimed, without a fallback; returns the pages. */
static size_t settle(struct stage *s, struct fr_page_claim *claim)
{
    size_t pages = for_each_run(claim, 1);
    fr_heap_mark_purged(s->heap, claim->span, claim->pages);
    for_each_run(claim, 0);
    fr_slab_unreserve(claim->span, claim->reserved);
    return pages;
}

/* A slab of spans that were full and have one object each now; the objects in kept[]. Returns how
 * many spans. */
static size_t make_sparse_spans(struct stage *s, void **objects, size_t most)
{
    while (fr_load_relaxed(&s->heap->slabs[s->cls].slots) < most / 2)
        new_span(s);
    size_t slots = fr_load_relaxed(&s->heap->slabs[s->cls].slots);
    size_t n = 0;
    REQUIRE(slots <= most);
    while (n < slots)
        n += fr_slab_take(s->heap, s->cls, slots - n, objects + n, NULL);
    return give_all_but_one_of_each_span(s, objects, slots);
}

/* [K.1] A mutator looks for the fullest span between two steps of the scan, and moves sparse spans
 * down on its way. */
START_TEST(test_claims_meet_what_moves_down)
{
    struct stage s;
    enum { MOST = 4096 };
    static void *objects[MOST];
    struct fr_claim_scan scan;
    struct fr_page_claim claim;
    stage_open(&s);
    size_t spans = make_sparse_spans(&s, objects, MOST);
    ck_assert_uint_gt(spans, 12);
    fr_slab_claims_begin(s.heap, s.cls, &scan);
    while (fr_slab_claim_pages(&scan, &claim, 1)) {
        void *object;
        settle(&s, &claim);
        ck_assert_uint_eq(fr_slab_take(s.heap, s.cls, 1, &object, NULL), 1);
        give(&s, &object, 1);
    }
    for (size_t i = 0; i < spans; i++) {
        struct fr_span *span = span_of(&s, objects[i]);
        REQUIRE_MSG(span->seen == s.heap->slabs[s.cls].scan, "span %zu was not met", i);
    }
    require_valid(&s);
    give(&s, objects, spans);
    stage_close(&s);
}
END_TEST

/* A scan's number is compared for equality only, so it may wrap. */
START_TEST(test_claims_after_many_scans)
{
    if (fr_page_size() > FR_PAGE_SIZE)
        return; /* counts in small pages */
    static const uint32_t numbers[] = {0x7fffffffu, 0x80000000u, 0xfffffffeu, 0xffffffffu};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct stage s;
        enum { MOST = 1024 };
        static void *objects[MOST];
        struct fr_claim_scan scan;
        struct fr_page_claim claim;
        size_t pages = 0;
        stage_open(&s);
        s.heap->slabs[s.cls].scan = numbers[i];
        size_t spans = make_sparse_spans(&s, objects, MOST);
        fr_slab_claims_begin(s.heap, s.cls, &scan);
        while (fr_slab_claim_pages(&scan, &claim, 1))
            pages += settle(&s, &claim);
        ck_assert_uint_ge(pages, spans);
        give(&s, objects, spans);
        stage_close(&s);
    }
}
END_TEST

/* Empty spans are found without a look at any other, the longest empty first; allocation takes the
 * last one. */
START_TEST(test_order_of_empty_spans)
{
    struct stage s;
    struct fr_span *spans[3];
    void *objects[3][4096];
    struct fr_link *retired = NULL;
    size_t want = 1;
    stage_open(&s);
    for (size_t i = 0; i < 3; i++) {
        spans[i] = new_span(&s);
        size_t n = spans[i]->capacity;
        for (size_t got = 0; got < n;)
            got += fr_slab_take(s.heap, s.cls, n - got, objects[i] + got, NULL);
    }
    for (size_t i = 0; i < 3; i++)
        give(&s, objects[i], spans[i]->capacity);
    ck_assert_uint_eq(fr_slab_take(s.heap, s.cls, 1, objects[0], NULL), 1);
    ck_assert_ptr_eq(span_of(&s, objects[0][0]), spans[2]);
    fr_slab_retire_empty(s.heap, s.cls, &retired, &want);
    ck_assert_ptr_eq(fr_span_of_slab_link(retired), spans[0]);
    ck_assert_uint_eq(drop_retired(&s, retired), 1);
    require_valid(&s);
    give(&s, objects[0], 1);
    stage_close(&s);
}
END_TEST

/* ---- threads ---- */

enum { THREADS = 6 };

/* Batches of all lengths, own objects alone; the slab grows when it has to. */
static void take_and_give(void *arg, size_t index)
{
    struct stage *s = arg;
    struct random r = random_stream(env_seed(46), index);
    for (size_t i = 0; i < env_scale(8000, 200); i++) {
        void *out[100];
        size_t want = random_between(&r, 1, 100);
        size_t n = fr_slab_take(s->heap, s->cls, want, out, NULL);
        if (n == 0) {
            struct fr_span *span = fr_grow(s->heap, s->cls, 1, &n, NULL);
            REQUIRE(span != NULL && n == 1);
            fr_slab_take_reserved(s->heap, span, n, out, NULL);
        }
        for (size_t k = 0; k < n; k++)
            memset(out[k], (int)index, SIZE);
        for (size_t k = 0; k < n; k++)
            REQUIRE(*(unsigned char *)out[k] == index);
        random_shuffle(&r, out, n);
        give(s, out, n);
        if (i % 64 == 0)
            frusa_reclaim(s->x.f);
    }
}

START_TEST(test_threads)
{
    static struct stage s;
    stage_open(&s);
    team_run(THREADS, take_and_give, &s);
    require_valid(&s);
    ck_assert_uint_eq(fr_load_relaxed(&s.heap->slabs[s.cls].used), 0);
    stage_close(&s);
}
END_TEST

RUNNER_MAIN("slabs", test_empty_slab_has_nothing, test_full_and_not, test_fullest_first, test_fresh,
            test_misuse_is_noted, test_first_misuse_counts, test_retire_empty,
            test_retire_as_much_as_wanted, test_retire_one, test_retired_is_not_shown,
            test_claim_pages, test_claims_meet_what_moves_down, test_claims_after_many_scans,
            test_order_of_empty_spans, test_threads)
