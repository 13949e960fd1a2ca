/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Static instances that hold nothing: nobody in the process leads to them, and they are there as
 * before when they are used again. */
#include "cache/fast.h"
#include "cache/instances.h"
#include "cache/registry.h"
#include "support/check_instance.h"
#include "support/child.h"
#include "support/fallback.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/tools.h"
#include "support/walk.h"
#include "unit/runner.h"

#include <string.h>

static struct counting_fallback fallback;
static frusa_t heap = FRUSA_INITIALIZER(NULL, NULL);
static frusa_t heap_over_own = FRUSA_INITIALIZER(&fallback.ops, NULL);

static struct fr_instance *instance(frusa_t *f)
{
    return fr_instance_of(f);
}

static void use(frusa_t *f)
{
    for (size_t size = 16; size < 20000; size += 300)
        frusa_dealloc(f, frusa_alloc(f, size, 0), size, 0);
    frusa_free(f, frusa_malloc(f, 3 << 20));
}

static int is_known(const frusa_t *f)
{
    int known = 0;
    fr_process_guard();
    for (struct fr_link *link = fr_process_instances.next; link != &fr_process_instances;
         link = link->next)
        known |= fr_instance_of_link(link) == fr_instance_of(f);
    fr_process_unguard();
    return known;
}

static void require_resting(frusa_t *f)
{
    REQUIRE(!is_known(f));
    REQUIRE(fr_instance_rests(instance(f)));
    REQUIRE(fr_registry_find(instance(f)) == NULL && fr_fast_cache(instance(f)) == NULL);
}

static void require_awake(frusa_t *f)
{
    REQUIRE(is_known(f) && fr_instance_is_ready(instance(f)));
}

START_TEST(test_a_reclaim_that_leaves_nothing)
{
    frusa_t *const heaps[] = {&heap, &heap_over_own};
    fallback_init(&fallback, FALLBACK_EVERYTHING);
    for (size_t i = 0; i < 2; i++) {
        frusa_t *f = heaps[i];
        for (size_t round = 0; round < 3; round++) {
            use(f);
            require_awake(f);
            ck_assert_uint_gt(frusa_reclaim(f), 0);
            require_resting(f);
            ck_assert_uint_eq(fallback_held(&fallback), 0);
        }
        use(f);
        support_check_instance(f);
        frusa_destroy(f);
    }
    fallback_require_empty(&fallback);
}
END_TEST

START_TEST(test_what_keeps_an_instance_awake)
{
    void *p = frusa_alloc(&heap, 100, 0);
    frusa_reclaim(&heap);
    require_awake(&heap);
    frusa_dealloc(&heap, p, 100, 0);
    frusa_cache_t *cache = frusa_cache_create(&heap);
    frusa_reclaim(&heap);
    require_awake(&heap);
    frusa_cache_destroy(cache);
    frusa_reclaim(&heap);
    require_resting(&heap);
    frusa_destroy(&heap);
    frusa_t *created = frusa_create(NULL);
    frusa_reclaim(created);
    require_awake(created);
    frusa_destroy(created);
}
END_TEST

/* Calls that need no memory do not make the process know an instance again. */
START_TEST(test_calls_at_rest)
{
    struct frusa_stats stats;
    use(&heap);
    size_t bytes = frusa_reclaim(&heap);
    ck_assert_int_eq(frusa_get_stats(&heap, &stats), 0);
    ck_assert_uint_eq(stats.in_use, 0);
    ck_assert_uint_eq(stats.reclaimed_total, bytes);
    ck_assert_uint_gt(frusa_stats_json(&heap, NULL, 0), 0);
    ck_assert_uint_eq(walk_sum(&heap).spans, 0);
    ck_assert_int_eq(frusa_owns(&heap, &stats), 0);
    ck_assert_uint_eq(frusa_reclaim(&heap), 0);
    frusa_thread_flush(&heap);
    require_resting(&heap);
    ck_assert_uint_eq(frusa_good_size(&heap, 100, 0), 112);
    frusa_reclaim(&heap);
    require_resting(&heap);
    frusa_destroy(&heap);
    ck_assert_uint_eq(fr_load_relaxed(&instance(&heap)->state), FR_UNTOUCHED);
}
END_TEST

/* Threads that have caches when the instance comes to rest. */
struct crowd {
    frusa_t *f;
    struct gate used, woken;
    struct team team;
};
enum { THREADS = 4 };

static void use_before_and_after(void *arg, size_t index)
{
    struct crowd *crowd = arg;
    struct fr_instance *inst = instance(crowd->f);
    use(crowd->f);
    const struct frusa_cache *c = fr_fast_cache(inst);
    gate_wait(&crowd->used);
    if (index % 2)
        return;
    gate_wait(&crowd->woken);
    use(crowd->f);
    /* It has its cache again, at its place. */
    REQUIRE(fr_registry_find(inst) == c && fr_fast_cache(inst) == c);
}

