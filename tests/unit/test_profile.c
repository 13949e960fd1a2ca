/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a heap profile counts. Samples are taken at points that depend on the order of allocations
 * alone, so the tests with one thread come out the same each time. Where there are several threads
 * they have known amounts, which differ from the truth by their standard deviation: many samples
 * keep that far below what is allowed.
 */
#include "cache/fast.h"
#include "reclaim/profiling.h"
#include "support/child.h"
#include "support/fixture.h"
#include "support/require.h"
#include "support/sites.h"
#include "support/threads.h"
#include "unit/runner.h"

#include <frusa-inline.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RATE ((size_t)4096)

enum { OBJECTS = 20000 };

static void open_profiled(struct fixture *x, unsigned features, const struct frusa_config *config)
{
    fixture_open(x, features, config);
    REQUIRE(fr_profiling_start(fr_instance_of(x->f), RATE) == FR_PROFILING_DONE);
}

static size_t samples(frusa_t *f)
{
    return (size_t)site_sums(f, SITE_COUNT).all.samples;
}

/* Allocates n objects; they are a list. */
static void *make_list(frusa_t *f, unsigned site, size_t n, size_t size)
{
    void *list = NULL;
    for (size_t i = 0; i < n; i++) {
        void **p = site_alloc(f, site, size);
        *p = list;
        list = p;
    }
    return list;
}

/* Gives n objects of it back; size 0: without their layout. Returns the rest. */
static void *drop_list(frusa_t *f, void *list, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++) {
        void *next = *(void **)list;
        if (size)
            frusa_dealloc(f, list, size, 0);
        else
            frusa_free(f, list);
        list = next;
    }
    return list;
}

static void require_site(frusa_t *f, unsigned site, size_t live, size_t all, size_t size)
{
    struct site_sums sums = site_sums(f, site);
    site_require_share(&sums.live, live, live * size);
    site_require_share(&sums.all, all, all * size);
}

/* Three sites that allocate different amounts: each gets its share. What is given back is no longer
 * live, and still counts as allocated. */
static void count_shares(frusa_t *f)
{
    void *a = make_list(f, SITE_A, OBJECTS, 1000);
    void *b = make_list(f, SITE_B, OBJECTS, 3000);
    void *c = make_list(f, SITE_C, OBJECTS / 10, 100000);
    require_site(f, SITE_A, OBJECTS, OBJECTS, 1000);
    require_site(f, SITE_B, OBJECTS, OBJECTS, 3000);
    require_site(f, SITE_C, OBJECTS / 10, OBJECTS / 10, 100000);
    a = drop_list(f, a, OBJECTS / 2, 0);
    b = drop_list(f, b, OBJECTS / 2, 3000);
    drop_list(f, c, OBJECTS / 10, 100000);
    require_site(f, SITE_A, OBJECTS / 2, OBJECTS, 1000);
    require_site(f, SITE_B, OBJECTS / 2, OBJECTS, 3000);
    site_require_none_live(f, SITE_C);
    drop_list(f, a, OBJECTS / 2, 1000);
    drop_list(f, b, OBJECTS / 2, 0);
    site_require_none_live(f, SITE_COUNT);
}

START_TEST(test_each_site_gets_its_share)
{
    for (size_t i = 0; i < fixture_variant_count; i++) {
        struct fixture x;
        fixture_open_variant(&x, i);
        REQUIRE(fr_profiling_start(fr_instance_of(x.f), RATE) == FR_PROFILING_DONE);
        count_shares(x.f);
        fixture_close(&x);
    }
    require_context(NULL);
}
END_TEST

/* Only what a profile was told of is in it. */
START_TEST(test_objects_from_before_are_not_counted)
{
    struct fixture x;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    void *before = make_list(x.f, SITE_A, OBJECTS, 1000);
    REQUIRE(fr_profiling_start(fr_instance_of(x.f), RATE) == FR_PROFILING_DONE);
    void *after = make_list(x.f, SITE_B, OBJECTS, 1000);
    drop_list(x.f, before, OBJECTS, 0);
    REQUIRE(site_sums(x.f, SITE_A).all.samples == 0);
    require_site(x.f, SITE_B, OBJECTS, OBJECTS, 1000);
    drop_list(x.f, after, OBJECTS, 0);
    fixture_close(&x);
}
END_TEST

