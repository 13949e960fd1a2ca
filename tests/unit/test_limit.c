/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The limit on what an instance holds: never exceeded, and reclaim comes before failure. */
#include "support/build.h"
#include "support/fixture.h"
#include "support/pattern.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/walk.h"
#include "support/workload.h"
#include "unit/runner.h"

#include <string.h>

enum { LIMIT = 8 << 20, OBJECTS = 200000 };

static void *objects[OBJECTS];

/* Allocates objects of one size until that fails; returns how many there are. */
static size_t fill(frusa_t *f, size_t size)
{
    size_t n = 0;
    for (;;) {
        errno = 0;
        objects[n] = frusa_alloc(f, size, 0);
        if (objects[n] == NULL)
            break;
        pattern_fill(objects[n], size, n);
        REQUIRE(++n < OBJECTS);
    }
    REQUIRE(ERROR_IS(ENOMEM));
    return n;
}

static void drain(frusa_t *f, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++) {
        pattern_require(objects[i], size, i);
        frusa_dealloc(f, objects[i], size, 0);
    }
}

static void require_below_limit(const struct fixture *x, size_t limit)
{
    size_t peak = fr_load_relaxed(&x->fallback.peak_bytes);
    REQUIRE_MSG(peak <= limit, "%zu bytes were held, the limit is %zu", peak, limit);
}

START_TEST(test_too_small_for_the_instance)
{
    static const size_t limits[] = {1, 100, 4096};
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct counting_fallback fallback;
        struct frusa_config config = {.limit = limits[i]};
        fallback_init(&fallback, 0);
        errno = 0;
        ck_assert_ptr_null(frusa_create_with(&fallback.ops, &config));
        ck_assert(ERROR_IS(ENOMEM));
        fallback_require_empty(&fallback);
    }
}
END_TEST

START_TEST(test_limit_is_never_exceeded)
{
    static const size_t sizes[] = {1, 64, 1000, 3000, 40000, 500000, 2000000, 3000000};
    static const unsigned flags[] = {0, FRUSA_NO_THREAD_CACHE, FRUSA_CHECKED};
    for (size_t i = 0; i < 3 * sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t size = sizes[i / 3], limit = size < 64 ? LIMIT / 8 : LIMIT;
        struct frusa_config config = {.limit = limit, .flags = flags[i % 3]};
        struct fixture x;
        fixture_open(&x, FALLBACK_PURGE, &config);
        size_t n = fill(x.f, size);
        /* Far from the limit there is no reason to refuse. */
        ck_assert_uint_ge(n * frusa_good_size(x.f, size, 0), limit / 2);
        require_below_limit(&x, limit);
        drain(x.f, 1, size);
        objects[0] = frusa_alloc(x.f, size, 0);
        ck_assert_ptr_nonnull(objects[0]);
        pattern_fill(objects[0], size, 0);
        drain(x.f, n, size);
        require_below_limit(&x, limit);
        walk_require_consistent(x.f, fallback_held(&x.fallback));
        fixture_close(&x);
    }
}
END_TEST

/* Spans that are empty, but still held, make room for other size classes and for large objects. */
START_TEST(test_reclaims_by_itself)
{
    static const size_t sizes[] = {100, 3000, 500, 700000, 16, 3000000, 2000};
    struct frusa_config config = {.limit = LIMIT};
    struct fixture x;
    fixture_open(&x, FALLBACK_BATCH, &config);
    size_t first = fill(x.f, 1000);
    drain(x.f, first, 1000);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t n = fill(x.f, sizes[i] > 99 ? sizes[i] : 200);
        ck_assert_uint_gt(n, 0);
        drain(x.f, n, sizes[i] > 99 ? sizes[i] : 200);
        n = fill(x.f, 1000);
        ck_assert_uint_ge(n, first - first / 10);
        drain(x.f, n, 1000);
    }
    require_below_limit(&x, LIMIT);
    fixture_close(&x);
}
END_TEST

START_TEST(test_large_objects_count)
{
    struct frusa_config config = {.limit = LIMIT};
    struct fixture x;
    fixture_open(&x, FALLBACK_RESIZE, &config);
    errno = 0;
    ck_assert(frusa_alloc(x.f, LIMIT, 0) == NULL && ERROR_IS(ENOMEM));
    char *p = frusa_alloc(x.f, 5u << 20, 0);
    ck_assert_ptr_nonnull(p);
    pattern_fill(p, 5u << 20, 0);
    errno = 0;
    ck_assert(frusa_alloc(x.f, 5u << 20, 0) == NULL && ERROR_IS(ENOMEM));
    errno = 0;
    ck_assert(frusa_realloc(x.f, p, 5u << 20, 0, 20u << 20) == NULL && ERROR_IS(ENOMEM));
    errno = 0;
    ck_assert(frusa_resize(x.f, p, 20u << 20) == NULL && ERROR_IS(ENOMEM));
    pattern_require(p, 5u << 20, 0);
    /* Within the limit as long as no second block is needed beside the first. */
    char *q = frusa_realloc(x.f, p, 5u << 20, 0, 7u << 20);
    ck_assert_ptr_nonnull(q);
    frusa_free(x.f, q);
    p = frusa_alloc(x.f, 7u << 20, 0);
    ck_assert_ptr_nonnull(p);
    frusa_free(x.f, p);
    require_below_limit(&x, LIMIT);
    fixture_close(&x);
}
END_TEST

