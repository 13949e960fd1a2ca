/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Thread caches: nothing in them is out of reclaim's reach, and they end with their threads. */
#include "port/compiler.h"
#include "support/check_instance.h"
#include "support/fixture.h"
#include "support/pattern.h"
#include "support/population.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/walk.h"
#include "support/workload.h"
#include "unit/runner.h"

#include <string.h>

enum { THREADS = 8 };

struct scene {
    struct fixture x;
    struct gate gate;
    size_t objects; /* of each thread */
    size_t keep;    /* of them stay live while the thread waits */
    fr_atomic live;
    fr_atomic stop;
};

static void scene_open(struct scene *s, unsigned features, const struct frusa_config *config)
{
    static const struct gate fresh = GATE_INIT;
    memset(s, 0, sizeof(*s));
    s->gate = fresh;
    fixture_open(&s->x, features, config);
}

/* Allocates and frees many objects of all sizes, waits, and goes on as before. */
static void fill_drain_and_wait(void *arg, size_t index)
{
    struct scene *s = arg;
    struct population p;
    struct random r = random_stream(env_seed(40), index);
    population_create(&p, s->x.f, s->objects, 1, index % 4 == 3 ? 8000 : 1000, &r);
    population_shuffle(&p, &r);
    population_drop(&p, p.live - s->keep);
    fr_fetch_add_relaxed(&s->live, p.live);
    gate_wait(&s->gate);
    population_refill(&p, s->objects / 10, 1, 3000, &r);
    population_drop(&p, p.live);
    population_release(&p);
}

/* Eight threads allocate and free 160,000 objects, then block; one reclaim by another returns it
 * all. */
static void blocked_threads(unsigned features, const struct frusa_config *config, size_t keep)
{
    struct scene s;
    struct team team;
    struct frusa_stats stats;
    scene_open(&s, features, config);
    s.objects = env_scale(20000, 500);
    s.keep = keep;
    team_start(&team, THREADS, fill_drain_and_wait, &s);
    gate_await(&s.gate, THREADS);
    frusa_reclaim(s.x.f);
    struct walk_totals totals = walk_sum(s.x.f);
    REQUIRE(totals.empty_spans == 0 && totals.live == fr_load_relaxed(&s.live));
    REQUIRE(frusa_get_stats(s.x.f, &stats) == 0 && stats.cached == 0);
    walk_require_consistent(s.x.f, fallback_held(&s.x.fallback));
    if (keep == 0) {
        REQUIRE_MSG(fallback_held(&s.x.fallback) <= RECORD_MAX + CACHE_MAX * THREADS,
                    "%zu bytes stay", fallback_held(&s.x.fallback));
        REQUIRE(totals.spans == 0);
        REQUIRE(stats.allocated_from_fallback == stats.allocated_metadata);
    }
    gate_open(&s.gate);
    team_join(&team);
    frusa_reclaim(s.x.f);
    REQUIRE(fallback_held(&s.x.fallback) <= RECORD_MAX + CACHE_MAX);
    fixture_close(&s.x);
}

START_TEST(test_blocked_threads)
{
    blocked_threads(FALLBACK_BATCH, NULL, 0);
}
END_TEST

START_TEST(test_blocked_threads_with_live_objects)
{
    blocked_threads(FALLBACK_EVERYTHING, NULL, 50);
}
END_TEST

START_TEST(test_blocked_threads_with_huge_caches)
{
    static const struct frusa_config config = {.thread_cache_max = SIZE_MAX};
    blocked_threads(0, &config, 0);
}
END_TEST

START_TEST(test_blocked_threads_without_caches)
{
    static const struct frusa_config config = {.flags = FRUSA_NO_THREAD_CACHE};
    struct scene s;
    struct team team;
    scene_open(&s, 0, &config);
    s.objects = env_scale(5000, 300);
    team_start(&team, THREADS, fill_drain_and_wait, &s);
    gate_await(&s.gate, THREADS);
    frusa_reclaim(s.x.f);
    ck_assert_uint_le(fallback_held(&s.x.fallback), RECORD_MAX);
    gate_open(&s.gate);
    team_join(&team);
    fixture_close(&s.x);
}
END_TEST

/* ---- threads that never stop ---- */

/* Nothing but the fast path, with the contents checked. */
static void hammer(void *arg, size_t index)
{
    struct scene *s = arg;
    struct random r = random_stream(env_seed(41), index);
    while (!fr_load_relaxed(&s->stop)) {
        void *objects[24];
        size_t n = random_between(&r, 1, 24), size = random_between(&r, 1, 256);
        for (size_t i = 0; i < n; i++) {
            REQUIRE((objects[i] = frusa_alloc(s->x.f, size, 0)) != NULL);
            pattern_fill(objects[i], size, index);
        }
        for (size_t i = 0; i < n; i++) {
            pattern_require(objects[i], size, index);
            frusa_dealloc(s->x.f, objects[i], size, 0);
        }
    }
}