/* All ways to allocate, and all to give back. */
START_TEST(test_every_call_is_counted)
{
    struct fixture x;
    open_profiled(&x, FALLBACK_EVERYTHING, NULL);
    frusa_cache_t *c = frusa_cache_create(x.f);
    size_t calls = 8;
    for (size_t i = 0; i < OBJECTS; i++) {
        void *p[8];
        p[0] = frusa_alloc(x.f, 1000, 0);
        p[1] = frusa_alloc_zeroed(x.f, 1000, 64);
        p[2] = frusa_malloc(x.f, 1000);
        p[3] = frusa_calloc(x.f, 10, 100);
        p[4] = frusa_cache_alloc(c, 1000, 0);
        p[5] = frusa_inline_alloc(x.f, 1000, 8);
        p[6] = frusa_inline_malloc(x.f, 1000);
        p[7] = frusa_inline_cache_alloc(c, 1000, 0);
        for (size_t k = 0; k < calls; k++)
            REQUIRE(p[k] != NULL);
        for (size_t k = 0; k < 1000; k++)
            REQUIRE(((char *)p[1])[k] == 0 && ((char *)p[3])[k] == 0);
        memset(p[1], 1, 1000);
        memset(p[3], 1, 1000);
        frusa_dealloc(x.f, p[0], 1000, 0);
        frusa_free(x.f, p[1]);
        frusa_cache_dealloc(c, p[2], 1000, 0);
        frusa_inline_dealloc(x.f, p[3], 1000, 0);
        frusa_inline_free(x.f, p[4]);
        frusa_inline_cache_dealloc(c, p[5], 1000, 8);
        frusa_dealloc(x.f, p[6], 1000, 0);
        frusa_free(x.f, p[7]);
    }
    struct site_sums sums = site_sums(x.f, SITE_COUNT);
    site_require_share(&sums.all, calls * OBJECTS, calls * OBJECTS * 1000);
    site_require_none_live(x.f, SITE_COUNT);
    frusa_cache_destroy(c);
    fixture_close(&x);
}
END_TEST

/* An object that gets another size: where it stays in its class, it is what it was; where it is
 * another object, and where it is large, it counts with its new size. */
START_TEST(test_objects_that_change_their_size)
{
    struct fixture x;
    open_profiled(&x, FALLBACK_EVERYTHING, NULL);
    void *list = make_list(x.f, SITE_A, OBJECTS, 1000);
    size_t before = samples(x.f);
    for (void **p = list; p; p = *p)
        REQUIRE(frusa_resize(x.f, p, 1010) == p);
    REQUIRE(samples(x.f) == before);
    void *moved = NULL;
    while (list) {
        void *next = *(void **)list;
        void **p = frusa_realloc(x.f, list, 1000, 0, 5000);
        REQUIRE(p != NULL);
        *p = moved;
        moved = p;
        list = next;
    }
    site_require_none_live(x.f, SITE_A);
    struct site_sums sums = site_sums(x.f, SITE_COUNT);
    site_require_share(&sums.live, OBJECTS, OBJECTS * 5000);
    drop_list(x.f, moved, OBJECTS, 5000);
    site_require_none_live(x.f, SITE_COUNT);
    fixture_close(&x);
}
END_TEST

/* Far larger than the rate: each is sampled, and counts for itself. */
START_TEST(test_large_objects_are_counted_exactly)
{
    static const size_t large = (size_t)4 << 20;
    struct fixture x;
    open_profiled(&x, FALLBACK_EVERYTHING, NULL);
    char *p = site_alloc(x.f, SITE_A, large);
    REQUIRE(site_sums(x.f, SITE_A).live.bytes == large);
    p = frusa_resize(x.f, p, 2 * large);
    REQUIRE(p && site_sums(x.f, SITE_COUNT).live.bytes == 2 * large);
    p = frusa_realloc(x.f, p, 2 * large, 0, large - 10);
    REQUIRE(p && site_sums(x.f, SITE_COUNT).live.bytes == large - 10);
    REQUIRE(site_sums(x.f, SITE_COUNT).live.samples == 1);
    p = frusa_realloc(x.f, p, large - 10, 0, large - 20);
    REQUIRE(p && site_sums(x.f, SITE_COUNT).live.bytes == large - 20);
    struct fault_plan all = {.percent = 100};
    fallback_set_plan(&x.fallback, &all);
    REQUIRE(frusa_resize(x.f, p, 4 * large) == NULL);
    fallback_set_plan(&x.fallback, NULL);
    REQUIRE(site_sums(x.f, SITE_COUNT).live.bytes == large - 20);
    frusa_dealloc(x.f, p, large - 20, 0);
    site_require_none_live(x.f, SITE_COUNT);
    fixture_close(&x);
}
END_TEST

