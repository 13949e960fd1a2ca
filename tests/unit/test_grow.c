/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Growth by itself: spans and metadata blocks from the fallback, and nothing left of what
 * failed. */
#include "check.h"
#include "spans/give.h"
#include "spans/grow.h"
#include "spans/meta.h"
#include "cache/instance.h"
#include "support/fixture.h"
#include "support/pattern.h"
#include "support/require.h"
#include "unit/runner.h"

#include <string.h>

#define SIZE ((size_t)96)

struct stage {
    struct fixture x;
    struct fr_heap *heap;
    unsigned cls;
};

static void stage_open(struct stage *s, unsigned features)
{
    const struct frusa_config config = {.flags = FRUSA_NO_THREAD_CACHE};
    fixture_open(&s->x, features, &config);
    s->heap = &fr_instance_of(s->x.f)->heap;
    s->cls = fr_class_of_size(SIZE);
}

/* Nothing but the instance itself is left after a reclaim. */
static void stage_close(struct stage *s)
{
    frusa_reclaim(s->x.f);
    ck_assert_uint_eq(fallback_blocks(&s->x.fallback), 1);
    fixture_close(&s->x);
}

/* A new span, of which nothing is reserved; NULL: the fallback refuses. */
static struct fr_span *grow_empty(struct stage *s)
{
    size_t got;
    struct fr_span *span = fr_grow(s->heap, s->cls, 0, &got, NULL);
    REQUIRE(!span || got == 0);
    REQUIRE(fr_heap_is_valid(s->x.f));
    return span;
}

START_TEST(test_spans_get_longer)
{
    struct stage s;
    size_t held = 0;
    stage_open(&s, FALLBACK_EVERYTHING);
    for (size_t i = 0; i < 20; i++) {
        struct fr_span *span = grow_empty(&s);
        REQUIRE(span != NULL);
        ck_assert_uint_eq(span->bytes, fr_class_span_bytes(s.cls, held));
        ck_assert_uint_eq(fr_load_relaxed(&span->count), 0);
        ck_assert_ptr_eq(fr_entry_span(fr_pagemap_get(&s.heap->map, span->base)), span);
        held += span->bytes;
        ck_assert_uint_eq(fr_load_relaxed(&s.heap->slabs[s.cls].held), held);
    }
    stage_close(&s);
}
END_TEST

/* No more is reserved than there is, and what is reserved is the caller's. */
START_TEST(test_reservations)
{
    struct stage s;
    void *out[1024];
    struct fr_misuse none = FR_NO_MISUSE;
    stage_open(&s, FALLBACK_EVERYTHING);
    size_t n;
    struct fr_span *span = fr_grow(s.heap, s.cls, 100000, &n, NULL);
    REQUIRE(span != NULL && span->capacity <= 1024);
    ck_assert_uint_eq(n, span->capacity);
    ck_assert_uint_eq(fr_load_relaxed(&span->count), n);
    ck_assert_uint_eq(fr_slab_take(s.heap, s.cls, 1, out, NULL), 0);
    fr_slab_take_reserved(s.heap, span, n, out, NULL);
    REQUIRE(fr_heap_is_valid(s.x.f));
    fr_slab_give(s.heap, s.cls, out, n, &none);
    ck_assert_int_eq(none.kind, FR_MISUSE_NONE);
    stage_close(&s);
}
END_TEST

/* Where there is no room for a long span, a short one will do. */
START_TEST(test_shorter_when_short_of_memory)
{
    struct stage s;
    const struct fault_plan first = {.fail = {1, 0}};
    stage_open(&s, FALLBACK_EVERYTHING);
    size_t least = fr_class_span_bytes_min(s.cls);
    while (fr_class_span_bytes(s.cls, fr_load_relaxed(&s.heap->slabs[s.cls].held)) == least) {
        struct fr_span *span = grow_empty(&s);
        REQUIRE(span != NULL);
    }
    fallback_set_plan(&s.x.fallback, &first);
    struct fr_span *span = grow_empty(&s);
    REQUIRE(span != NULL);
    ck_assert_uint_eq(span->bytes, least);
    ck_assert_uint_eq(fr_load_relaxed(&s.x.fallback.refused), 1);
    stage_close(&s);
}
END_TEST

/* Every call of the fallback refused in turn, for a class whose shortest span is the only one. */
START_TEST(test_every_refusal)
{
    size_t refusals = 0;
    for (size_t k = 1;; k++) {
        struct stage s;
        const struct fault_plan plan = {.fail = {k, 0}};
        stage_open(&s, FALLBACK_DIRTY);
        fallback_set_plan(&s.x.fallback, &plan);
        struct fr_span *span = grow_empty(&s);
        int refused = fr_load_relaxed(&s.x.fallback.refused) != 0;
        ck_assert_int_eq(span == NULL, refused);
        REQUIRE(fr_heap_is_valid(s.x.f));
        refusals += (size_t)refused;
        stage_close(&s);
        if (!refused)
            break;
    }
    ck_assert_uint_ge(refusals, 2); /* metadata, and the span */
}
END_TEST

/* Blocks of metadata: zero, whatever the fallback and former users left in them, and each its
 * own. */
START_TEST(test_metadata_blocks)
{
    enum { BLOCKS = 200 };
    struct stage s;
    void *blocks[BLOCKS];
    stage_open(&s, FALLBACK_DIRTY);
    for (size_t bytes = 1; bytes <= FR_META_MAX_SIZE; bytes = bytes * 3 + 7)
        for (int round = 0; round < 2; round++) {
            for (size_t i = 0; i < BLOCKS; i++) {
                REQUIRE((blocks[i] = fr_meta_alloc(s.heap, bytes, NULL)) != NULL);
                REQUIRE(fr_is_aligned(blocks[i], FR_SPAN_ALIGN));
                pattern_require_zero(blocks[i], bytes);
                memset(blocks[i], 0xa5, bytes);
            }
            REQUIRE(fr_heap_is_valid(s.x.f));
            for (size_t i = 0; i < BLOCKS; i++)
                fr_meta_free(s.heap, blocks[i], bytes);
        }
    stage_close(&s);
}
END_TEST

RUNNER_MAIN("growth", test_spans_get_longer, test_reservations, test_shorter_when_short_of_memory,
            test_every_refusal, test_metadata_blocks)