START_TEST(test_threads_that_never_stop)
{
    struct scene s;
    struct team team;
    scene_open(&s, FALLBACK_EVERYTHING, NULL);
    team_start(&team, THREADS, hammer, &s);
    for (size_t i = 0; i < env_scale(300, 20); i++)
        frusa_reclaim(s.x.f);
    fr_store_relaxed(&s.stop, 1);
    team_join(&team);
    support_check_instance(s.x.f);
    ck_assert_uint_eq(stats_live_bytes(s.x.f), 0);
    frusa_reclaim(s.x.f);
    ck_assert_uint_le(fallback_held(&s.x.fallback), RECORD_MAX + CACHE_MAX);
    fixture_close(&s.x);
}
END_TEST

/* ---- one thread's own cache ---- */

static void flush_and_wait(void *arg, size_t index)
{
    struct scene *s = arg;
    struct population p;
    struct random r = random_stream(env_seed(42), index);
    population_create(&p, s->x.f, 1000, 1, 1000, &r);
    population_release(&p);
    if (index % 2 == 0)
        frusa_thread_flush(s->x.f);
    gate_wait(&s->gate);
}

/* A flush empties the caller's cache and no other. */
START_TEST(test_flush_empties_the_own_cache)
{
    struct frusa_stats stats;
    for (size_t threads = 1; threads <= 2; threads++) {
        struct scene s;
        struct team team;
        scene_open(&s, 0, NULL);
        team_start(&team, threads, flush_and_wait, &s);
        gate_await(&s.gate, threads);
        ck_assert_int_eq(frusa_get_stats(s.x.f, &stats), 0);
        if (threads == 1)
            ck_assert_uint_eq(stats.cached, 0);
        else
            ck_assert_uint_gt(stats.cached, 0);
        gate_open(&s.gate);
        team_join(&team);
        fixture_close(&s.x);
    }
}
END_TEST

enum { FADING_SIZES = 60, FADING_OBJECTS = 100 };

static void allocate_and_free(frusa_t *f, void **objects, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++)
        REQUIRE((objects[i] = frusa_alloc(f, size, 0)) != NULL);
    for (size_t i = 0; i < n; i++)
        frusa_dealloc(f, objects[i], size, 0);
}

/* What a thread's classes hold goes back when the thread has turned to others, without any
 * reclaim. */
START_TEST(test_idle_classes_fade)
{
    static void *objects[1000];
    struct fixture x;
    struct frusa_stats before, after;
    fixture_open(&x, 0, NULL);
    for (size_t i = 1; i <= FADING_SIZES; i++)
        allocate_and_free(x.f, objects, FADING_OBJECTS, i * 64);
    ck_assert_int_eq(frusa_get_stats(x.f, &before), 0);
    for (size_t i = 0; i < 500; i++)
        allocate_and_free(x.f, objects, 1000, 16);
    ck_assert_int_eq(frusa_get_stats(x.f, &after), 0);
    ck_assert_uint_gt(before.cached, 256 << 10);
    ck_assert_uint_le(after.cached, 1000 * 16); /* nothing but the last class */
    fixture_close(&x);
}
END_TEST

static void allocate_one(void *arg, size_t index)
{
    struct scene *s = arg;
    void *p = frusa_alloc(s->x.f, 16, 16);
    REQUIRE(p != NULL && index == 0);
    fr_store_ptr_relaxed(&s->stop, p);
    gate_wait(&s->gate);
    frusa_dealloc(s->x.f, p, 16, 16);
}

/* Threads whose first objects shared a line of the processor's cache would slow each other down. */
START_TEST(test_first_objects_of_threads_share_no_cache_line)
{
    struct scene s;
    struct team first, second;
    scene_open(&s, 0, NULL);
    team_start(&first, 1, allocate_one, &s);
    gate_await(&s.gate, 1);
    size_t a = fr_load_relaxed(&s.stop);
    team_start(&second, 1, allocate_one, &s);
    gate_await(&s.gate, 2);
    size_t b = fr_load_relaxed(&s.stop);
    ck_assert_uint_ne(a / FR_CACHE_LINE, b / FR_CACHE_LINE);
    gate_open(&s.gate);
    team_join(&first);
    team_join(&second);
    fixture_close(&s.x);
}
END_TEST

