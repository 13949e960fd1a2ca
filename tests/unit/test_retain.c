/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* frusa_set_retain: how much empty memory an instance keeps without being asked for it. */
#include "cache/instance.h"
#include "support/fixture.h"
#include "support/pattern.h"
#include "support/require.h"
#include "support/threads.h"
#include "unit/runner.h"

#include <errno.h>

enum { OBJECTS = 40000, SIZE = 300, MIB = 1 << 20 };

static void *objects[OBJECTS];

/* Empty spans hold no more than the bound. */
static void require_bound(frusa_t *f, size_t bound)
{
    size_t empty = fr_load_relaxed(&fr_instance_of(f)->heap.empty_bytes);
    REQUIRE_MSG(empty <= bound, "%zu bytes of empty spans, the bound is %zu", empty, bound);
}

static void fill(frusa_t *f)
{
    for (size_t i = 0; i < OBJECTS; i++) {
        objects[i] = frusa_malloc(f, SIZE);
        REQUIRE(objects[i] != NULL);
        pattern_fill(objects[i], SIZE, i);
    }
}

static void drain(frusa_t *f)
{
    for (size_t i = 0; i < OBJECTS; i++) {
        pattern_require(objects[i], SIZE, i);
        frusa_free(f, objects[i]);
    }
}

/* What is held beyond what caches and metadata explain. */
static size_t kept(frusa_t *f)
{
    struct frusa_stats s;
    REQUIRE(frusa_get_stats(f, &s) == 0);
    size_t explained = s.allocated_metadata + s.cached;
    return s.allocated_from_fallback > explained ? s.allocated_from_fallback - explained : 0;
}

START_TEST(test_without_a_bound_all_is_kept)
{
    struct fixture x;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    fill(x.f);
    size_t deallocs = fr_load_relaxed(&x.fallback.deallocs);
    drain(x.f);
    ck_assert_uint_eq(fr_load_relaxed(&x.fallback.deallocs), deallocs);
    ck_assert_uint_gt(kept(x.f), OBJECTS * SIZE / 2);
    fixture_close(&x);
}
END_TEST

/* Partly empty spans, of which there may be a few behind a cache's magazine, are not empty. */
enum { SLACK = 512 << 10 };

START_TEST(test_bound_holds)
{
    static const size_t bounds[] = {0, 100000, 1 * MIB, 4 * MIB};
    for (size_t v = 0; v < fixture_variant_count; v++)
        for (size_t b = 0; b < sizeof(bounds) / sizeof(bounds[0]); b++) {
            struct fixture x;
            fixture_open_variant(&x, v);
            ck_assert_int_eq(frusa_set_retain(x.f, bounds[b]), 0);
            for (int round = 0; round < 2; round++) {
                fill(x.f);
                drain(x.f);
                REQUIRE_MSG(kept(x.f) <= bounds[b] + SLACK, "%s: %zu bytes kept, the bound is %zu",
                            fixture_variants[v].name, kept(x.f), bounds[b]);
            }
            fixture_close(&x);
        }
}
END_TEST

START_TEST(test_half_of_the_bound_is_left)
{
    struct fixture x;
    fixture_open(&x, 0, NULL);
    ck_assert_int_eq(frusa_set_retain(x.f, 4 * MIB), 0);
    fill(x.f);
    drain(x.f);
    ck_assert_uint_ge(kept(x.f) + SLACK, 2 * MIB);
    fixture_close(&x);
}
END_TEST

START_TEST(test_traffic_within_the_bound_calls_no_fallback)
{
    struct fixture x;
    fixture_open(&x, 0, NULL);
    ck_assert_int_eq(frusa_set_retain(x.f, 64 * MIB), 0);
    fill(x.f);
    drain(x.f);
    size_t allocs = fr_load_relaxed(&x.fallback.allocs);
    for (int round = 0; round < 5; round++) {
        fill(x.f);
        drain(x.f);
    }
    ck_assert_uint_eq(fr_load_relaxed(&x.fallback.deallocs), 0);
    ck_assert_uint_le(fr_load_relaxed(&x.fallback.allocs), allocs + 2);
    fixture_close(&x);
}
END_TEST

