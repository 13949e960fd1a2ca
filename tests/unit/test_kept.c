/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Big blocks that stay warm, and empty spans that serve larger needs. A call of the system goes
 * through the fallback, so the statistics of its calls show that there was none. */
#include "cache/instance.h"
#include "check.h"
#include "port/clock.h"
#include "port/pages.h"
#include "spans/kept.h"
#include "support/fixture.h"
#include "support/pattern.h"
#include "support/random.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/tools.h"
#include "unit/runner.h"

#include <string.h>

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

static struct fr_heap *heap_of(frusa_t *f)
{
    return &fr_instance_of(f)->heap;
}

static size_t kept(frusa_t *f)
{
    return fr_load_relaxed(&heap_of(f)->kept.bytes);
}

static struct frusa_stats stats_of(frusa_t *f)
{
    struct frusa_stats s;
    REQUIRE(frusa_get_stats(f, &s) == 0);
    return s;
}

static size_t calls_of(frusa_t *f)
{
    struct frusa_stats s = stats_of(f);
    return s.fallback_allocs + s.fallback_deallocs;
}

/* An instance over the system's memory that divides blocks; NULL where none does: pages are larger
 * than the library's, or a memory checker watches. */
static frusa_t *open_dividing(void)
{
    frusa_t *f = frusa_create(NULL);
    REQUIRE(f != NULL);
    if (heap_of(f)->kept.divides && !fr_heap_is_checked(heap_of(f)))
        return f;
    frusa_destroy(f);
    return NULL;
}

static void finish(frusa_t *f)
{
    REQUIRE(fr_instance_is_valid(f));
    frusa_destroy(f);
}

static void *written(frusa_t *f, size_t size, int byte)
{
    void *p = frusa_malloc(f, size);
    REQUIRE(p != NULL);
    return memset(p, byte, size);
}

START_TEST(test_a_cycle_calls_nothing)
{
    static const size_t sizes[] = {5 * MIB / 2, 3 * MIB, 9 * MIB / 2, 7 * MIB, 50 * MIB};
    frusa_t *f = open_dividing();
    for (size_t i = 0; f && i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        frusa_free(f, written(f, sizes[i], 1));
        size_t calls = calls_of(f);
        for (int round = 0; round < 10; round++)
            frusa_free(f, written(f, sizes[i] - (size_t)round * 4096, round));
        ck_assert_uint_eq(calls_of(f), calls);
    }
    if (f)
        finish(f);
}
END_TEST

START_TEST(test_cut_and_joined)
{
    frusa_t *f = open_dividing();
    if (!f)
        return;
    char *whole = written(f, 9 * MIB, 1);
    frusa_free(f, whole);
    frusa_free(f, frusa_malloc(f, 3 * MIB)); /* metadata of its own is there from now on */
    size_t calls = calls_of(f);
    char *a = written(f, 3 * MIB, 2);
    char *b = written(f, 4 * MIB, 3);
    ck_assert(a >= whole && a + 3 * MIB <= whole + 9 * MIB);
    ck_assert(b >= whole && b + 4 * MIB <= whole + 9 * MIB);
    ck_assert_uint_eq(kept(f), 2 * MIB);
    ck_assert_uint_eq(stats_of(f).large, 7 * MIB);
    ck_assert(fr_instance_is_valid(f));
    frusa_free(f, a);
    frusa_free(f, b);
    ck_assert_uint_eq(kept(f), 9 * MIB);
    ck_assert_ptr_eq(frusa_malloc(f, 9 * MIB), whole);
    ck_assert_uint_eq(calls_of(f), calls);
    finish(f);
}
END_TEST

/* Parts of one block, and neighbours as one, go back to the system. */
START_TEST(test_parts_go_back)
{
    frusa_t *f = open_dividing();
    if (!f)
        return;
    frusa_free(f, written(f, 20 * MIB, 1));
    char *middle = written(f, 5 * MIB, 2);
    ck_assert_uint_ge(frusa_reclaim(f), 15 * MIB);
    ck_assert_uint_eq(kept(f), 0);
    pattern_fill(middle, 5 * MIB, 3);
    frusa_free(f, middle);
    frusa_reclaim(f);
    struct frusa_stats s = stats_of(f);
    ck_assert_uint_eq(s.large, 0);
    ck_assert_uint_eq(s.allocated_from_fallback, s.allocated_metadata);
    finish(f);
}
END_TEST

START_TEST(test_the_smallest_that_fits)
{
    frusa_t *f = open_dividing();
    if (!f)
        return;
    char *five = written(f, 5 * MIB, 1);
    char *between = written(f, 3 * MIB, 1);
    char *three = written(f, 3 * MIB, 1);
    char *last = written(f, 3 * MIB, 1);
    frusa_free(f, five);
    frusa_free(f, three);
    ck_assert_ptr_eq(frusa_malloc(f, 3 * MIB), three);
    ck_assert_ptr_eq(frusa_malloc(f, 5 * MIB), five);
    frusa_free(f, between);
    frusa_free(f, last);
    finish(f);
}
END_TEST

