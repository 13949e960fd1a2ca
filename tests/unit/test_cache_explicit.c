/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Explicit caches: objects through them and around them, recall, hand-over between threads. */
#include "support/build.h"
#include "support/check_instance.h"
#include "support/fixture.h"
#include "support/pattern.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/walk.h"
#include "support/workload.h"
#include "unit/runner.h"

#include <stdalign.h>
#include <string.h>

START_TEST(test_every_configuration)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        fixture_open_variant(&x, v);
        frusa_cache_t *cache = frusa_cache_create(x.f);
        ck_assert_ptr_nonnull(cache);
        for (size_t size = 0; size < 6u << 20; size = size * 2 + 1) {
            for (size_t align = 0; align <= 8192; align = align == 0 ? 1 : align * 32) {
                void *p = frusa_cache_alloc(cache, size, align);
                REQUIRE(p != NULL &&
                        (uintptr_t)p % (align != 0 ? align : alignof(max_align_t)) == 0);
                REQUIRE(frusa_owns(x.f, p) && frusa_usable_size(x.f, p) >= size);
                pattern_fill(p, size, 0);
                pattern_require(p, size, 0);
                frusa_cache_dealloc(cache, p, size, align);
            }
        }
        ck_assert_uint_eq(stats_live_bytes(x.f), 0);
        frusa_cache_destroy(cache);
        frusa_reclaim(x.f);
        ck_assert_uint_le(fallback_held(&x.fallback), RECORD_MAX + CACHE_MAX);
        fixture_close(&x);
    }
}
END_TEST

/* Objects from a cache go back through the instance, another cache, or another thread, and vice
 * versa. */
START_TEST(test_objects_mix_with_the_instance)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        struct workload w[3];
        fixture_open_variant(&x, v);
        for (size_t i = 0; i < 3; i++) {
            workload_begin(&w[i], x.f, 200, env_seed(25), i);
            if (i > 0)
                ck_assert_ptr_nonnull(w[i].cache = frusa_cache_create(x.f));
        }
        for (size_t step = 0; step < env_scale(20000, 1000); step++) {
            struct workload *a = &w[step % 3], *b = &w[step / 3 % 3];
            struct object *from = &a->objects[random_below(&a->random, 200)];
            struct object *to = &b->objects[random_below(&b->random, 200)];
            struct object swap = *from;
            *from = *to;
            *to = swap;
            workload_step(a);
        }
        walk_require_consistent(x.f, fallback_held(&x.fallback));
        for (size_t i = 0; i < 3; i++) {
            workload_end(&w[i]);
            frusa_cache_destroy(w[i].cache);
        }
        frusa_reclaim(x.f);
        ck_assert_uint_eq(stats_live_bytes(x.f), 0);
        ck_assert_uint_le(fallback_held(&x.fallback), RECORD_MAX + CACHE_MAX);
        fixture_close(&x);
    }
}
END_TEST

enum { CACHES = 40 };

/* Reclaim reaches into every cache; what stays is its header. */
START_TEST(test_reclaim_empties_caches)
{
    static const unsigned flags[] = {0, FRUSA_NO_THREAD_CACHE};
    for (size_t k = 0; k < sizeof(flags) / sizeof(flags[0]); k++) {
        struct frusa_config config = {.flags = flags[k]};
        struct fixture x;
        frusa_cache_t *caches[CACHES];
        struct frusa_stats s;
        fixture_open(&x, FALLBACK_EVERYTHING, &config);
        for (size_t i = 0; i < CACHES; i++) {
            struct workload w;
            ck_assert_ptr_nonnull(caches[i] = frusa_cache_create(x.f));
            workload_begin(&w, x.f, 200, env_seed(26), i);
            w.cache = caches[i];
            workload_run(&w, 1500);
            workload_end(&w);
        }
        ck_assert_int_eq(frusa_get_stats(x.f, &s), 0);
        ck_assert_uint_gt(s.cached, 0);
        frusa_reclaim(x.f);
        ck_assert_uint_le(fallback_held(&x.fallback), RECORD_MAX + CACHE_MAX * (CACHES + 1));
        ck_assert_int_eq(frusa_get_stats(x.f, &s), 0);
        ck_assert_uint_eq(s.cached, 0);
        ck_assert_uint_eq(s.allocated_from_fallback, s.allocated_metadata);
        for (size_t i = 0; i < CACHES; i++) {
            void *p = frusa_cache_alloc(caches[i], 100, 0);
            ck_assert_ptr_nonnull(p);
            frusa_cache_dealloc(caches[i], p, 100, 0);
            frusa_cache_destroy(caches[i]);
        }
        frusa_reclaim(x.f);
        ck_assert_uint_le(fallback_held(&x.fallback), RECORD_MAX + CACHE_MAX);
        fixture_close(&x);
    }
}
END_TEST

