/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Spans with owners: what an owner keeps, when it takes it again, and when it lets go. */
#include "cache/cache.h"
#include "cache/registry.h"
#include "check.h"
#include "spans/give.h"
#include "spans/grow.h"
#include "spans/slab_list.h"
#include "support/fixture.h"
#include "support/random.h"
#include "support/require.h"
#include "support/threads.h"
#include "unit/runner.h"

#include <stdlib.h>
#include <string.h>

#define SIZE ((size_t)16) /* the shortest span of the class has 256 slots */
#define MANY ((size_t)512)

/* An owner by itself, of an instance that nobody else uses. */
struct stage {
    struct fixture x;
    struct fr_heap *heap;
    struct fr_owner owner;
    void *spans;
    fr_atomic_u32 objects;
    struct fr_keep keep;
    struct fr_misuse misuse;
    struct random random;
};

static void stage_open(struct stage *s)
{
    const struct frusa_config config = {.flags = FRUSA_NO_THREAD_CACHE};
    memset(s, 0, sizeof(*s));
    fixture_open(&s->x, FALLBACK_EVERYTHING, &config);
    s->heap = &fr_instance_of(s->x.f)->heap;
    s->owner.id = fr_owner_new_id();
    s->owner.most = (size_t)1 << 20;
    s->random = random_stream(1, 0);
    s->keep = (struct fr_keep){s->heap, &s->owner, &s->spans, &s->objects, fr_class_of_size(SIZE)};
}

static void stage_close(struct stage *s)
{
    REQUIRE(fr_load_u32_relaxed(&s->objects) == 0 && s->spans == NULL && s->owner.bytes == 0);
    frusa_reclaim(s->x.f);
    fixture_close(&s->x);
}

static struct fr_span *span_of(struct stage *s, const void *object)
{
    return fr_entry_span(fr_pagemap_get(&s->heap->map, object));
}

static size_t count_of(const struct fr_span *span)
{
    return fr_load_relaxed(&span->count);
}

/* Objects of one new span, which the owner owns; its other slots stay free. */
static struct fr_span *populate(struct stage *s, void **objects, size_t n)
{
    size_t got;
    struct fr_span *span = fr_grow(s->heap, s->keep.cls, n, &got, NULL);
    REQUIRE(span != NULL && got == n);
    fr_slab_adopt(span, s->owner.id);
    fr_slab_take_reserved(s->heap, span, n, objects, NULL);
    return span;
}

static size_t keep(struct stage *s, void *const *objects, size_t n)
{
    void *copy[MANY];
    REQUIRE(n <= MANY);
    memcpy(copy, objects, n * sizeof(void *));
    size_t left = fr_owned_keep(&s->keep, copy, n, &s->misuse);
    REQUIRE(fr_span_is_valid(span_of(s, objects[0])) || count_of(span_of(s, objects[0])) == 0);
    return left;
}

static void give(struct stage *s, void *const *objects, size_t n)
{
    fr_slab_give(s->heap, s->keep.cls, objects, n, &s->misuse);
    REQUIRE(s->misuse.kind == FR_MISUSE_NONE);
}

START_TEST(test_kept_objects_stay_reserved_and_come_back)
{
    struct stage s;
    void *objects[100];
    void *again[100];
    stage_open(&s);
    struct fr_span *span = populate(&s, objects, 100);
    random_shuffle(&s.random, objects, 100);
    ck_assert_uint_eq(keep(&s, objects, 60), 0);
    ck_assert_uint_eq(count_of(span), 100);
    ck_assert_uint_eq(span->kept, 60);
    ck_assert_uint_eq(s.owner.bytes, 60 * SIZE);
    ck_assert_uint_eq(fr_owned_take(&s.keep, 100, again), 60);
    for (size_t i = 1; i < 60; i++) /* used from the end, in ascending order */
        ck_assert((char *)again[i - 1] > (char *)again[i]);
    ck_assert_uint_eq(fr_owned_take(&s.keep, 1, again + 60), 0);
    ck_assert_ptr_null(s.spans);
    give(&s, objects, 100);
    stage_close(&s);
}
END_TEST