START_TEST(test_aligned_in_the_middle)
{
    frusa_t *f = open_dividing();
    if (!f)
        return;
    char *whole = written(f, 12 * MIB, 1);
    frusa_free(f, whole);
    char *first = frusa_malloc(f, 3 * MIB + 4096); /* the rest begins at an odd page */
    char *p = frusa_alloc(f, 2 * MIB + 4096, MIB);
    ck_assert(fr_is_aligned(p, MIB) && p > first && p < whole + 12 * MIB);
    ck_assert_uint_eq(kept(f), 12 * MIB - (3 * MIB + 4096) - (2 * MIB + 4096));
    ck_assert(fr_instance_is_valid(f));
    frusa_dealloc(f, p, 2 * MIB + 4096, MIB);
    frusa_free(f, first);
    ck_assert_uint_eq(kept(f), 12 * MIB);
    finish(f);
}
END_TEST

START_TEST(test_least_recently_used_goes_first)
{
    frusa_t *f = open_dividing();
    char *p[4];
    if (!f)
        return;
    ck_assert_int_eq(frusa_set_retain(f, 20 * MIB), 0);
    for (int i = 0; i < 4; i++) {
        p[i] = written(f, 6 * MIB, i);
        (void)written(f, 3 * MIB, i); /* so that none joins another */
    }
    for (int i = 0; i < 4; i++)
        frusa_free(f, p[i]);
    ck_assert_uint_le(kept(f), 20 * MIB);
    ck_assert(!frusa_owns(f, p[0]) || !frusa_owns(f, p[0] + 6 * MIB - 1));
    ck_assert(frusa_owns(f, p[3]) && frusa_owns(f, p[3] + 6 * MIB - 1));
    char *big = written(f, 21 * MIB, 1);
    frusa_free(f, big); /* more than may be kept */
    ck_assert(!frusa_owns(f, big));
    finish(f);
}
END_TEST

START_TEST(test_stale_goes_back_by_itself)
{
    frusa_t *f = open_dividing();
    if (!f)
        return;
    frusa_free(f, written(f, 3 * MIB, 1));
    fr_clock_advance(2);
    void *small = written(f, 40 * KIB, 1);
    ck_assert_uint_gt(kept(f), 2 * MIB);
    fr_clock_advance(60);
    void *other = written(f, 80 * KIB, 1); /* a slow path */
    ck_assert_uint_eq(kept(f), 0);
    frusa_free(f, small);
    frusa_free(f, other);
    finish(f);
}
END_TEST

START_TEST(test_zeroed_does_not_trust_it)
{
    frusa_t *f = open_dividing();
    if (!f)
        return;
    char *p = written(f, 3 * MIB, 0xa5);
    frusa_free(f, p);
    char *q = frusa_alloc_zeroed(f, 3 * MIB - 4096, 0);
    ck_assert_ptr_eq(q, p);
    pattern_require_zero(q, 3 * MIB - 4096);
    frusa_free(f, q);
    finish(f);
}
END_TEST

START_TEST(test_limit_takes_from_it_first)
{
    struct frusa_config config = {.limit = 32 * MIB};
    frusa_t *f = frusa_create_with(NULL, &config);
    ck_assert_ptr_nonnull(f);
    frusa_free(f, written(f, 18 * MIB, 1));
    void *warm = written(f, 64, 1);
    for (size_t size = 20 * MIB; size < 30 * MIB; size += MIB)
        frusa_free(f, written(f, size, 1));
    ck_assert_uint_le(stats_of(f).peak_allocated, 32 * MIB);
    frusa_free(f, warm);
    finish(f);
}
END_TEST

/* Objects of a KiB fill memory, go, and are followed by large ones, and the other way round. */
START_TEST(test_empties_first)
{
    enum { N = 16384, BIG = 5 };
    static void *objects[N];
    frusa_t *f = open_dividing();
    if (!f)
        return;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N; i++)
            objects[i] = written(f, KIB, 1);
        for (int i = 0; i < N; i++)
            frusa_free(f, objects[i]);
        for (int i = 0; i < BIG; i++)
            objects[i] = written(f, 3 * MIB, 1);
        for (int i = 0; i < BIG; i++)
            frusa_free(f, objects[i]);
    }
    size_t peak = stats_of(f).peak_allocated;
    REQUIRE_MSG(peak < (N * KIB) * 5 / 4, "%zu KiB at the peak", peak / KIB);
    finish(f);
}
END_TEST

