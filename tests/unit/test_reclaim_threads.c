/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The guarantee of reclaim with several threads: concurrent reclaims, and mutators that never
 * stop. */
#include "support/check_instance.h"
#include "support/fixture.h"
#include "support/population.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/walk.h"
#include "support/workload.h"
#include "unit/runner.h"

#include <string.h>

enum { RECLAIMERS = 6, MUTATORS = 4 };

struct scene {
    struct fixture x;
    struct gate gate;
    fr_atomic returned;
    fr_atomic stop;
    unsigned size_bits;
    size_t steps;
};

static void scene_open(struct scene *s, unsigned features, const struct frusa_config *config)
{
    static const struct gate fresh = GATE_INIT;
    memset(s, 0, sizeof(*s));
    s->gate = fresh;
    fixture_open(&s->x, features, config);
}

static void reclaim_once(void *arg, size_t index)
{
    struct scene *s = arg;
    (void)index;
    fr_fetch_add_relaxed(&s->returned, frusa_reclaim(s->x.f));
}

/* Several reclaims at once share the work: together they return everything, and each byte once. */
START_TEST(test_concurrent_reclaims)
{
    struct scene s;
    scene_open(&s, FALLBACK_EVERYTHING, NULL);
    for (size_t round = 0; round < 20; round++) {
        struct population p;
        struct random r = random_stream(env_seed(1), round);
        population_create(&p, s.x.f, env_scale(10000, 500), 1, 4000, &r);
        population_shuffle(&p, &r);
        population_drop(&p, p.live);
        size_t before = fallback_held(&s.x.fallback);
        size_t returned = fr_load_relaxed(&s.x.fallback.returned_bytes);
        fr_store_relaxed(&s.returned, 0);
        team_run(RECLAIMERS, reclaim_once, &s);
        returned = fr_load_relaxed(&s.x.fallback.returned_bytes) - returned;
        ck_assert_uint_gt(before, RECORD_MAX + CACHE_MAX);
        ck_assert_uint_le(fallback_held(&s.x.fallback), RECORD_MAX + CACHE_MAX);
        /* What one reclaim purges, another may give back whole. */
        ck_assert_uint_ge(fr_load_relaxed(&s.returned), returned);
        ck_assert_uint_eq(walk_sum(s.x.f).spans, 0);
        population_release(&p);
    }
    fixture_close(&s.x);
}
END_TEST

/* A mutator that works until it is told to stop, then gives everything back. */
static void mutate(void *arg, size_t index)
{
    struct scene *s = arg;
    struct workload w;
    workload_begin(&w, s->x.f, 300, env_seed(2), index);
    w.size_bits = s->size_bits;
    w.align_bits = s->size_bits;
    while (!fr_load_relaxed(&s->stop))
        workload_run(&w, 20);
    workload_end(&w);
}

static void require_record_only(struct scene *s)
{
    frusa_reclaim(s->x.f);
    support_check_instance(s->x.f);
    walk_require_consistent(s->x.f, fallback_held(&s->x.fallback));
    REQUIRE(walk_sum(s->x.f).spans == 0);
    REQUIRE(fallback_held(&s->x.fallback) <= RECORD_MAX + CACHE_MAX);
}

static void reclaim_beside_mutators(const struct frusa_config *config, unsigned features)
{
    struct scene s;
    struct team team;
    scene_open(&s, features, config);
    s.size_bits = 13;
    team_start(&team, MUTATORS, mutate, &s);
    for (size_t i = 0; i < env_scale(200, 10); i++) {
        frusa_reclaim(s.x.f);
        frusa_reclaim_some(s.x.f, i * 1000);
        walk_sum(s.x.f);
    }
    fr_store_relaxed(&s.stop, 1);
    team_join(&team);
    require_record_only(&s);
    fixture_close(&s.x);
}

START_TEST(test_reclaim_beside_mutators)
{
    reclaim_beside_mutators(NULL, FALLBACK_EVERYTHING);
}
END_TEST

START_TEST(test_reclaim_beside_mutators_without_caches)
{
    static const struct frusa_config config = {.flags = FRUSA_NO_THREAD_CACHE};
    reclaim_beside_mutators(&config, FALLBACK_PURGE | FALLBACK_DIRTY);
}
END_TEST

START_TEST(test_reclaim_beside_mutators_checked)
{
    static const struct frusa_config config = {.flags = FRUSA_CHECKED};
    reclaim_beside_mutators(&config, FALLBACK_RESIZE);
}
END_TEST

START_TEST(test_reclaim_beside_mutators_tiny_caches)
{
    static const struct frusa_config config = {.thread_cache_max = 1};
    reclaim_beside_mutators(&config, 0);
}
END_TEST

/* The mutators below keep to small sizes. */
enum { OTHER_SIZE = 3000 };

static int find_other_size(const struct frusa_span_info *row, void *arg)
{
    return row->object_size == *(size_t *)arg;
}

/* Spans without a live object go back even though other threads never leave the instance alone. */
START_TEST(test_guarantee_beside_mutators)
{
    struct scene s;
    struct team team;
    scene_open(&s, FALLBACK_BATCH, NULL);
    s.size_bits = 10;
    size_t other = frusa_good_size(s.x.f, OTHER_SIZE, 0);
    team_start(&team, MUTATORS, mutate, &s);
    for (size_t round = 0; round < env_scale(60, 5); round++) {
        struct population p;
        struct random r = random_stream(env_seed(3), round);
        population_create(&p, s.x.f, 200, OTHER_SIZE, OTHER_SIZE, &r);
        ck_assert_int_eq(frusa_walk(s.x.f, find_other_size, &other), 1);
        population_shuffle(&p, &r);
        population_drop(&p, p.live);
        ck_assert_uint_gt(frusa_reclaim(s.x.f), 0);
        ck_assert_int_eq(frusa_walk(s.x.f, find_other_size, &other), 0);
        population_release(&p);
    }
    fr_store_relaxed(&s.stop, 1);
    team_join(&team);
    require_record_only(&s);
    fixture_close(&s.x);
}
END_TEST

static void mutate_and_reclaim(void *arg, size_t index)
{
    struct scene *s = arg;
    struct workload w;
    workload_begin(&w, s->x.f, 200, env_seed(4), index);
    w.size_bits = 12;
    for (size_t i = 0; i < s->steps; i++) {
        workload_step(&w);
        if (random_below(&w.random, 50) == 0)
            frusa_reclaim(s->x.f);
        if (random_below(&w.random, 50) == 0)
            frusa_thread_flush(s->x.f);
    }
    workload_end(&w);
}

/* Everybody is mutator and reclaimer at once. */
START_TEST(test_every_thread_reclaims)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct scene s;
        scene_open(&s, fixture_variants[v].features, &fixture_variants[v].config);
        s.steps = env_scale(4000, 100);
        team_run(MUTATORS, mutate_and_reclaim, &s);
        require_record_only(&s);
        fixture_close(&s.x);
    }
}
END_TEST

RUNNER_MAIN("reclaim with threads", test_concurrent_reclaims, test_reclaim_beside_mutators,
            test_reclaim_beside_mutators_without_caches, test_reclaim_beside_mutators_checked,
            test_reclaim_beside_mutators_tiny_caches, test_guarantee_beside_mutators,
            test_every_thread_reclaims)
