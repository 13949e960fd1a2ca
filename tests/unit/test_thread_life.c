/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Threads and instances that end in any order: thread exit among other destructors, destroy,
 * reuse. */
#include "support/check_instance.h"
#include "support/fixture.h"
#include "support/pattern.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/tools.h"
#include "support/walk.h"
#include "support/workload.h"
#include "unit/runner.h"

#include <limits.h>
#include <string.h>

enum { THREADS = 6, KEYS = 5 };

/* ---- thread exit among the destructors of other thread-specific data ---- */

/* The thread sanitizer does away with what it knows of a thread in the same rounds, and crashes in
 * later ones. */
#define ROUNDS_MAX (TOOL_TSAN ? 2 : PTHREAD_DESTRUCTOR_ITERATIONS)

/* What a thread leaves to a destructor: an object, and how often the destructor is to run again. */
struct legacy {
    frusa_t *f;
    pthread_key_t key;
    unsigned rounds;
};

static fr_atomic destructors_run;

/* Uses the instance at thread exit, before and after the library's own teardown. */
static void use_at_exit(void *value)
{
    struct legacy *legacy = value;
    frusa_t *f = legacy->f;
    void *objects[30];
    for (size_t i = 0; i < 30; i++) {
        REQUIRE((objects[i] = frusa_alloc(f, 20 + i * 9, 0)) != NULL);
        pattern_fill(objects[i], 20 + i * 9, i);
    }
    for (size_t i = 0; i < 30; i++) {
        pattern_require(objects[i], 20 + i * 9, i);
        frusa_free(f, objects[i]);
    }
    if (legacy->rounds-- > 0)
        REQUIRE(pthread_setspecific(legacy->key, legacy) == 0);
    else
        frusa_dealloc(f, legacy, sizeof(*legacy), 0);
    /* Release: the thread sanitizer takes a thread for ended before its last destructors have
     * run. */
    fr_fetch_sub_release(&destructors_run, (size_t)-1);
}

struct exits {
    struct fixture x;
    pthread_key_t keys[KEYS];
};

static void leave_legacies(void *arg, size_t index)
{
    struct exits *e = arg;
    for (size_t i = 0; i < KEYS; i++) {
        struct legacy *legacy = frusa_malloc(e->x.f, sizeof(*legacy));
        REQUIRE(legacy != NULL);
        legacy->f = e->x.f;
        legacy->key = e->keys[i];
        legacy->rounds = (unsigned)(index + i) % ROUNDS_MAX;
        REQUIRE(pthread_setspecific(e->keys[i], legacy) == 0);
    }
}

static void require_record_only(struct fixture *x)
{
    support_check_instance(x->f);
    REQUIRE(stats_live_bytes(x->f) == 0);
    frusa_reclaim(x->f);
    REQUIRE_MSG(fallback_held(&x->fallback) <= RECORD_MAX + CACHE_MAX, "%zu bytes stay",
                fallback_held(&x->fallback));
}

/* Keys made before and after the library had reason to make its own. */
START_TEST(test_exit_among_other_destructors)
{
    struct exits e;
    for (size_t k = 0; k < KEYS / 2; k++)
        ck_assert_int_eq(pthread_key_create(&e.keys[k], use_at_exit), 0);
    fixture_open(&e.x, FALLBACK_EVERYTHING, NULL);
    frusa_free(e.x.f, frusa_malloc(e.x.f, 1));
    for (size_t k = KEYS / 2; k < KEYS; k++)
        ck_assert_int_eq(pthread_key_create(&e.keys[k], use_at_exit), 0);
    for (size_t round = 0; round < env_scale(50, 5); round++)
        team_run(THREADS, leave_legacies, &e);
    ck_assert_uint_gt(fr_load_acquire(&destructors_run), 0);
    require_record_only(&e.x);
    fixture_close(&e.x);
}
END_TEST

/* A thread whose first use of the instance is in a destructor. */
static void first_use_at_exit(void *arg, size_t index)
{
    static struct legacy legacies[THREADS];
    struct exits *e = arg;
    legacies[index].f = e->x.f;
    REQUIRE(pthread_setspecific(e->keys[0], &legacies[index]) == 0);
}

static void use_once_at_exit(void *value)
{
    frusa_t *f = ((struct legacy *)value)->f;
    frusa_free(f, frusa_malloc(f, 100));
    frusa_dealloc(f, frusa_alloc(f, 3 << 20, 0), 3 << 20, 0);
}

START_TEST(test_first_use_at_exit)
{
    struct exits e;
    ck_assert_int_eq(pthread_key_create(&e.keys[0], use_once_at_exit), 0);
    fixture_open(&e.x, 0, NULL);
    for (size_t round = 0; round < env_scale(50, 5); round++)
        team_run(THREADS, first_use_at_exit, &e);
    require_record_only(&e.x);
    fixture_close(&e.x);
}
END_TEST

/* ---- exit beside reclaim and beside destroy ---- */

struct scene {
    struct fixture x, other;
    struct gate gate, second_gate;
    fr_atomic stop;
};

static void scene_open(struct scene *s)
{
    static const struct gate fresh = GATE_INIT;
    memset(s, 0, sizeof(*s));
    s->gate = s->second_gate = fresh;
    fixture_open(&s->x, FALLBACK_EVERYTHING, NULL);
    fixture_open(&s->other, 0, NULL);
}

static void use(frusa_t *f, size_t stream)
{
    struct workload w;
    workload_begin(&w, f, 40, env_seed(46), stream);
    w.size_bits = 11;
    workload_run(&w, 120);
    workload_end(&w);
}

static void use_and_exit(void *arg, size_t index)
{
    struct scene *s = arg;
    use(s->x.f, index);
}

