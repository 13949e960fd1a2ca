/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Recalls that take long: who waits for them, and who does not. */
#include "cache/cache.h"
#include "reclaim/recall.h"
#include "support/fixture.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/walk.h"
#include "unit/runner.h"

#include <sched.h>
#include <string.h>

struct scene {
    struct fixture x;
    struct gate gate;
    fr_atomic flushing;
    fr_atomic cached_after; /* bytes in the cache when the flush was over */
};

static void scene_open(struct scene *s)
{
    static const struct gate fresh = GATE_INIT;
    memset(s, 0, sizeof(*s));
    s->gate = fresh;
    fixture_open(&s->x, FALLBACK_EVERYTHING, NULL);
}

static struct fr_instance *instance(const struct scene *s)
{
    return fr_instance_of(s->x.f);
}

static void use(frusa_t *f)
{
    for (size_t size = 16; size < 1000; size += 16)
        frusa_free(f, frusa_malloc(f, size));
}

static void reclaim(void *arg, size_t index)
{
    struct scene *s = arg;
    (void)index;
    frusa_reclaim(s->x.f);
}

static void use_and_wait(void *arg, size_t index)
{
    struct scene *s = arg;
    (void)index;
    use(s->x.f);
    gate_wait(&s->gate);
}

/* A reclaim waits for an owner that is in the middle of changing its cache. Nobody else does. */
START_TEST(test_a_slow_owner_delays_the_reclaimer_alone)
{
    struct scene s;
    struct team ending, reclaiming;
    struct frusa_stats stats;
    scene_open(&s);
    struct frusa_cache *c = frusa_cache_create(s.x.f);
    ck_assert_ptr_nonnull(c);
    team_start(&ending, 2, use_and_wait, &s);
    gate_await(&s.gate, 2);
    fr_store_relaxed(&c->state, FR_CACHE_RESIZING);
    team_start(&reclaiming, 1, reclaim, &s);
    while (!fr_load_acquire(&instance(&s)->registry.recall_on))
        sched_yield();
    ck_assert_int_eq(frusa_get_stats(s.x.f, &stats), 0);
    gate_open(&s.gate);
    team_join(&ending);
    ck_assert_uint_ne(fr_load_relaxed(&instance(&s)->registry.recall_on), 0);
    fr_store_release(&c->state, 0);
    team_join(&reclaiming);
    frusa_cache_destroy(c);
    fixture_close(&s.x);
}
END_TEST

static size_t bytes_cached(const struct frusa_cache *c)
{
    size_t bytes = 0;
    for (unsigned cls = 0; cls < FR_CACHED_CLASSES; cls++)
        bytes += fr_cache_bytes(c, cls, 1);
    return bytes;
}

static void use_and_flush(void *arg, size_t index)
{
    struct scene *s = arg;
    (void)index;
    use(s->x.f);
    const struct frusa_cache *c = fr_registry_find(instance(s));
    REQUIRE(c != NULL && bytes_cached(c) > 0);
    gate_wait(&s->gate);
    fr_store_release(&s->flushing, 1);
    frusa_thread_flush(s->x.f);
    REQUIRE(fr_registry_find(instance(s)) == c);
    fr_store_relaxed(&s->cached_after, bytes_cached(c));
}

/* A recall that drains nothing, as one of frusa_reclaim_some may be, puts the objects back. */
START_TEST(test_flush_during_a_recall_empties_the_cache)
{
    for (size_t round = 0; round < 20; round++) {
        struct scene s;
        struct team team;
        struct fr_recall r;
        struct fr_misuse m = FR_NO_MISUSE;
        scene_open(&s);
        team_start(&team, 1, use_and_flush, &s);
        gate_await(&s.gate, 1);
        fr_recall_begin(&r, instance(&s));
        gate_open(&s.gate);
        while (!fr_load_acquire(&s.flushing))
            sched_yield();
        for (size_t i = 0; i < 100; i++)
            sched_yield();
        fr_recall_end(&r, &m);
        team_join(&team);
        ck_assert_uint_eq(fr_load_relaxed(&s.cached_after), 0);
        fixture_close(&s.x);
    }
}
END_TEST

RUNNER_MAIN("recall", test_a_slow_owner_delays_the_reclaimer_alone,
            test_flush_during_a_recall_empties_the_cache)