START_TEST(test_caches_count)
{
    struct frusa_config config = {.limit = 1 << 20};
    struct fixture x;
    frusa_cache_t *caches[1000];
    size_t n = 0;
    fixture_open(&x, 0, &config);
    for (;;) {
        errno = 0;
        caches[n] = frusa_cache_create(x.f);
        if (caches[n] == NULL)
            break;
        void *p = frusa_cache_alloc(caches[n], 64, 0);
        frusa_cache_dealloc(caches[n], p, 64, 0);
        REQUIRE(++n < sizeof(caches) / sizeof(caches[0]));
    }
    ck_assert(ERROR_IS(ENOMEM));
    ck_assert_uint_gt(n, 0);
    require_below_limit(&x, 1 << 20);
    while (n > 0)
        frusa_cache_destroy(caches[--n]);
    fixture_close(&x);
}
END_TEST

static const struct frusa_config tiny = {.limit = 1};
static const struct frusa_config moderate = {.limit = LIMIT};
static struct counting_fallback static_fallback;
static frusa_t tiny_heap = FRUSA_INITIALIZER(&static_fallback.ops, &tiny);
static frusa_t moderate_heap = FRUSA_INITIALIZER(&static_fallback.ops, &moderate);

START_TEST(test_static_instances)
{
    fallback_init(&static_fallback, 0);
    errno = 0;
    ck_assert(frusa_alloc(&tiny_heap, 1, 0) == NULL && ERROR_IS(ENOMEM));
    errno = 0;
    ck_assert(frusa_alloc(&tiny_heap, 3u << 20, 0) == NULL && ERROR_IS(ENOMEM));
    frusa_destroy(&tiny_heap);
    fallback_require_empty(&static_fallback);
    size_t n = fill(&moderate_heap, 1000);
    ck_assert_uint_ge(n * 1000, LIMIT / 2);
    ck_assert_uint_le(fr_load_relaxed(&static_fallback.peak_bytes), LIMIT);
    drain(&moderate_heap, n, 1000);
    frusa_destroy(&moderate_heap);
    fallback_require_empty(&static_fallback);
}
END_TEST

START_TEST(test_limit_is_lowered)
{
    struct fixture x;
    fixture_open(&x, FALLBACK_BATCH, NULL);
    void *large = frusa_alloc(x.f, LIMIT, 0);
    ck_assert_ptr_nonnull(large);
    /* What was free is given back. What is live stays, and nothing comes to it. */
    frusa_free(x.f, frusa_alloc(x.f, 100000, 0));
    ck_assert_int_eq(frusa_set_limit(x.f, LIMIT / 2), 0);
    size_t held = fallback_held(&x.fallback);
    ck_assert_uint_lt(held, LIMIT + 100000);
    errno = 0;
    ck_assert(frusa_alloc(x.f, 100, 0) == NULL && ERROR_IS(ENOMEM));
    ck_assert_uint_le(fallback_held(&x.fallback), held);
    frusa_free(x.f, large);
    size_t n = fill(x.f, 1000);
    ck_assert_uint_gt(n * 1000, LIMIT / 4);
    ck_assert_uint_le(fallback_held(&x.fallback), LIMIT / 2);
    drain(x.f, n, 1000);
    fixture_close(&x);
}
END_TEST

START_TEST(test_limit_is_raised)
{
    struct frusa_config config = {.limit = LIMIT};
    struct fixture x;
    fixture_open(&x, 0, &config);
    ck_assert(frusa_alloc(x.f, LIMIT, 0) == NULL && ERROR_IS(ENOMEM));
    ck_assert_int_eq(frusa_set_limit(x.f, 2 * LIMIT), 0);
    void *p = frusa_alloc(x.f, LIMIT, 0);
    ck_assert_ptr_nonnull(p);
    ck_assert(frusa_alloc(x.f, LIMIT, 0) == NULL && ERROR_IS(ENOMEM));
    ck_assert_int_eq(frusa_set_limit(x.f, 0), 0);
    void *q = frusa_alloc(x.f, 4 * LIMIT, 0);
    ck_assert_ptr_nonnull(q);
    frusa_free(x.f, p);
    frusa_free(x.f, q);
    fixture_close(&x);
}
END_TEST

