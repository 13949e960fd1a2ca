/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fork() from a process with threads in the middle of everything: parent and child both go on. */
#include "support/child.h"
#include "support/fixture.h"
#include "support/pattern.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/walk.h"
#include "support/workload.h"
#include "unit/runner.h"

#include <string.h>
#include <unistd.h>

enum { MUTATORS = 4, RECLAIMERS = 2, IDLE = 6 };

static void use(frusa_t *f, uint64_t stream)
{
    struct workload w;
    workload_begin(&w, f, 60, env_seed(50), stream);
    w.size_bits = 14;
    workload_run(&w, 300);
    workload_end(&w);
}

static void use_and_reclaim(void *arg, size_t index)
{
    use(arg, index);
    frusa_reclaim(arg);
    use(arg, index + 10);
}

/* What a child does: everything. */
static void live_on(frusa_t *f)
{
    struct walk_totals before = walk_sum(f);
    use(f, 1000);
    frusa_reclaim(f);
    if (env_child_may_start_threads())
        team_run(3, use_and_reclaim, f);
    frusa_reclaim(f);
    struct walk_totals after = walk_sum(f);
    /* Objects of threads that do not exist here stay live. */
    REQUIRE(after.live + after.large == before.live + before.large);
    frusa_t *fresh = frusa_create(NULL);
    REQUIRE(fresh != NULL);
    use(fresh, 2000);
    frusa_destroy(fresh);
}

/* ---- in the middle of everything ---- */

struct turmoil {
    frusa_t *f;
    fr_atomic stop;
};

static void rage(void *arg, size_t index)
{
    struct turmoil *t = arg;
    struct workload w;
    workload_begin(&w, t->f, 100, env_seed(51), index);
    w.size_bits = 15;
    while (!fr_load_relaxed(&t->stop)) {
        if (index < MUTATORS)
            workload_run(&w, 10);
        else
            frusa_reclaim(t->f);
    }
    workload_end(&w);
}

static void fork_in_turmoil(frusa_t *f)
{
    struct turmoil t;
    struct team team;
    memset(&t, 0, sizeof(t));
    t.f = f;
    char *object = frusa_alloc(f, 500, 0);
    REQUIRE(object != NULL);
    pattern_fill(object, 500, 7);
    team_start(&team, MUTATORS + RECLAIMERS, rage, &t);
    for (size_t i = 0; i < env_scale(25, 3); i++) {
        pid_t child = fork();
        if (child == 0) {
            child_begin("test_fork");
            pattern_require(object, 500, 7);
            live_on(f);
            frusa_free(f, object);
            if (i % 5 == 0) {
                pid_t grandchild = fork();
                if (grandchild == 0) {
                    child_begin("test_fork");
                    live_on(f);
                    _exit(0);
                }
                child_await(grandchild);
            }
            _exit(0);
        }
        child_await(child);
        use(f, 3000 + i);
    }
    fr_store_relaxed(&t.stop, 1);
    team_join(&team);
    pattern_require(object, 500, 7);
    frusa_free(f, object);
    REQUIRE(stats_live_bytes(f) == 0);
}

static void fork_with(const struct frusa_fallback_ops *ops, unsigned flags)
{
    struct frusa_config config = {.flags = flags};
    frusa_t *f = frusa_create_with(ops, &config);
    ck_assert_ptr_nonnull(f);
    fork_in_turmoil(f);
    frusa_destroy(f);
}

START_TEST(test_fork_over_mmap)
{
    fork_with(NULL, 0);
}
END_TEST

START_TEST(test_fork_over_malloc)
{
    if (env_child_may_use_malloc())
        fork_with(&frusa_fallback_malloc, 0);
}
END_TEST

START_TEST(test_fork_without_caches)
{
    fork_with(NULL, FRUSA_NO_THREAD_CACHE);
}
END_TEST

START_TEST(test_fork_checked)
{
    fork_with(NULL, FRUSA_CHECKED);
}
END_TEST

static unsigned char arena_buffer[8 << 20];

START_TEST(test_fork_over_an_arena)
{
    struct frusa_arena arena;
    ck_assert_int_eq(frusa_arena_init(&arena, arena_buffer, sizeof(arena_buffer)), 0);
    fork_with(&arena.ops, 0);
}
END_TEST

static frusa_t static_heap = FRUSA_2M_INITIALIZER(&frusa_fallback_mmap);

START_TEST(test_fork_static_instance)
{
    fork_in_turmoil(&static_heap);
    frusa_destroy(&static_heap);
}
END_TEST

