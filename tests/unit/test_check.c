/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The validity checks themselves: each part of an instance broken in turn is noticed, and repaired
 * is not. */
#include "cache/cache.h"
#include "check.h"
#include "spans/grow.h"
#include "cache/instance.h"
#include "support/fixture.h"
#include "support/require.h"
#include "unit/runner.h"

#include <string.h>

enum { OBJECTS = 500 };
#define SIZE ((size_t)300)

/* An instance with live objects, a large one, a filled cache and an empty span. */
struct stage {
    struct fixture x;
    struct fr_heap *heap;
    struct fr_slab *slab;
    struct fr_span *span; /* partial */
    struct fr_span *large;
    void *objects[OBJECTS];
    void *large_object;
    unsigned cls;
};

static struct fr_span *span_of(struct stage *s, const void *object)
{
    return fr_entry_span(fr_pagemap_get(&s->heap->map, object));
}

static void stage_open(struct stage *s)
{
    fixture_open(&s->x, FALLBACK_EVERYTHING, NULL);
    s->heap = &fr_instance_of(s->x.f)->heap;
    s->cls = fr_class_of_size(SIZE);
    s->slab = &s->heap->slabs[s->cls];
    for (size_t i = 0; i < OBJECTS; i++)
        REQUIRE((s->objects[i] = frusa_alloc(s->x.f, SIZE, 0)) != NULL);
    REQUIRE((s->large_object = frusa_alloc(s->x.f, 5 << 20, 0)) != NULL);
    s->large = span_of(s, s->large_object);
    s->span = NULL;
    for (unsigned bin = 0; bin < FR_BIN_COUNT; bin++)
        if (s->slab->bins[bin])
            s->span = FR_CONTAINER_OF(s->slab->bins[bin], struct fr_span, in_slab);
    if (!s->span) {
        size_t got;
        REQUIRE((s->span = fr_grow(s->heap, s->cls, 0, &got, NULL)) != NULL);
    }
    REQUIRE(fr_instance_is_valid(s->x.f));
}

static void stage_close(struct stage *s)
{
    REQUIRE(fr_instance_is_valid(s->x.f));
    for (size_t i = 0; i < OBJECTS; i++)
        frusa_dealloc(s->x.f, s->objects[i], SIZE, 0);
    frusa_dealloc(s->x.f, s->large_object, 5 << 20, 0);
    fixture_close(&s->x);
}

/* Adds to a number that the checks know, as long as they look. */
static void require_noticed(struct stage *s, fr_atomic *number, const char *name)
{
    size_t value = fr_load_relaxed(number);
    fr_store_relaxed(number, value + 1);
    REQUIRE_MSG(!fr_instance_is_valid(s->x.f), "%s is wrong, which is not noticed", name);
    fr_store_relaxed(number, value);
    REQUIRE_MSG(fr_instance_is_valid(s->x.f), "%s is right again", name);
}

START_TEST(test_counters)
{
    static struct stage s;
    stage_open(&s);
    require_noticed(&s, &s.slab->held, "the slab's bytes");
    require_noticed(&s, &s.slab->used, "the slab's used objects");
    require_noticed(&s, &s.slab->slots, "the slab's slots");
    require_noticed(&s, &s.heap->empty_bytes, "the bytes of empty spans");
    require_noticed(&s, &s.heap->empties[s.cls].bytes, "the class's empty bytes");
    require_noticed(&s, &s.heap->backing.held, "what is held");
    require_noticed(&s, &s.heap->backing.granted, "what the fallback has handed out");
    for (unsigned i = 0; i < FR_PURPOSE_COUNT; i++)
        require_noticed(&s, &s.heap->backing.held_for[i], "what is held for a purpose");
    require_noticed(&s, &fr_instance_of(s.x.f)->registry.header_bytes, "the headers' bytes");
    stage_close(&s);
}
END_TEST