/* In order, in reverse and at random, in batches of every length up to 70: words and their ends. */
START_TEST(test_every_order_and_length_is_kept)
{
    struct stage s;
    void *objects[250];
    stage_open(&s);
    struct fr_span *span = populate(&s, objects, 250);
    for (size_t length = 1; length <= 70; length++) {
        for (size_t at = 0; at + length <= 249; at += length)
            ck_assert_uint_eq(keep(&s, objects + at, length), 0);
        size_t n = 249 / length * length;
        ck_assert_uint_eq(span->kept, n);
        ck_assert_uint_eq(fr_owned_take(&s.keep, 249, objects), n);
        if (length % 3 == 0)
            random_shuffle(&s.random, objects, n);
    }
    ck_assert_int_eq(s.misuse.kind, FR_MISUSE_NONE);
    ck_assert_uint_eq(count_of(span), 250);
    fr_owned_give_all(&s.keep, &s.misuse);
    stage_close(&s);
}
END_TEST

START_TEST(test_a_span_without_objects_in_use_goes_back)
{
    struct stage s;
    void *objects[100];
    stage_open(&s);
    struct fr_span *span = populate(&s, objects, 100);
    ck_assert_uint_eq(keep(&s, objects, 99), 0);
    ck_assert_uint_eq(span->kept, 99);
    ck_assert_uint_eq(keep(&s, objects + 99, 1), 0);
    ck_assert_uint_eq(count_of(span), 0);
    ck_assert_uint_eq(span->kept, 0);
    ck_assert_int_eq(span->bin, FR_BIN_EMPTY);
    stage_close(&s);
}
END_TEST

START_TEST(test_objects_of_others_are_left)
{
    struct stage s;
    void *own[40];
    void *other[40];
    void *both[80];
    stage_open(&s);
    populate(&s, own, 40);
    size_t id = s.owner.id;
    s.owner.id = fr_owner_new_id();
    populate(&s, other, 40);
    s.owner.id = id;
    for (size_t i = 0; i < 40; i++) {
        both[2 * i] = own[i];
        both[2 * i + 1] = other[i];
    }
    ck_assert_uint_eq(fr_owned_keep(&s.keep, both, 79, &s.misuse), 39);
    for (size_t i = 0; i < 39; i++)
        ck_assert_ptr_eq(both[i], other[i]);
    ck_assert_uint_eq(fr_load_u32_relaxed(&s.objects),
                      0); /* all its own were free: they went back */
    give(&s, other, 40);
    stage_close(&s);
}
END_TEST

START_TEST(test_the_bound_lets_the_oldest_span_go)
{
    struct stage s;
    void *first[64];
    void *second[64];
    stage_open(&s);
    struct fr_span *old = populate(&s, first, 64);
    struct fr_span *young = populate(&s, second, 64);
    s.owner.most = 80 * SIZE;
    ck_assert_uint_eq(keep(&s, first, 50), 0);
    ck_assert_uint_eq(keep(&s, second, 30), 0);
    ck_assert_uint_eq(old->kept, 50);
    ck_assert_uint_eq(keep(&s, second + 30, 1), 0);
    ck_assert_uint_eq(old->kept, 0);
    ck_assert_uint_eq(count_of(old), 14);
    ck_assert_uint_eq(young->kept, 31);
    ck_assert_uint_eq(s.owner.bytes, 31 * SIZE);
    s.owner.most = 0;
    ck_assert_uint_eq(keep(&s, first + 50, 14), 14);
    ck_assert_uint_eq(young->kept, 0);
    give(&s, first + 50, 14);
    give(&s, second + 31, 33);
    stage_close(&s);
}
END_TEST