/* ---- while all others sleep ---- */

struct sleepers {
    struct fixture x;
    struct gate gate;
};

static void use_and_sleep(void *arg, size_t index)
{
    struct sleepers *s = arg;
    use(s->x.f, index);
    gate_wait(&s->gate);
}

/* In the child the caches belong to threads that do not exist there: nothing of them stays. */
START_TEST(test_guarantee_in_the_child)
{
    static struct sleepers s;
    static const struct gate fresh = GATE_INIT;
    struct team team;
    s.gate = fresh;
    fixture_open(&s.x, FALLBACK_PURGE | FALLBACK_BATCH | FALLBACK_UNTRACKED, NULL);
    team_start(&team, IDLE, use_and_sleep, &s);
    gate_await(&s.gate, IDLE);
    pid_t child = fork();
    if (child == 0) {
        child_begin("test_fork");
        frusa_reclaim(s.x.f);
        REQUIRE_MSG(fallback_held(&s.x.fallback) <= RECORD_MAX + CACHE_MAX, "%zu bytes stay",
                    fallback_held(&s.x.fallback));
        walk_require_consistent(s.x.f, fallback_held(&s.x.fallback));
        live_on(s.x.f);
        fixture_close(&s.x);
        _exit(0);
    }
    child_await(child);
    frusa_reclaim(s.x.f);
    ck_assert_uint_le(fallback_held(&s.x.fallback), RECORD_MAX + CACHE_MAX * (IDLE + 1));
    gate_open(&s.gate);
    team_join(&team);
    frusa_reclaim(s.x.f);
    ck_assert_uint_le(fallback_held(&s.x.fallback), RECORD_MAX + CACHE_MAX);
    fixture_close(&s.x);
}
END_TEST

/* ---- without any reclaim ---- */

static void short_life(void *arg, size_t index)
{
    use(arg, index);
}

/* Threads that come and go until they are told to stop. */
static void churn(void *arg, size_t index)
{
    struct turmoil *t = arg;
    (void)index;
    while (!fr_load_relaxed(&t->stop))
        team_run(1, short_life, t->f);
}

/* Caches of threads that end at the moment of a fork do not pile up, though nobody reclaims. */
START_TEST(test_threads_end_during_forks)
{
    struct turmoil t;
    struct team team;
    struct frusa_stats stats;
    memset(&t, 0, sizeof(t));
    ck_assert_ptr_nonnull(t.f = frusa_create(&frusa_fallback_malloc));
    team_start(&team, MUTATORS, churn, &t);
    for (size_t i = 0; i < env_scale(300, 10); i++) {
        pid_t child = fork();
        if (child == 0) {
            child_begin("test_fork");
            _exit(0);
        }
        child_await(child);
    }
    fr_store_relaxed(&t.stop, 1);
    team_join(&team);
    team_run(1, short_life, t.f);
    ck_assert_int_eq(frusa_get_stats(t.f, &stats), 0);
    ck_assert_uint_eq(stats.cached, 0);
    frusa_destroy(t.f);
}
END_TEST

/* Many instances, some destroyed, forked by a thread other than the first. */
static void fork_from_a_thread(void *arg, size_t index)
{
    frusa_t **instances = arg;
    (void)index;
    pid_t child = fork();
    if (child == 0) {
        child_begin("test_fork");
        for (size_t i = 0; i < 50; i += 2) {
            use(instances[i], i);
            frusa_destroy(instances[i]);
        }
        _exit(0);
    }
    child_await(child);
}

START_TEST(test_fork_with_many_instances)
{
    frusa_t *instances[50];
    for (size_t i = 0; i < 50; i++) {
        ck_assert_ptr_nonnull(instances[i] = frusa_create(i % 4 ? NULL : &frusa_fallback_malloc));
        use(instances[i], i);
    }
    for (size_t i = 1; i < 50; i += 2)
        frusa_destroy(instances[i]);
    team_run(1, fork_from_a_thread, instances);
    team_run(3, fork_from_a_thread, instances);
    for (size_t i = 0; i < 50; i += 2) {
        use(instances[i], i);
        frusa_destroy(instances[i]);
    }
}
END_TEST

RUNNER_MAIN("fork", test_fork_over_mmap, test_fork_over_malloc, test_fork_without_caches,
            test_fork_checked, test_fork_over_an_arena, test_fork_static_instance,
            test_guarantee_in_the_child, test_threads_end_during_forks,
            test_fork_with_many_instances)