/* Begins a profile, which is refused while there is one; ends it, and begins another. */
START_TEST(test_profiles_begin_and_end)
{
    struct fixture x;
    open_profiled(&x, FALLBACK_EVERYTHING, NULL);
    struct fr_instance *inst = fr_instance_of(x.f);
    REQUIRE(fr_profiling_start(inst, RATE) == FR_PROFILING_BUSY);
    void *list = make_list(x.f, SITE_A, OBJECTS, 1000);
    REQUIRE(!fr_load_relaxed(&fr_fast_cache(inst)->fast.class_end));
    fr_profiling_stop(inst);
    fr_profiling_stop(inst);
    REQUIRE(fr_load_relaxed(&fr_fast_cache(inst)->fast.class_end));
    REQUIRE(!fr_instance_profile(inst));
    require_site(x.f, SITE_A, OBJECTS, OBJECTS, 1000);
    void *more = make_list(x.f, SITE_B, OBJECTS, 1000);
    drop_list(x.f, list, OBJECTS, 0);
    require_site(x.f, SITE_A, OBJECTS, OBJECTS, 1000); /* as it was when it ended */
    REQUIRE(site_sums(x.f, SITE_B).all.samples == 0);
    REQUIRE(fr_profiling_start(inst, 8 * RATE) == FR_PROFILING_DONE);
    REQUIRE(samples(x.f) == 0);
    list = make_list(x.f, SITE_C, 8 * OBJECTS, 1000);
    drop_list(x.f, more, OBJECTS, 0);
    require_site(x.f, SITE_C, 8 * OBJECTS, 8 * OBJECTS, 1000);
    drop_list(x.f, list, 8 * OBJECTS, 1000);
    site_require_none_live(x.f, SITE_COUNT);
    fixture_close(&x);
}
END_TEST

/* A recall opens what it closed, but for the paths that the profile has closed. */
START_TEST(test_a_reclaim_leaves_the_profile_on)
{
    struct fixture x;
    open_profiled(&x, FALLBACK_EVERYTHING, NULL);
    void *list = make_list(x.f, SITE_A, OBJECTS, 1000);
    frusa_reclaim(x.f);
    REQUIRE(!fr_load_relaxed(&fr_fast_cache(fr_instance_of(x.f))->fast.class_end));
    void *more = make_list(x.f, SITE_A, OBJECTS, 1000);
    require_site(x.f, SITE_A, 2 * OBJECTS, 2 * OBJECTS, 1000);
    drop_list(x.f, list, OBJECTS, 0);
    frusa_reclaim(x.f);
    drop_list(x.f, more, OBJECTS, 0);
    site_require_none_live(x.f, SITE_COUNT);
    fixture_close(&x);
}
END_TEST

/* Two instances, each with a profile of its own, and a third that has none. */
START_TEST(test_instances_have_profiles_of_their_own)
{
    struct fixture x[3];
    open_profiled(&x[0], FALLBACK_EVERYTHING, NULL);
    open_profiled(&x[1], FALLBACK_EVERYTHING, NULL);
    fixture_open(&x[2], FALLBACK_EVERYTHING, NULL);
    void *lists[3];
    for (size_t i = 0; i < 3; i++)
        lists[i] = make_list(x[i].f, (unsigned)i, OBJECTS, 1000);
    require_site(x[0].f, SITE_A, OBJECTS, OBJECTS, 1000);
    require_site(x[1].f, SITE_B, OBJECTS, OBJECTS, 1000);
    REQUIRE(site_sums(x[0].f, SITE_B).all.samples == 0);
    REQUIRE(site_sums(x[1].f, SITE_A).all.samples == 0);
    REQUIRE(samples(x[2].f) == 0);
    for (size_t i = 0; i < 3; i++) {
        drop_list(x[i].f, lists[i], OBJECTS, 0);
        fixture_close(&x[i]);
    }
}
END_TEST

static frusa_t static_heap = FRUSA_2M_INITIALIZER(NULL);