/* A span that goes almost alone costs more than keeping saves: the next is tried the next time. */
START_TEST(test_few_kept_objects_do_not_make_room)
{
    struct stage s;
    void *sparse[64];
    void *dense[64];
    stage_open(&s);
    struct fr_span *few = populate(&s, sparse, 64);
    struct fr_span *many = populate(&s, dense, 64);
    s.owner.most = 45 * SIZE;
    ck_assert_uint_eq(keep(&s, sparse, 5), 0);
    ck_assert_uint_eq(keep(&s, dense, 40), 0);
    ck_assert_uint_eq(keep(&s, sparse + 5, 1), 1);
    ck_assert_uint_eq(few->kept + many->kept, 45);
    ck_assert_uint_eq(keep(&s, sparse + 5, 1), 0);
    ck_assert_uint_eq(few->kept, 6);
    ck_assert_uint_eq(many->kept, 0);
    fr_owned_give_all(&s.keep, &s.misuse);
    give(&s, sparse + 6, 58);
    give(&s, dense + 40, 24);
    stage_close(&s);
}
END_TEST

static void require_misuse(struct stage *s, void *object, enum fr_misuse_kind kind)
{
    size_t left = fr_owned_keep(&s->keep, &object, 1, &s->misuse);
    if (left)
        fr_slab_give(s->heap, s->keep.cls, &object, 1, &s->misuse);
    REQUIRE(s->misuse.kind == kind && s->misuse.ptr == object);
    s->misuse = (struct fr_misuse)FR_NO_MISUSE;
}

START_TEST(test_misuse_is_found_as_elsewhere)
{
    struct stage s;
    void *objects[100];
    stage_open(&s);
    struct fr_span *span = populate(&s, objects, 100);
    ck_assert_uint_eq(keep(&s, objects, 10), 0);
    require_misuse(&s, objects[3], FR_DOUBLE_FREE); /* kept */
    give(&s, objects + 10, 10);
    require_misuse(&s, objects[12], FR_DOUBLE_FREE); /* given back */
    require_misuse(&s, (char *)objects[30] + 8, FR_INVALID_POINTER);
    void *pair[2] = {objects[40], objects[41]};
    ck_assert_uint_eq(keep(&s, pair + 1, 1), 0);
    ck_assert_uint_eq(fr_owned_keep(&s.keep, pair, 2, &s.misuse), 0);
    ck_assert_int_eq(s.misuse.kind, FR_DOUBLE_FREE);
    ck_assert_ptr_eq(s.misuse.ptr, objects[41]);
    s.misuse = (struct fr_misuse)FR_NO_MISUSE;
    ck_assert_uint_eq(span->kept, 12);
    ck_assert(fr_span_is_valid(span));
    give(&s, objects + 20, 20);
    give(&s, objects + 42, 58);
    fr_owned_give_all(&s.keep, &s.misuse);
    stage_close(&s);
}
END_TEST

/* [O.1] */
START_TEST(test_owners_change_only_at_none_or_empty)
{
    struct stage s;
    void *objects[3];
    stage_open(&s);
    struct fr_span *span = populate(&s, objects, 1);
    size_t second = fr_owner_new_id();
    fr_slab_adopt(span, second);
    ck_assert_uint_eq(fr_load_relaxed(&span->owner), s.owner.id);
    ck_assert_uint_eq(fr_slab_take_for(s.heap, s.keep.cls, second, 2, objects + 1, NULL), 2);
    ck_assert_uint_eq(fr_load_relaxed(&span->owner), s.owner.id);
    give(&s, objects, 3);
    ck_assert_uint_eq(fr_slab_take(s.heap, s.keep.cls, 1, objects, NULL), 1);
    ck_assert_uint_eq(fr_load_relaxed(&span->owner), s.owner.id);
    give(&s, objects, 1);
    ck_assert_uint_eq(fr_slab_take_for(s.heap, s.keep.cls, second, 1, objects, NULL), 1);
    ck_assert_uint_eq(fr_load_relaxed(&span->owner), second);
    give(&s, objects, 1);
    stage_close(&s);
}
END_TEST

/* ---- in caches ---- */

#define CROWD ((size_t)20000)

/* Fills and empties a cache's magazines until it keeps objects: every second object stays live. */
static void **leave_kept(frusa_t *f)
{
    void **objects = calloc(CROWD, sizeof(void *));
    REQUIRE(objects != NULL);
    for (size_t i = 0; i < CROWD; i++)
        REQUIRE((objects[i] = frusa_malloc(f, SIZE)) != NULL);
    for (size_t i = 0; i < CROWD; i += 2) {
        frusa_free(f, objects[i]);
        objects[i] = NULL;
    }
    return objects;
}