/* The limit belongs to the instance from its first use to its end, whether it is at rest or not. */
START_TEST(test_limit_of_a_static_instance)
{
    static const struct frusa_config wrong = {.managed_max = FRUSA_2M_MAX + 1};
    static frusa_t refused = FRUSA_INITIALIZER(NULL, &wrong);
    errno = 0;
    ck_assert_int_eq(frusa_set_limit(&refused, 0), -1);
    ck_assert(ERROR_IS(EINVAL));
    fallback_init(&static_fallback, 0);
    ck_assert_int_eq(frusa_set_limit(&tiny_heap, LIMIT), 0);
    for (int turn = 0; turn < 2; turn++) {
        size_t n = fill(&tiny_heap, 1000);
        ck_assert_uint_ge(n * 1000, LIMIT / 2);
        ck_assert_uint_le(fr_load_relaxed(&static_fallback.peak_bytes), LIMIT);
        drain(&tiny_heap, n, 1000);
        frusa_reclaim(&tiny_heap);
    }
    ck_assert_int_eq(frusa_set_limit(&tiny_heap, 1), 0);
    errno = 0;
    ck_assert(frusa_alloc(&tiny_heap, 1, 0) == NULL && ERROR_IS(ENOMEM));
    frusa_destroy(&tiny_heap);
    fallback_require_empty(&static_fallback);
}
END_TEST

struct crowd {
    struct fixture x;
    fr_atomic failures;
    pthread_barrier_t full; /* nobody gives up what it has before all have worked */
};

enum { CROWD = 8 };

static void work_at_the_limit(void *arg, size_t index)
{
    struct crowd *c = arg;
    struct workload w;
    workload_begin(&w, c->x.f, 200, env_seed(20), index);
    w.may_fail = 1;
    w.size_bits = 15;
    workload_run(&w, env_scale(6000, 1500)); /* so many push against it for sure */
    pthread_barrier_wait(&c->full);
    workload_end(&w);
    fr_fetch_add_relaxed(&c->failures, w.failures);
}

static void change_the_limit(void *arg, size_t index)
{
    struct crowd *c = arg;
    if (index > 0) {
        work_at_the_limit(arg, index);
        return;
    }
    for (int turn = 0; turn < 200; turn++)
        REQUIRE(frusa_set_limit(c->x.f, (size_t)(1 + turn % 4) << 19) == 0);
    REQUIRE(frusa_set_limit(c->x.f, 2 << 20) == 0);
    pthread_barrier_wait(&c->full);
}

START_TEST(test_limit_changes_under_load)
{
    struct crowd c;
    memset(&c.failures, 0, sizeof(c.failures));
    fixture_open(&c.x, FALLBACK_EVERYTHING, NULL);
    REQUIRE(pthread_barrier_init(&c.full, NULL, CROWD) == 0);
    team_run(CROWD, change_the_limit, &c);
    pthread_barrier_destroy(&c.full);
    frusa_reclaim(c.x.f);
    ck_assert_uint_le(fallback_held(&c.x.fallback), RECORD_MAX + CROWD * CACHE_MAX);
    fixture_close(&c.x);
}
END_TEST

/* Threads that push against the limit together neither exceed it nor get stuck. */
START_TEST(test_threads_at_the_limit)
{
    for (unsigned flags = 0; flags <= FRUSA_NO_THREAD_CACHE; flags += FRUSA_NO_THREAD_CACHE) {
        struct frusa_config config = {.limit = 2 << 20, .flags = flags};
        struct crowd c;
        memset(&c.failures, 0, sizeof(c.failures));
        fixture_open(&c.x, FALLBACK_EVERYTHING, &config);
        REQUIRE(pthread_barrier_init(&c.full, NULL, CROWD) == 0);
        team_run(CROWD, work_at_the_limit, &c);
        pthread_barrier_destroy(&c.full);
        ck_assert_uint_gt(fr_load_relaxed(&c.failures), 0);
        require_below_limit(&c.x, 2 << 20);
        frusa_reclaim(c.x.f);
        ck_assert_uint_le(fallback_held(&c.x.fallback), RECORD_MAX + CACHE_MAX);
        fixture_close(&c.x);
    }
}
END_TEST

RUNNER_MAIN("limit", test_too_small_for_the_instance, test_limit_is_never_exceeded,
            test_reclaims_by_itself, test_large_objects_count, test_caches_count,
            test_static_instances, test_threads_at_the_limit, test_limit_is_lowered,
            test_limit_is_raised, test_limit_of_a_static_instance, test_limit_changes_under_load)