/* The record goes with the instance, and with a static one's rest or end nothing else does. */
START_TEST(test_a_static_instance_ends_with_its_profile)
{
    for (unsigned i = 0; i < 3; i++) {
        struct fr_instance *inst = fr_instance_of(&static_heap);
        frusa_free(&static_heap, frusa_malloc(&static_heap, 1));
        REQUIRE(fr_profiling_start(inst, RATE) == FR_PROFILING_DONE);
        void *list = make_list(&static_heap, SITE_A, OBJECTS, 1000);
        require_site(&static_heap, SITE_A, OBJECTS, OBJECTS, 1000);
        drop_list(&static_heap, list, OBJECTS, 0);
        frusa_reclaim(&static_heap); /* it rests */
        list = make_list(&static_heap, SITE_A, OBJECTS, 1000);
        require_site(&static_heap, SITE_A, OBJECTS, 2 * OBJECTS, 1000);
        frusa_destroy(&static_heap);
        REQUIRE(!fr_load_relaxed(&inst->profile));
    }
}
END_TEST

enum { THREADS = 4, ROUNDS = 50, ROUND_OBJECTS = 400 };

struct traffic {
    frusa_t *f;
    struct gate gate;
    fr_atomic lists[THREADS];
    fr_atomic stop;
};

/* Takes what another thread left, and leaves objects for the next one. */
static void exchange(void *arg, size_t index)
{
    struct traffic *t = arg;
    for (size_t i = 0; i < ROUNDS; i++) {
        void *list = make_list(t->f, (unsigned)(index % SITE_COUNT), ROUND_OBJECTS, 1000);
        fr_atomic *place = &t->lists[(index + i) % THREADS];
        size_t old;
        do
            old = fr_load_relaxed(place);
        while (!fr_cas_full(place, old, (size_t)(uintptr_t)list));
        if (old)
            drop_list(t->f, (void *)(uintptr_t)old, ROUND_OBJECTS, index % 2 ? 0 : 1000);
    }
}

static void drop_exchanged(struct traffic *t)
{
    for (size_t i = 0; i < THREADS; i++) {
        void *list = fr_load_ptr_relaxed(&t->lists[i]);
        if (list)
            drop_list(t->f, list, ROUND_OBJECTS, 0);
        fr_store_relaxed(&t->lists[i], 0);
    }
}

START_TEST(test_threads_give_back_what_others_allocated)
{
    struct fixture x;
    struct traffic t = {0};
    open_profiled(&x, FALLBACK_EVERYTHING, NULL);
    t.f = x.f;
    team_run(THREADS, exchange, &t);
    struct site_sums sums = site_sums(x.f, SITE_COUNT);
    size_t objects = (size_t)THREADS * ROUNDS * ROUND_OBJECTS;
    site_require_share(&sums.all, objects, objects * 1000);
    drop_exchanged(&t);
    site_require_none_live(x.f, SITE_COUNT);
    fixture_close(&x);
}
END_TEST

static void start_and_stop(void *arg, size_t index)
{
    struct traffic *t = arg;
    (void)index;
    while (!fr_load_relaxed(&t->stop)) {
        fr_profiling_start(fr_instance_of(t->f), RATE);
        frusa_reclaim(t->f);
        samples(t->f);
        fr_profiling_stop(fr_instance_of(t->f));
    }
}

/* Profiles begin and end while other threads work, and another thread reclaims. */
START_TEST(test_profiles_begin_and_end_under_load)
{
    struct fixture x;
    struct traffic t = {0};
    struct team switching;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    t.f = x.f;
    team_start(&switching, 2, start_and_stop, &t);
    team_run(THREADS, exchange, &t);
    fr_store_relaxed(&t.stop, 1);
    team_join(&switching);
    drop_exchanged(&t);
    fr_profiling_stop(fr_instance_of(x.f));
    REQUIRE(fr_profiling_start(fr_instance_of(x.f), RATE) == FR_PROFILING_DONE);
    count_shares(x.f);
    fixture_close(&x);
}
END_TEST

static void stop(void *arg, size_t index)
{
    (void)index;
    fr_profiling_stop(fr_instance_of(arg));
}