static void free_rest(frusa_t *f, void **objects)
{
    for (size_t i = 0; i < CROWD; i++)
        frusa_free(f, objects[i]);
    free(objects);
}

static size_t kept_bytes(frusa_t *f)
{
    struct frusa_cache *c = fr_registry_find(fr_instance_of(f));
    return c ? c->owner.bytes : 0;
}

static size_t cached_bytes(frusa_t *f)
{
    struct frusa_stats stats;
    REQUIRE(frusa_get_stats(f, &stats) == 0);
    return stats.cached;
}

START_TEST(test_kept_objects_count_as_cached)
{
    struct fixture x;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    void **objects = leave_kept(x.f);
    ck_assert_uint_gt(kept_bytes(x.f), 0);
    ck_assert_uint_ge(cached_bytes(x.f), kept_bytes(x.f));
    ck_assert(fr_heap_is_valid(x.f));
    frusa_thread_flush(x.f);
    ck_assert_uint_eq(kept_bytes(x.f), 0);
    ck_assert_uint_eq(cached_bytes(x.f), 0);
    ck_assert(fr_heap_is_valid(x.f));
    free_rest(x.f, objects);
    frusa_reclaim(x.f);
    fixture_close(&x);
}
END_TEST

struct crossing {
    frusa_t *f;
    void **objects;
};

static void fill_and_leave(void *arg, size_t index)
{
    struct crossing *c = arg;
    (void)index;
    c->objects = leave_kept(c->f);
}

static void reclaim(void *arg, size_t index)
{
    struct crossing *c = arg;
    (void)index;
    frusa_reclaim(c->f);
}

/* Another thread's reclaim takes what this one keeps. */
START_TEST(test_a_recall_takes_what_is_kept)
{
    struct fixture x;
    struct crossing c;
    struct team other;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    c.f = x.f;
    c.objects = leave_kept(x.f);
    ck_assert_uint_gt(kept_bytes(x.f), 0);
    team_start(&other, 1, reclaim, &c);
    team_join(&other);
    ck_assert_uint_eq(kept_bytes(x.f), 0);
    ck_assert_uint_eq(cached_bytes(x.f), 0);
    free_rest(x.f, c.objects);
    frusa_reclaim(x.f);
    fixture_close(&x);
}
END_TEST

/* A thread that ends leaves nothing kept, and its spans to everybody. */
START_TEST(test_the_end_of_a_thread_gives_what_it_kept)
{
    struct fixture x;
    struct crossing c;
    struct team other;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    c.f = x.f;
    team_start(&other, 1, fill_and_leave, &c);
    team_join(&other);
    ck_assert_uint_eq(cached_bytes(x.f), 0);
    free_rest(x.f, c.objects);
    frusa_reclaim(x.f);
    fixture_close(&x);
}
END_TEST

START_TEST(test_checked_instances_keep_nothing)
{
    struct fixture x;
    const struct frusa_config config = {.flags = FRUSA_CHECKED};
    fixture_open(&x, FALLBACK_EVERYTHING, &config);
    void **objects = leave_kept(x.f);
    ck_assert_uint_eq(kept_bytes(x.f), 0);
    free_rest(x.f, objects);
    frusa_reclaim(x.f);
    fixture_close(&x);
}
END_TEST

RUNNER_MAIN("spans with owners", test_kept_objects_stay_reserved_and_come_back,
            test_every_order_and_length_is_kept, test_a_span_without_objects_in_use_goes_back,
            test_objects_of_others_are_left, test_the_bound_lets_the_oldest_span_go,
            test_few_kept_objects_do_not_make_room, test_misuse_is_found_as_elsewhere,
            test_owners_change_only_at_none_or_empty, test_kept_objects_count_as_cached,
            test_a_recall_takes_what_is_kept, test_the_end_of_a_thread_gives_what_it_kept,
            test_checked_instances_keep_nothing)