/* Returns when all have used the instance. */
static void crowd_start(struct crowd *crowd, frusa_t *f)
{
    static const struct gate fresh = GATE_INIT;
    crowd->f = f;
    crowd->used = fresh;
    crowd->woken = fresh;
    team_start(&crowd->team, THREADS, use_before_and_after, crowd);
    gate_await(&crowd->used, THREADS);
}

/* Half of them end; the others wait. */
static void crowd_halve(struct crowd *crowd)
{
    gate_open(&crowd->used);
    gate_await(&crowd->woken, THREADS / 2);
}

/* The others use the instance again, and end. */
static void crowd_end(struct crowd *crowd)
{
    gate_open(&crowd->woken);
    team_join(&crowd->team);
}

START_TEST(test_caches_of_other_threads)
{
    struct crowd crowd;
    for (size_t round = 0; round < 10; round++) {
        struct frusa_stats stats;
        crowd_start(&crowd, &heap);
        frusa_reclaim(&heap);
        require_resting(&heap);
        crowd_halve(&crowd);
        for (size_t i = 0; i < round; i++)
            use(&heap), frusa_reclaim(&heap);
        if (round % 2)
            use(&heap);
        crowd_end(&crowd);
        frusa_reclaim(&heap);
        ck_assert_int_eq(frusa_get_stats(&heap, &stats), 0);
        ck_assert_uint_eq(stats.in_use, 0);
        require_resting(&heap);
    }
    frusa_destroy(&heap);
}
END_TEST

/* The fast slot of an instance at rest stays its own while threads have a cache in it. */
START_TEST(test_slot_is_kept_and_given_up)
{
    struct crowd crowd;
    crowd_start(&crowd, &heap);
    use(&heap);
    size_t slot = fr_load_relaxed(&instance(&heap)->fast_slot);
    ck_assert_uint_ne(slot, 0);
    frusa_reclaim(&heap);
    frusa_t *other = frusa_create(NULL);
    ck_assert_uint_ne(fr_load_relaxed(&instance(other)->fast_slot), slot);
    frusa_destroy(other);
    use(&heap);
    ck_assert_uint_eq(fr_load_relaxed(&instance(&heap)->fast_slot), slot);
    frusa_reclaim(&heap);
    require_resting(&heap);
    crowd_halve(&crowd);
    crowd_end(&crowd);
    frusa_reclaim(&heap);
    require_resting(&heap);
    other = frusa_create(NULL);
    ck_assert_uint_eq(fr_load_relaxed(&instance(other)->fast_slot), slot);
    use(other);
    ck_assert_ptr_eq(fr_fast_cache(instance(other)), fr_registry_find(instance(other)));
    use(&heap);
    ck_assert_ptr_ne(fr_fast_cache(instance(&heap)), fr_fast_cache(instance(other)));
    support_check_instance(other);
    support_check_instance(&heap);
    frusa_destroy(other);
    frusa_destroy(&heap);
}
END_TEST

static void use_and_wait(void *arg, size_t index)
{
    struct gate *gate = arg;
    (void)index;
    use(&heap);
    gate_wait(gate);
}

/* Threads of an instance at rest end, which frees its slot; the instance cannot know. */
START_TEST(test_slot_after_the_last_thread)
{
    static const struct gate fresh = GATE_INIT;
    struct gate gate = fresh;
    struct team team;
    team_start(&team, THREADS, use_and_wait, &gate);
    gate_await(&gate, THREADS);
    size_t slot = fr_load_relaxed(&instance(&heap)->fast_slot);
    frusa_reclaim(&heap);
    require_resting(&heap);
    gate_open(&gate);
    team_join(&team);
    frusa_t *other = frusa_create(NULL);
    ck_assert_uint_eq(fr_load_relaxed(&instance(other)->fast_slot), slot);
    use(other);
    void *p = frusa_alloc(&heap, 100, 0);
    ck_assert(frusa_owns(&heap, p) && !frusa_owns(other, p));
    ck_assert_uint_ne(fr_load_relaxed(&instance(&heap)->fast_slot), slot);
    frusa_dealloc(&heap, p, 100, 0);
    frusa_destroy(other);
    frusa_reclaim(&heap);
    require_resting(&heap);
    frusa_destroy(&heap);
}
END_TEST