START_TEST(test_bound_on_the_cache)
{
    static const size_t bounds[] = {0, 1, 10000, 200000, 16 << 20};
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        struct frusa_config config = {.thread_cache_max = bounds[i],
                                      .flags = FRUSA_NO_THREAD_CACHE};
        struct fixture x;
        struct frusa_stats s;
        void *objects[4000];
        fixture_open(&x, 0, &config);
        frusa_cache_t *cache = frusa_cache_create(x.f);
        ck_assert_ptr_nonnull(cache);
        for (int round = 0; round < 5; round++) {
            for (size_t k = 0; k < 4000; k++)
                REQUIRE((objects[k] = frusa_cache_alloc(cache, 1 + k % 1500, 0)) != NULL);
            for (size_t k = 0; k < 4000; k++)
                frusa_cache_dealloc(cache, objects[k], 1 + k % 1500, 0);
            ck_assert_int_eq(frusa_get_stats(x.f, &s), 0);
            ck_assert_uint_le(s.cached, bounds[i] != 0 ? bounds[i] : 4 << 20);
            ck_assert_uint_eq(s.in_use, s.in_use_metadata);
        }
        frusa_cache_destroy(cache);
        ck_assert_int_eq(frusa_get_stats(x.f, &s), 0);
        ck_assert_uint_eq(s.cached, 0);
        fixture_close(&x);
    }
}
END_TEST

START_TEST(test_errors)
{
    static const struct fault_plan everything = {.percent = 100};
    struct fixture x;
    fixture_open(&x, 0, NULL);
    frusa_cache_t *cache = frusa_cache_create(x.f);
    ck_assert_ptr_nonnull(cache);
    volatile size_t too_large = SIZE_MAX;
    errno = 0;
    ck_assert(frusa_cache_alloc(cache, 10, 3) == NULL && ERROR_IS(EINVAL));
    errno = 0;
    ck_assert(frusa_cache_alloc(cache, too_large, 0) == NULL && ERROR_IS(ENOMEM));
    fallback_set_plan(&x.fallback, &everything);
    errno = 0;
    ck_assert(frusa_cache_create(x.f) == NULL && ERROR_IS(ENOMEM));
    errno = 0;
    ck_assert(frusa_cache_alloc(cache, 3 << 20, 0) == NULL && ERROR_IS(ENOMEM));
    errno = 0;
    ck_assert(frusa_cache_alloc(cache, 5000, 0) == NULL && ERROR_IS(ENOMEM));
    fallback_set_plan(&x.fallback, NULL);
    void *p = frusa_cache_alloc(cache, 5000, 0);
    ck_assert_ptr_nonnull(p);
    errno = E2BIG;
    frusa_cache_dealloc(cache, p, 5000, 0);
    frusa_cache_dealloc(cache, NULL, 5000, 0);
    frusa_cache_destroy(cache);
    frusa_cache_destroy(NULL);
    ck_assert(ERROR_IS(E2BIG));
    fixture_close(&x);
}
END_TEST