START_TEST(test_span)
{
    static struct stage s;
    stage_open(&s);
    require_noticed(&s, &s.span->count, "a span's count");
    require_noticed(&s, &s.large->count, "a large object's count");
    fr_atomic *last = &s.span->taken[s.span->words - 1];
    size_t bits = fr_load_relaxed(last);
    fr_store_relaxed(last, bits ^ 1);
    ck_assert(!fr_span_is_valid(s.span));
    fr_store_relaxed(last, bits);
    size_t fresh = fr_load_relaxed(&s.span->fresh);
    fr_store_relaxed(&s.span->fresh, fr_span_slots(s.span) + 1);
    ck_assert(!fr_span_is_valid(s.span));
    fr_store_relaxed(&s.span->fresh, fresh);
    s.span->base += 8;
    ck_assert(!fr_span_is_valid(s.span));
    s.span->base -= 8;
    s.span->bytes += FR_PAGE_SIZE;
    ck_assert(!fr_heap_is_valid(s.x.f));
    s.span->bytes -= FR_PAGE_SIZE;
    s.span->object_size *= 2;
    ck_assert(!fr_span_is_valid(s.span));
    s.span->object_size /= 2;
    ck_assert(fr_span_is_valid(s.span));
    stage_close(&s);
}
END_TEST

START_TEST(test_lists)
{
    static struct stage s;
    stage_open(&s);
    unsigned bin = s.span->bin;
    s.span->bin = (uint8_t)(bin ? bin - 1 : bin + 1);
    ck_assert(!fr_slab_is_valid(s.heap, s.cls));
    s.span->bin = FR_BIN_NONE;
    ck_assert(!fr_heap_is_valid(s.x.f));
    s.span->bin = (uint8_t)bin;
    struct fr_link *bins[FR_BIN_COUNT];
    memcpy(bins, s.slab->bins, sizeof(bins));
    memset(s.slab->bins, 0, sizeof(bins));
    ck_assert(!fr_slab_is_valid(s.heap, s.cls)); /* partial, and on no list */
    memcpy(s.slab->bins, bins, sizeof(bins));
    struct fr_link *prev = s.span->in_slab.next->prev;
    s.span->in_slab.next->prev = &s.large->in_slab;
    ck_assert(!fr_slab_is_valid(s.heap, s.cls));
    s.span->in_slab.next->prev = prev;
    prev = s.span->in_all.next->prev;
    s.span->in_all.next->prev = &s.large->in_all;
    ck_assert(!fr_heap_is_valid(s.x.f));
    s.span->in_all.next->prev = prev;
    fr_large_index_remove(&s.heap->all.large, s.large);
    ck_assert(!fr_heap_is_valid(s.x.f));
    fr_large_index_add(&s.heap->all.large, s.large);
    stage_close(&s);
}
END_TEST

START_TEST(test_page_map)
{
    static struct stage s;
    fr_entry outer;
    stage_open(&s);
    /* An entry of the span's is missing; its descriptor is somebody else's. */
    fr_pagemap_guard(&s.heap->map);
    fr_pagemap_clear_guarded(&s.heap->map, s.span->base, 0);
    fr_pagemap_unguard(&s.heap->map);
    ck_assert(!fr_span_is_valid(s.span));
    ck_assert(fr_pagemap_set(&s.heap->map, s.span->base, FR_PAGE_SIZE,
                             fr_entry_make(s.large, FR_CLASS_LARGE), &outer, NULL));
    ck_assert(!fr_span_is_valid(s.span));
    ck_assert(fr_pagemap_set(&s.heap->map, s.span->base, FR_PAGE_SIZE, fr_entry_make(s.span, s.cls),
                             &outer, NULL));
    ck_assert(fr_span_is_valid(s.span));
    stage_close(&s);
}
END_TEST

START_TEST(test_caches)
{
    static struct stage s;
    stage_open(&s);
    struct frusa_cache *c = frusa_cache_create(s.x.f);
    REQUIRE(c != NULL);
    frusa_cache_dealloc(c, s.objects[0], SIZE, 0);
    ck_assert(fr_heap_is_valid(s.x.f));
    require_noticed(&s, &c->fast.magazines[s.cls].top, "the top of a magazine");
    require_noticed(&s, &c->fast.magazines[s.cls].hi, "a magazine's end");
    require_noticed(&s, &c->fast.busy, "an owner inside");
    require_noticed(&s, &c->state, "a cache's state");
    c->budget++;
    ck_assert(!fr_heap_is_valid(s.x.f));
    c->budget--;
    frusa_cache_destroy(c);
    REQUIRE((s.objects[0] = frusa_alloc(s.x.f, SIZE, 0)) != NULL);
    stage_close(&s);
}
END_TEST

/* What is not in use has nothing that could be wrong. */
START_TEST(test_untouched)
{
    static frusa_t untouched = FRUSA_2M_INITIALIZER(NULL);
    ck_assert(fr_instance_is_valid(&untouched));
}
END_TEST

RUNNER_MAIN("validity checks", test_counters, test_span, test_lists, test_page_map, test_caches,
            test_untouched)