START_TEST(test_lowering_the_bound_gives_back_at_once)
{
    struct fixture x;
    fixture_open(&x, FALLBACK_BATCH, NULL);
    fill(x.f);
    drain(x.f);
    ck_assert_int_eq(frusa_set_retain(x.f, 1 * MIB), 0);
    ck_assert_uint_le(kept(x.f), 1 * MIB + SLACK);
    ck_assert_int_eq(frusa_set_retain(x.f, (size_t)-1), 0);
    fill(x.f);
    drain(x.f);
    ck_assert_uint_gt(kept(x.f), OBJECTS * SIZE / 2);
    fixture_close(&x);
}
END_TEST

START_TEST(test_reclaim_still_gives_back_everything)
{
    struct fixture x;
    struct frusa_stats s;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    ck_assert_int_eq(frusa_set_retain(x.f, 64 * MIB), 0);
    fill(x.f);
    drain(x.f);
    ck_assert_uint_gt(frusa_reclaim(x.f), OBJECTS * SIZE / 2);
    ck_assert_int_eq(frusa_get_stats(x.f, &s), 0);
    ck_assert_uint_eq(s.allocated_from_fallback, s.allocated_metadata);
    fixture_close(&x);
}
END_TEST

START_TEST(test_out_of_range_instance)
{
    static const struct frusa_config config = {.managed_max = FRUSA_2M_MAX + 1};
    static frusa_t f = FRUSA_INITIALIZER(NULL, &config);
    errno = 0;
    ck_assert_int_eq(frusa_set_retain(&f, 0), -1);
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

/* Several threads at once, some of which exceed the bound while others trim or reclaim. */
static void churn(void *arg, size_t number)
{
    enum { N = 3000 };
    frusa_t *f = arg;
    void *mine[N];
    for (unsigned round = 0; round < 20; round++) {
        for (size_t i = 0; i < N; i++) {
            mine[i] = frusa_malloc(f, 16 + (i + number) % 2000);
            REQUIRE(mine[i] != NULL);
        }
        for (size_t i = 0; i < N; i++)
            frusa_free(f, mine[i]);
        if (number == 0 && round % 7 == 3)
            frusa_reclaim(f);
    }
}

START_TEST(test_threads)
{
    struct fixture x;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    ck_assert_int_eq(frusa_set_retain(x.f, 1 * MIB), 0);
    team_run(4, churn, x.f);
    require_bound(x.f, 1 * MIB);
    fixture_close(&x);
}
END_TEST

static int look(const struct frusa_span_info *row, void *arg)
{
    (void)row;
    (void)arg;
    return 0;
}

/* Calls that empty caches leave no more than the bound, although nobody gives an object back
 * afterwards. */
START_TEST(test_bound_holds_after_caches_are_emptied)
{
    for (unsigned call = 0; call < 3; call++) {
        struct fixture x;
        fixture_open(&x, FALLBACK_EVERYTHING, NULL);
        ck_assert_int_eq(frusa_set_retain(x.f, 4096), 0);
        for (size_t size = 64; size <= 8192; size *= 2)
            frusa_free(x.f, frusa_malloc(x.f, size));
        if (call == 0)
            frusa_walk(x.f, look, NULL);
        else if (call == 1)
            frusa_thread_flush(x.f);
        else
            frusa_reclaim_some(x.f, 1);
        require_bound(x.f, 4096);
        fixture_close(&x);
    }
}
END_TEST

/* Allocations alone let the magazines of other sizes fade, into spans that become empty. */
START_TEST(test_bound_holds_after_ageing)
{
    struct fixture x;
    enum { LIVE = 30000 };
    static void *live[LIVE];
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    ck_assert_int_eq(frusa_set_retain(x.f, 4096), 0);
    for (size_t size = 256; size <= 8192; size *= 2)
        frusa_free(x.f, frusa_malloc(x.f, size));
    for (size_t i = 0; i < LIVE; i++) {
        REQUIRE((live[i] = frusa_malloc(x.f, 16)) != NULL);
        require_bound(x.f, 4096);
    }
    for (size_t i = 0; i < LIVE; i++)
        frusa_free(x.f, live[i]);
    fixture_close(&x);
}
END_TEST

RUNNER_MAIN("retain", test_without_a_bound_all_is_kept, test_bound_holds,
            test_half_of_the_bound_is_left, test_traffic_within_the_bound_calls_no_fallback,
            test_lowering_the_bound_gives_back_at_once, test_reclaim_still_gives_back_everything,
            test_out_of_range_instance, test_threads, test_bound_holds_after_caches_are_emptied,
            test_bound_holds_after_ageing)