/* Over a fallback whose memory may be gone with the instance. */
START_TEST(test_caches_over_another_fallback)
{
    struct crowd crowd;
    fallback_init(&fallback, FALLBACK_EVERYTHING);
    crowd_start(&crowd, &heap_over_own);
    frusa_reclaim(&heap_over_own);
    require_awake(&heap_over_own);
    crowd_halve(&crowd);
    crowd_end(&crowd);
    frusa_reclaim(&heap_over_own);
    require_resting(&heap_over_own);
    fallback_require_empty(&fallback);
    frusa_destroy(&heap_over_own);
}
END_TEST

/* ---- fork ---- */

static void use_in_child(void *arg)
{
    (void)arg;
    child_begin("test_rest");
    use(&heap);
    require_awake(&heap);
    frusa_reclaim(&heap);
    require_resting(&heap);
}

/* Another thread's call was on its way when the rest began: it holds a lock just then. */
START_TEST(test_fork_at_rest)
{
    struct crowd crowd;
    if (!env_child_may_use_malloc())
        return;
    crowd_start(&crowd, &heap);
    use(&heap);
    frusa_reclaim(&heap);
    require_resting(&heap);
    fr_lock *lock = &instance(&heap)->heap.slabs[0].lock;
    fr_lock_acquire(lock, FR_RANK_SLAB);
    fr_lock_rank_pop(FR_RANK_SLAB);
    child_run(use_in_child, NULL);
    fr_lock_rank_push(FR_RANK_SLAB);
    fr_lock_release(lock, FR_RANK_SLAB);
    require_resting(&heap);
    crowd_halve(&crowd);
    crowd_end(&crowd);
    frusa_destroy(&heap);
}
END_TEST

static void use_once(void *arg, size_t index)
{
    (void)arg, (void)index;
    use(&heap);
}

/* A new thread of the child may lie where a thread of the parent lay. */
static void use_in_new_threads(void *arg)
{
    (void)arg;
    child_begin("test_rest");
    team_run(1, use_once, NULL);
    team_run(2, use_once, NULL);
    use(&heap);
    support_check_instance(&heap);
    frusa_destroy(&heap);
    REQUIRE(!is_known(&heap));
}

/* The forking thread's cache rests too: another thread's reclaim brought the rest about. */
static void reclaim_to_rest(void *arg, size_t index)
{
    (void)arg, (void)index;
    frusa_reclaim(&heap);
    require_resting(&heap);
}

static void use_and_fork(void *arg, size_t index)
{
    (void)index;
    use(&heap);
    team_run(1, reclaim_to_rest, NULL);
    child_run(use_in_new_threads, arg);
}

START_TEST(test_threads_of_the_child)
{
    static const struct gate fresh = GATE_INIT;
    struct gate gate = fresh;
    struct team team;
    if (!env_child_may_start_threads() || !env_child_may_use_malloc())
        return;
    team_start(&team, THREADS, use_and_wait, &gate);
    gate_await(&gate, THREADS);
    frusa_reclaim(&heap);
    child_run(use_in_new_threads, NULL);
    use_and_fork(NULL, 0);
    team_run(1, use_and_fork, NULL);
    gate_open(&gate);
    team_join(&team);
    frusa_destroy(&heap);
}
END_TEST

/* ---- everything at once ---- */

static void use_and_reclaim(void *arg, size_t index)
{
    frusa_t *f = arg;
    for (size_t i = 0; i < env_scale(3000, 100); i++) {
        size_t size = 16 + (i * 7 + index) % 500;
        unsigned char *p = frusa_alloc(f, size, 0);
        REQUIRE(p != NULL);
        memset(p, (int)index, size);
        REQUIRE(p[size - 1] == index);
        frusa_dealloc(f, p, size, 0);
        if (i % (2 + index) == 0)
            frusa_reclaim(f);
    }
}

START_TEST(test_rest_beside_use)
{
    frusa_t *const heaps[] = {&heap, &heap_over_own};
    fallback_init(&fallback, FALLBACK_EVERYTHING);
    for (size_t i = 0; i < 2; i++) {
        for (size_t round = 0; round < 5; round++)
            team_run(THREADS, use_and_reclaim, heaps[i]);
        support_check_instance(heaps[i]);
        frusa_reclaim(heaps[i]);
        require_resting(heaps[i]);
        ck_assert_uint_eq(fallback_held(&fallback), 0);
        frusa_destroy(heaps[i]);
    }
}
END_TEST

RUNNER_MAIN("rest", test_a_reclaim_that_leaves_nothing, test_what_keeps_an_instance_awake,
            test_calls_at_rest, test_caches_of_other_threads, test_slot_is_kept_and_given_up,
            test_slot_after_the_last_thread, test_caches_over_another_fallback, test_fork_at_rest,
            test_threads_of_the_child, test_rest_beside_use)
