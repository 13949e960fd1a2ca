/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The asymmetric barrier and what stands in for it: fences by choice, a kernel that refuses
 * membarrier from the start, and one that begins to refuse it when caches exist. Each test is a
 * process of its own, as the decision is taken once.
 */
#include "port/barrier.h"
#include "support/check_instance.h"
#include "support/fixture.h"
#include "support/refuse.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/walk.h"
#include "support/workload.h"
#include "unit/runner.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

enum { THREADS = 6 };

struct scene {
    struct fixture x;
    struct gate gate;
};

static struct scene scene;

static void scene_open(void)
{
    static const struct gate fresh = GATE_INIT;
    memset(&scene, 0, sizeof(scene));
    scene.gate = fresh;
    fixture_open(&scene.x, FALLBACK_EVERYTHING, NULL);
}

/* Works, keeps nothing live, waits with a filled cache, works again. */
static void work_wait_work(void *arg, size_t index)
{
    struct workload w;
    (void)arg;
    workload_begin(&w, scene.x.f, 400, env_seed(70), index);
    workload_run(&w, env_scale(20000, 1000));
    workload_clear(&w);
    gate_wait(&scene.gate);
    workload_run(&w, env_scale(5000, 500));
    workload_end(&w);
}

/* The guarantee with caches of blocked threads, whatever the barrier. */
static void blocked_threads_give_everything(void)
{
    struct team team;
    struct frusa_stats stats;
    scene_open();
    team_start(&team, THREADS, work_wait_work, NULL);
    gate_await(&scene.gate, THREADS);
    ck_assert_int_eq(frusa_get_stats(scene.x.f, &stats), 0);
    ck_assert_uint_gt(stats.cached, 0);
    errno = 0;
    frusa_reclaim(scene.x.f);
    ck_assert_int_eq(errno, 0);
    ck_assert_uint_eq(walk_sum(scene.x.f).spans, 0);
    ck_assert_uint_le(fallback_held(&scene.x.fallback), RECORD_MAX + (THREADS + 1) * CACHE_MAX);
    gate_open(&scene.gate);
    team_join(&team);
    frusa_reclaim(scene.x.f);
    ck_assert_uint_eq(walk_sum(scene.x.f).spans, 0);
    fixture_close(&scene.x);
}

START_TEST(test_with_what_the_system_has)
{
    blocked_threads_give_everything();
}
END_TEST

START_TEST(test_fences_by_choice)
{
    ck_assert(fr_barrier_refuse());
    ck_assert(!fr_barrier_is_asymmetric());
    blocked_threads_give_everything();
}
END_TEST

START_TEST(test_choice_comes_too_late_once_decided)
{
    int asymmetric = fr_barrier_is_asymmetric();
    ck_assert_int_eq(fr_barrier_refuse(), !asymmetric);
    ck_assert_int_eq(fr_barrier_is_asymmetric(), asymmetric);
}
END_TEST

START_TEST(test_refused_from_the_start)
{
    if (!refuse_syscall(SYS_membarrier, REFUSE_ALWAYS, EPERM))
        return;
    ck_assert(!fr_barrier_is_asymmetric());
    blocked_threads_give_everything();
}
END_TEST

/* Work that goes on through the reclaims, so that a cache that were drained under its owner would
 * show. */
static void work_until_open(void *arg, size_t index)
{
    struct workload w;
    fr_atomic *stop = arg;
    workload_begin(&w, scene.x.f, 400, env_seed(71), index);
    while (!fr_load_acquire(stop))
        workload_run(&w, 100);
    workload_end(&w);
}

START_TEST(test_refused_when_caches_exist)
{
    static fr_atomic stop;
    struct team team;
    void *objects[200];
    scene_open();
    if (!fr_barrier_is_asymmetric()) {
        fixture_close(&scene.x);
        return;
    }
    team_start(&team, THREADS, work_until_open, &stop);
    for (size_t i = 0; i < 200; i++)
        REQUIRE((objects[i] = frusa_alloc(scene.x.f, 3000, 0)) != NULL);
    for (size_t i = 0; i < 200; i++)
        frusa_dealloc(scene.x.f, objects[i], 3000, 0);
    /* A filter on this thread alone, as one that a library installs behind the program's back. */
    int can_refuse = refuse_syscall(SYS_membarrier, REFUSE_ALWAYS, EPERM);
    for (size_t i = 0; can_refuse && i < env_scale(200, 20); i++) {
        errno = 0;
        frusa_reclaim(scene.x.f);
        REQUIRE(errno == EPERM);
        REQUIRE((objects[0] = frusa_alloc(scene.x.f, 3000, 0)) != NULL);
        frusa_dealloc(scene.x.f, objects[0], 3000, 0);
    }
    fr_store_release(&stop, 1);
    team_join(&team);
    /* The caller's own cache is emptied, and no other is left. */
    frusa_reclaim(scene.x.f);
    ck_assert_uint_eq(walk_sum(scene.x.f).spans, 0);
    fixture_close(&scene.x);
}
END_TEST

RUNNER_MAIN("barrier", test_with_what_the_system_has, test_fences_by_choice,
            test_choice_comes_too_late_once_decided, test_refused_from_the_start,
            test_refused_when_caches_exist)