static void reclaim_until_stopped(void *arg, size_t index)
{
    struct scene *s = arg;
    (void)index;
    while (!fr_load_relaxed(&s->stop))
        frusa_reclaim(s->x.f);
}

START_TEST(test_exit_beside_reclaim)
{
    struct scene s;
    struct team reclaimers;
    scene_open(&s);
    team_start(&reclaimers, 2, reclaim_until_stopped, &s);
    for (size_t round = 0; round < env_scale(150, 8); round++)
        team_run(THREADS, use_and_exit, &s);
    fr_store_relaxed(&s.stop, 1);
    team_join(&reclaimers);
    require_record_only(&s.x);
    fixture_close(&s.x);
    fixture_close(&s.other);
}
END_TEST

static void outlive(void *arg, size_t index)
{
    struct scene *s = arg;
    use(s->x.f, index);
    use(s->other.f, index);
    gate_wait(&s->gate);
    use(s->other.f, index + 100);
    gate_wait(&s->second_gate);
    if (s->x.f != NULL)
        use(s->x.f, index + 200);
}

/* Threads that have a cache of an instance live on after its end, use others, and a new one in its
 * place. */
START_TEST(test_destroy_while_threads_live_on)
{
    for (size_t round = 0; round < env_scale(60, 6); round++) {
        struct scene s;
        struct team team;
        scene_open(&s);
        team_start(&team, THREADS, outlive, &s);
        gate_await(&s.gate, THREADS);
        fixture_close(&s.x);
        gate_open(&s.gate);
        gate_await(&s.second_gate, THREADS);
        if (round % 2)
            fixture_open(&s.x, FALLBACK_EVERYTHING, NULL);
        gate_open(&s.second_gate);
        team_join(&team);
        if (round % 2)
            fixture_close(&s.x);
        fixture_close(&s.other);
    }
}
END_TEST

static void use_wait_and_exit(void *arg, size_t index)
{
    struct scene *s = arg;
    use(s->x.f, index);
    gate_wait(&s->gate);
}

/* The threads exit while the instance is being destroyed. */
START_TEST(test_destroy_while_threads_exit)
{
    for (size_t round = 0; round < env_scale(200, 10); round++) {
        struct scene s;
        struct team team;
        scene_open(&s);
        team_start(&team, THREADS, use_wait_and_exit, &s);
        gate_await(&s.gate, THREADS);
        gate_open(&s.gate);
        frusa_destroy(s.x.f);
        fallback_require_empty(&s.x.fallback);
        team_join(&team);
        fixture_close(&s.other);
    }
}
END_TEST

/* ---- static instances ---- */

static struct counting_fallback static_fallback;
static frusa_t static_heap = FRUSA_2M_INITIALIZER(&static_fallback.ops);

struct generations {
    pthread_barrier_t used, destroyed;
};

enum { GENERATIONS = 12 };

static void use_every_generation(void *arg, size_t index)
{
    struct generations *g = arg;
    for (size_t i = 0; i < GENERATIONS; i++) {
        if ((i + index) % 3 != 0)
            use(&static_heap, index * 100 + i);
        pthread_barrier_wait(&g->used);
        if (index == 0) {
            REQUIRE(stats_live_bytes(&static_heap) == 0);
            frusa_destroy(&static_heap);
            fallback_require_empty(&static_fallback);
        }
        pthread_barrier_wait(&g->destroyed);
    }
}

/* The same threads use a static instance in each of its lives, some of them not in every one. */
START_TEST(test_static_instance_used_again_by_the_same_threads)
{
    struct generations g;
    fallback_init(&static_fallback, FALLBACK_EVERYTHING);
    pthread_barrier_init(&g.used, NULL, THREADS);
    pthread_barrier_init(&g.destroyed, NULL, THREADS);
    for (size_t round = 0; round < env_scale(20, 2); round++)
        team_run(THREADS, use_every_generation, &g);
    frusa_destroy(&static_heap);
    fallback_require_empty(&static_fallback);
}
END_TEST

static void use_a_little(void *arg, size_t index)
{
    void *p = frusa_alloc(arg, 100, 0);
    REQUIRE(p != NULL && index == 0);
    frusa_dealloc(arg, p, 100, 0);
}

/* Threads that follow each other use the same header; a reclaim gives it back. */
START_TEST(test_headers_wait_for_the_next_thread)
{
    struct fixture x;
    struct frusa_stats first, last;
    fixture_open(&x, 0, NULL);
    team_run(1, use_a_little, x.f);
    ck_assert_int_eq(frusa_get_stats(x.f, &first), 0);
    for (size_t i = 0; i < 100; i++)
        team_run(1, use_a_little, x.f);
    ck_assert_int_eq(frusa_get_stats(x.f, &last), 0);
    ck_assert_uint_eq(last.fallback_allocs, first.fallback_allocs);
    ck_assert_uint_eq(last.fallback_deallocs, first.fallback_deallocs);
    ck_assert_uint_gt(last.allocated_metadata, last.in_use_metadata);
    frusa_reclaim(x.f);
    ck_assert_int_eq(frusa_get_stats(x.f, &last), 0);
    ck_assert_uint_le(last.allocated_from_fallback, 32 << 10);
    ck_assert_uint_eq(last.allocated_metadata, last.in_use_metadata);
    fixture_close(&x);
}
END_TEST

RUNNER_MAIN("thread life", test_headers_wait_for_the_next_thread, test_exit_among_other_destructors,
            test_first_use_at_exit, test_exit_beside_reclaim, test_destroy_while_threads_live_on,
            test_destroy_while_threads_exit, test_static_instance_used_again_by_the_same_threads)