/* Destroying the instance ends its caches, with live objects and cached ones. */
START_TEST(test_destroyed_with_the_instance)
{
    struct fixture x;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    for (size_t i = 0; i < CACHES; i++) {
        frusa_cache_t *cache = frusa_cache_create(x.f);
        ck_assert_ptr_nonnull(cache);
        void *p = frusa_cache_alloc(cache, 10 + i, 0), *q = frusa_cache_alloc(cache, 10 + i, 0);
        ck_assert(p != NULL && q != NULL);
        frusa_cache_dealloc(cache, p, 10 + i, 0);
    }
    fixture_close(&x);
}
END_TEST

/* ---- threads ---- */

struct relay {
    struct fixture x;
    pthread_mutex_t mutex;
    struct workload w; /* with its cache, owned by whoever holds the mutex */
    fr_atomic stop;
};

static void take_turns(void *arg, size_t index)
{
    struct relay *relay = arg;
    (void)index;
    for (size_t i = 0; i < env_scale(400, 20); i++) {
        pthread_mutex_lock(&relay->mutex);
        workload_run(&relay->w, 20);
        pthread_mutex_unlock(&relay->mutex);
    }
}

static void keep_reclaiming(void *arg, size_t index)
{
    struct relay *relay = arg;
    (void)index;
    while (!fr_load_relaxed(&relay->stop))
        frusa_reclaim(relay->x.f);
}

/* The owner changes from thread to thread while other threads recall. */
START_TEST(test_owner_moves_between_threads)
{
    static struct relay relay;
    struct team reclaimers;
    fixture_open(&relay.x, FALLBACK_EVERYTHING, NULL);
    pthread_mutex_init(&relay.mutex, NULL);
    workload_begin(&relay.w, relay.x.f, 500, env_seed(27), 0);
    ck_assert_ptr_nonnull(relay.w.cache = frusa_cache_create(relay.x.f));
    team_start(&reclaimers, 2, keep_reclaiming, &relay);
    team_run(6, take_turns, &relay);
    fr_store_relaxed(&relay.stop, 1);
    team_join(&reclaimers);
    workload_end(&relay.w);
    support_check_instance(relay.x.f);
    frusa_cache_destroy(relay.w.cache);
    frusa_reclaim(relay.x.f);
    ck_assert_uint_le(fallback_held(&relay.x.fallback), RECORD_MAX + CACHE_MAX);
    fixture_close(&relay.x);
}
END_TEST

static void caches_come_and_go(void *arg, size_t index)
{
    struct relay *relay = arg;
    for (size_t i = 0; i < env_scale(150, 10); i++) {
        struct workload w;
        workload_begin(&w, relay->x.f, 50, env_seed(28), index * 1000 + i);
        REQUIRE((w.cache = frusa_cache_create(relay->x.f)) != NULL);
        workload_run(&w, 150);
        workload_end(&w);
        frusa_cache_destroy(w.cache);
    }
}

START_TEST(test_caches_come_and_go_beside_reclaim)
{
    static struct relay relay;
    struct team reclaimers;
    fixture_open(&relay.x, FALLBACK_BATCH, NULL);
    team_start(&reclaimers, 2, keep_reclaiming, &relay);
    team_run(6, caches_come_and_go, &relay);
    fr_store_relaxed(&relay.stop, 1);
    team_join(&reclaimers);
    frusa_reclaim(relay.x.f);
    ck_assert_uint_le(fallback_held(&relay.x.fallback), RECORD_MAX + CACHE_MAX);
    fixture_close(&relay.x);
}
END_TEST

RUNNER_MAIN("explicit caches", test_every_configuration, test_objects_mix_with_the_instance,
            test_reclaim_empties_caches, test_bound_on_the_cache, test_errors,
            test_destroyed_with_the_instance, test_owner_moves_between_threads,
            test_caches_come_and_go_beside_reclaim)