/* Empty memory that is too short for what is needed goes back before more is taken. */
START_TEST(test_what_does_not_serve_goes_back)
{
    enum { N = 32 };
    char *p[N];
    frusa_t *f = open_dividing();
    if (!f)
        return;
    for (int i = 0; i < N; i++)
        p[i] = written(f, 3 * MIB, 1);
    for (int i = 0; i < N; i += 2)
        frusa_free(f, p[i]);
    size_t peak = stats_of(f).peak_allocated;
    for (int i = 0; i < N / 2; i += 2)
        (void)written(f, 6 * MIB, 1); /* in all the same as was freed */
    size_t now = stats_of(f).peak_allocated;
    REQUIRE_MSG(now < peak + 6 * MIB, "%zu KiB more than before", (now - peak) / KIB);
    finish(f);
}
END_TEST

/* Over a fallback of the program's own blocks come back as they went out, and serve what needs
 * nearly as much. */
START_TEST(test_whole_blocks)
{
    struct fixture x;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    char *p = written(x.f, 4 * MIB, 1);
    size_t deallocs = fr_load_relaxed(&x.fallback.deallocs);
    frusa_free(x.f, p); /* without a bound nothing of the kind is kept */
    ck_assert_uint_gt(fr_load_relaxed(&x.fallback.deallocs), deallocs);
    ck_assert_int_eq(frusa_set_retain(x.f, 16 * MIB), 0);
    p = written(x.f, 4 * MIB, 1);
    frusa_free(x.f, p);
    size_t calls = fr_load_relaxed(&x.fallback.allocs) + fr_load_relaxed(&x.fallback.deallocs);
    char *q = written(x.f, 4 * MIB - 100 * KIB, 2);
    ck_assert_ptr_eq(p, q);
    ck_assert_uint_eq(fr_load_relaxed(&x.fallback.allocs) + fr_load_relaxed(&x.fallback.deallocs),
                      calls);
    frusa_dealloc(x.f, q, 4 * MIB - 100 * KIB, 0);
    q = written(x.f, 3 * MIB, 2); /* too much would be wasted */
    ck_assert_ptr_ne(p, q);
    frusa_free(x.f, q);
    frusa_reclaim(x.f);
    ck_assert_uint_eq(stats_of(x.f).large, 0);
    ck_assert_uint_eq(kept(x.f), 0);
    fixture_close(&x);
}
END_TEST

START_TEST(test_checked_instances_keep_nothing)
{
    struct frusa_config config = {.flags = FRUSA_CHECKED};
    frusa_t *f = frusa_create_with(NULL, &config);
    ck_assert_ptr_nonnull(f);
    frusa_free(f, written(f, 3 * MIB, 1));
    ck_assert_uint_eq(kept(f), 0);
    finish(f);
}
END_TEST

/* A block that comes too late is refused. */
START_TEST(test_too_late_to_be_kept)
{
    frusa_t *f = open_dividing();
    if (!f)
        return;
    struct fr_heap *h = heap_of(f);
    size_t before = fr_kept_drains(h);
    struct fr_span *s = fr_meta_alloc_large_descriptor(h, NULL);
    frusa_reclaim(f);
    ck_assert_int_eq(fr_kept_add(h, s, MIB, before), 0);
    ck_assert_uint_eq(kept(f), 0);
    s->cls = FR_CLASS_LARGE;
    fr_meta_free_descriptor(h, s);
    finish(f);
}
END_TEST

static void churn(void *arg, size_t number)
{
    enum { N = 6, ROUNDS = 300 };
    frusa_t *f = arg;
    struct random r = random_stream(env_seed(17), number);
    char *p[N] = {NULL};
    size_t size[N] = {0};
    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t i = random_between(&r, 0, N - 1);
        if (p[i]) {
            REQUIRE(p[i][0] == (char)i && p[i][size[i] - 1] == (char)number);
            frusa_free(f, p[i]);
        }
        size[i] = random_between(&r, 20 * KIB, 5 * MIB);
        REQUIRE((p[i] = frusa_malloc(f, size[i])) != NULL);
        p[i][0] = (char)i;
        p[i][size[i] - 1] = (char)number;
        if (number == 0 && round % 50 == 49)
            frusa_reclaim(f);
    }
    for (size_t i = 0; i < N; i++)
        frusa_free(f, p[i]);
}

START_TEST(test_threads)
{
    frusa_t *f = frusa_create(NULL);
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(frusa_set_retain(f, 24 * MIB), 0);
    team_run(4, churn, f);
    ck_assert(fr_instance_is_valid(f));
    frusa_reclaim(f);
    struct frusa_stats s = stats_of(f);
    ck_assert_uint_eq(s.large, 0);
    ck_assert_uint_eq(s.allocated_from_fallback, s.allocated_metadata);
    finish(f);
}
END_TEST

RUNNER_MAIN("kept", test_a_cycle_calls_nothing, test_cut_and_joined, test_parts_go_back,
            test_the_smallest_that_fits, test_aligned_in_the_middle,
            test_least_recently_used_goes_first, test_stale_goes_back_by_itself,
            test_zeroed_does_not_trust_it, test_limit_takes_from_it_first, test_empties_first,
            test_what_does_not_serve_goes_back, test_whole_blocks,
            test_checked_instances_keep_nothing, test_too_late_to_be_kept, test_threads)