START_TEST(test_cached_objects_of_others_make_room_under_a_limit)
{
    struct frusa_config config = {.limit = 4 << 20, .thread_cache_max = SIZE_MAX};
    struct scene s;
    struct team team;
    struct population p;
    struct random r = random_stream(env_seed(43), 0);
    scene_open(&s, 0, &config);
    s.objects = 200; /* 2.2 MB of all threads together, much of it in their caches when they wait */
    team_start(&team, THREADS, fill_drain_and_wait, &s);
    gate_await(&s.gate, THREADS);
    population_create(&p, s.x.f, 5000, 600, 600, &r);
    population_release(&p);
    gate_open(&s.gate);
    team_join(&team);
    ck_assert_uint_le(fr_load_relaxed(&s.x.fallback.peak_bytes), 4 << 20);
    fixture_close(&s.x);
}
END_TEST

/* ---- threads come and go ---- */

static void short_life(void *arg, size_t index)
{
    struct scene *s = arg;
    struct workload w;
    workload_begin(&w, s->x.f, 40, env_seed(44), index);
    w.size_bits = 10;
    workload_run(&w, 60);
    workload_end(&w);
}

/* One after the other, all alike: the tenth needs what the thousandth does, without any reclaim. */
START_TEST(test_no_growth_when_threads_come_and_go)
{
    struct scene s;
    size_t after_ten = 0;
    scene_open(&s, FALLBACK_EVERYTHING, NULL);
    for (size_t i = 0; i < env_scale(3000, 100); i++) {
        team_run(1, short_life, &s);
        if (i == 10)
            after_ten = fallback_held(&s.x.fallback);
    }
    ck_assert_uint_le(fallback_held(&s.x.fallback), after_ten);
    frusa_reclaim(s.x.f);
    ck_assert_uint_le(fallback_held(&s.x.fallback), RECORD_MAX);
    fixture_close(&s.x);
}
END_TEST

START_TEST(test_crowds_come_and_go)
{
    struct scene s;
    scene_open(&s, FALLBACK_EVERYTHING, NULL);
    for (size_t i = 0; i < env_scale(60, 4); i++) {
        team_run(32, short_life, &s);
        if (i % 4 == 0)
            frusa_reclaim(s.x.f);
    }
    frusa_reclaim(s.x.f);
    ck_assert_uint_le(fallback_held(&s.x.fallback), RECORD_MAX + CACHE_MAX);
    fixture_close(&s.x);
}
END_TEST

/* ---- many instances ---- */

enum { INSTANCES = 300 };

struct many {
    struct fixture x[INSTANCES];
    struct gate gate;
};
static struct many many;

static void use_all_instances(void *arg, size_t index)
{
    struct many *m = arg;
    struct random r = random_stream(env_seed(45), index);
    for (size_t i = 0; i < INSTANCES; i++) {
        frusa_t *f = m->x[(i * 7 + index * 31) % INSTANCES].f;
        void *objects[20];
        for (size_t k = 0; k < 20; k++)
            REQUIRE((objects[k] = frusa_alloc(f, 16 + k, 0)) != NULL);
        for (size_t k = 0; k < 20; k++)
            frusa_dealloc(f, objects[k], 16 + k, 0);
        if (random_percent(&r, 5))
            frusa_thread_flush(f);
    }
    gate_wait(&m->gate);
    /* Those with odd numbers exist no longer. */
    for (size_t i = 0; i < INSTANCES; i += 2)
        frusa_free(m->x[i].f, frusa_malloc(m->x[i].f, 100));
}

START_TEST(test_hundreds_of_instances_times_threads)
{
    static const struct gate fresh = GATE_INIT;
    struct team team;
    many.gate = fresh;
    for (size_t i = 0; i < INSTANCES; i++)
        fixture_open(&many.x[i], i % 3 ? FALLBACK_EVERYTHING : 0, NULL);
    team_start(&team, THREADS, use_all_instances, &many);
    gate_await(&many.gate, THREADS);
    for (size_t i = 0; i < INSTANCES; i++) {
        frusa_reclaim(many.x[i].f);
        ck_assert_uint_le(fallback_held(&many.x[i].fallback), RECORD_MAX + CACHE_MAX * THREADS);
    }
    for (size_t i = 1; i < INSTANCES; i += 2)
        fixture_close(&many.x[i]);
    gate_open(&many.gate);
    team_join(&team);
    for (size_t i = 0; i < INSTANCES; i += 2) {
        frusa_reclaim(many.x[i].f);
        ck_assert_uint_le(fallback_held(&many.x[i].fallback), RECORD_MAX);
        fixture_close(&many.x[i]);
    }
}
END_TEST

RUNNER_MAIN("thread caches", test_blocked_threads, test_blocked_threads_with_live_objects,
            test_blocked_threads_with_huge_caches, test_blocked_threads_without_caches,
            test_threads_that_never_stop, test_flush_empties_the_own_cache, test_idle_classes_fade,
            test_first_objects_of_threads_share_no_cache_line,
            test_cached_objects_of_others_make_room_under_a_limit,
            test_no_growth_when_threads_come_and_go, test_crowds_come_and_go,
            test_hundreds_of_instances_times_threads)