START_TEST(test_another_thread_ends_the_profile)
{
    struct fixture x;
    open_profiled(&x, FALLBACK_EVERYTHING, NULL);
    void *list = make_list(x.f, SITE_A, OBJECTS, 1000);
    team_run(1, stop, x.f);
    drop_list(x.f, make_list(x.f, SITE_B, OBJECTS, 1000), OBJECTS, 0);
    REQUIRE(site_sums(x.f, SITE_B).all.samples == 0);
    require_site(x.f, SITE_A, OBJECTS, OBJECTS, 1000);
    drop_list(x.f, list, OBJECTS, 0);
    fixture_close(&x);
}
END_TEST

static void allocate_until_stopped(void *arg, size_t index)
{
    struct traffic *t = arg;
    (void)index;
    while (!fr_load_relaxed(&t->stop))
        drop_list(t->f, make_list(t->f, SITE_B, 100, 1000), 100, 0);
}

/* The child goes on with the profile, by itself. */
static void use_in_child(frusa_t *f, void *list)
{
    require_site(f, SITE_A, OBJECTS, OBJECTS, 1000);
    void *more = make_list(f, SITE_C, OBJECTS, 1000);
    require_site(f, SITE_C, OBJECTS, OBJECTS, 1000);
    drop_list(f, list, OBJECTS, 0);
    drop_list(f, more, OBJECTS, 1000);
    site_require_none_live(f, SITE_A);
    site_require_none_live(f, SITE_C);
    fr_profiling_stop(fr_instance_of(f));
    REQUIRE(fr_profiling_start(fr_instance_of(f), RATE) == FR_PROFILING_DONE);
    more = make_list(f, SITE_A, OBJECTS, 1000);
    require_site(f, SITE_A, OBJECTS, OBJECTS, 1000);
}

START_TEST(test_a_child_has_a_profile_of_its_own)
{
    struct fixture x;
    struct traffic t = {0};
    struct team others;
    open_profiled(&x, FALLBACK_UNTRACKED, NULL);
    t.f = x.f;
    void *list = make_list(x.f, SITE_A, OBJECTS, 1000);
    team_start(&others, 2, allocate_until_stopped, &t);
    for (unsigned i = 0; i < 5; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            use_in_child(x.f, list);
            _exit(0);
        }
        REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
        REQUIRE_MSG(status == 0, "status %d", status);
    }
    fr_store_relaxed(&t.stop, 1);
    team_join(&others);
    require_site(x.f, SITE_A, OBJECTS, OBJECTS, 1000);
    REQUIRE(site_sums(x.f, SITE_C).all.samples == 0);
    drop_list(x.f, list, OBJECTS, 0);
    site_require_none_live(x.f, SITE_COUNT);
    fixture_close(&x);
}
END_TEST

/* Without the asymmetric barrier. */
static void count_fenced(void *arg)
{
    struct fixture x;
    (void)arg;
    if (!fr_barrier_refuse())
        return;
    open_profiled(&x, FALLBACK_EVERYTHING, NULL);
    REQUIRE(!fr_fast_cache(fr_instance_of(x.f)));
    count_shares(x.f);
    fixture_close(&x);
}

START_TEST(test_caches_with_a_fence)
{
    child_run(count_fenced, NULL);
}
END_TEST

/* The seed is fixed. */
START_TEST(test_the_same_program_has_the_same_profile)
{
    struct site_sums sums[2];
    for (unsigned i = 0; i < 2; i++) {
        struct fixture x;
        open_profiled(&x, FALLBACK_EVERYTHING, NULL);
        void *list = make_list(x.f, SITE_A, OBJECTS, 1000);
        sums[i] = site_sums(x.f, SITE_A);
        drop_list(x.f, list, OBJECTS, 0);
        fixture_close(&x);
    }
    REQUIRE(memcmp(&sums[0], &sums[1], sizeof(sums[0])) == 0);
}
END_TEST

RUNNER_MAIN("heap profile", test_each_site_gets_its_share, test_objects_from_before_are_not_counted,
            test_every_call_is_counted, test_objects_that_change_their_size,
            test_large_objects_are_counted_exactly, test_profiles_begin_and_end,
            test_a_reclaim_leaves_the_profile_on, test_instances_have_profiles_of_their_own,
            test_a_static_instance_ends_with_its_profile,
            test_threads_give_back_what_others_allocated, test_profiles_begin_and_end_under_load,
            test_another_thread_ends_the_profile, test_a_child_has_a_profile_of_its_own,
            test_caches_with_a_fence, test_the_same_program_has_the_same_profile)
