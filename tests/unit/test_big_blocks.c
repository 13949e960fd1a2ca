/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Big objects: what of them is resident, resizing where they are, and use that comes in a rhythm.
 * The statistics of calls of the fallback stand for calls of the system. */
#include "cache/instance.h"
#include "check.h"
#include "port/clock.h"
#include "spans/rhythm.h"
#include "support/mappings.h"
#include "support/pattern.h"
#include "support/require.h"
#include "unit/runner.h"

#include <frusa.h>
#include <string.h>
#include <unistd.h>

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

static size_t calls_of(frusa_t *f)
{
    struct frusa_stats s;
    REQUIRE(frusa_get_stats(f, &s) == 0);
    return s.fallback_allocs + s.fallback_deallocs;
}

static frusa_t *create(size_t limit)
{
    struct frusa_config config = {.limit = limit};
    frusa_t *f = frusa_create_with(NULL, &config);
    REQUIRE(f != NULL);
    return f;
}

static void finish(frusa_t *f)
{
    REQUIRE(fr_instance_is_valid(f));
    frusa_destroy(f);
}

/* Not where pages are larger than the library's, or a memory checker watches. */
static int divides(frusa_t *f)
{
    return heap_of(f)->kept.divides && !fr_heap_is_checked(heap_of(f));
}

/* ---- what is resident ---- */

START_TEST(test_resident_is_what_was_touched)
{
    static const struct {
        size_t size, n;
    } rows[] = {{16 * KIB, 400}, {100 * KIB, 100}, {256 * KIB, 100}, {MIB, 40},
                {2 * MIB, 20},   {3 * MIB, 20},    {64 * MIB, 3}};
    static char *p[400];
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    frusa_t *f = create(0);
    /* The kernel may bring huge pages in by itself. */
    ck_assert_int_eq(frusa_set_huge(FRUSA_HUGE_NEVER), 0);
    for (size_t r = 0; divides(f) && r < sizeof(rows) / sizeof(rows[0]); r++) {
        size_t resident = 0;
        for (size_t i = 0; i < rows[r].n; i++) {
            REQUIRE((p[i] = frusa_calloc(f, 1, rows[r].size)) != NULL);
            p[i][rows[r].size / 2] = 1;
        }
        for (size_t i = 0; i < rows[r].n; i++)
            resident += mappings_resident(p[i], rows[r].size);
        REQUIRE_MSG(resident <= 2 * page * rows[r].n, "%zu objects of %zu KiB: %zu KiB resident",
                    rows[r].n, rows[r].size / KIB, resident / KIB);
        for (size_t i = 0; i < rows[r].n; i++)
            frusa_free(f, p[i]);
        frusa_reclaim(f);
    }
    finish(f);
}
END_TEST

START_TEST(test_huge_pages_are_not_asked_for)
{
    frusa_t *f = create(0);
    char *p[8];
    for (size_t i = 0; i < 8; i++) {
        size_t size = (i % 2 ? 3 : 8) * MIB;
        REQUIRE((p[i] = frusa_malloc(f, size)) != NULL);
        memset(p[i], 1, size);
        ck_assert(!divides(f) || !mappings_has_flag(p[i], "hg"));
    }
    ck_assert_int_eq(frusa_set_huge(FRUSA_HUGE_ALWAYS), 0);
    char *huge = frusa_malloc(f, 8 * MIB);
    REQUIRE(huge != NULL);
    ck_assert(!mappings_knows_huge_pages() || mappings_has_flag(huge, "hg"));
    frusa_free(f, huge);
    for (size_t i = 0; i < 8; i++)
        frusa_free(f, p[i]);
    finish(f);
}
END_TEST

/* ---- resizing ---- */

START_TEST(test_back_and_forth_in_place)
{
    static const struct {
        size_t small, big;
    } rows[] = {{2100 * KIB, 2300 * KIB}, {3900 * KIB, 4200 * KIB}, {9 * MIB, 12 * MIB}};
    frusa_t *f = create(0);
    for (size_t r = 0; divides(f) && r < sizeof(rows) / sizeof(rows[0]); r++) {
        char *p = frusa_malloc(f, rows[r].big);
        REQUIRE(p != NULL);
        pattern_fill(p, rows[r].big, 1);
        char *first = p;
        REQUIRE((p = frusa_resize(f, p, rows[r].small)) == first);
        size_t calls = calls_of(f);
        for (int round = 0; round < 10; round++) {
            REQUIRE((p = frusa_resize(f, p, rows[r].big)) == first);
            p[rows[r].big - 1] = 1;
            REQUIRE((p = frusa_realloc(f, p, rows[r].big, 0, rows[r].small)) == first);
        }
        pattern_require_moved(p, rows[r].small, first, rows[r].big, 1);
        ck_assert_uint_eq(calls_of(f), calls);
        frusa_dealloc(f, p, rows[r].small, 0);
    }
    finish(f);
}
END_TEST

START_TEST(test_small_steps_are_linear)
{
    enum { STEP = 64 << 10, END = 24 << 20 };
    frusa_t *f = create(0);
    size_t size = 5 * MIB / 2;
    char *p = frusa_malloc(f, size);
    REQUIRE(p != NULL);
    memset(p, 7, size);
    size_t calls = calls_of(f);
    size_t moves = 0;
    for (; size + STEP <= END; size += STEP) {
        char *q = frusa_resize(f, p, size + STEP);
        REQUIRE(q != NULL && q[0] == 7 && q[size - 1] == 7);
        moves += q != p;
        p = q;
        memset(p + size, 7, STEP);
    }
    if (divides(f)) {
        REQUIRE_MSG(moves < 40, "moved %zu times", moves);
        REQUIRE_MSG(calls_of(f) - calls < 80, "%zu calls", calls_of(f) - calls);
    }
    frusa_free(f, p);
    finish(f);
}
END_TEST

START_TEST(test_the_tail_comes_back)
{
    struct frusa_stats s;
    frusa_t *f = create(0);
    char *p = frusa_malloc(f, 12 * MIB);
    REQUIRE(p != NULL);
    memset(p, 1, 12 * MIB);
    char *q = frusa_resize(f, p, 3 * MIB);
    ck_assert_ptr_nonnull(q);
    frusa_reclaim(f);
    REQUIRE(frusa_get_stats(f, &s) == 0);
    if (divides(f)) {
        ck_assert_ptr_eq(p, q);
        ck_assert_uint_eq(s.large, 3 * MIB);
        ck_assert_uint_eq(s.allocated_from_fallback, s.allocated_metadata);
    }
    ck_assert(q[0] == 1 && q[3 * MIB - 1] == 1);
    frusa_free(f, q);
    finish(f);
}
END_TEST

START_TEST(test_headroom_gives_way_to_the_limit)
{
    frusa_t *f = create(17 * MIB);
    char *p = frusa_malloc(f, 8 * MIB);
    REQUIRE(p != NULL);
    p[0] = 1;
    p = frusa_resize(f, p, 16 * MIB);
    REQUIRE(p != NULL && p[0] == 1);
    ck_assert_ptr_null(frusa_resize(f, p, 18 * MIB));
    frusa_free(f, p);
    p = frusa_malloc(f, 16 * MIB); /* what is kept is in nobody's way */
    REQUIRE(p != NULL);
    frusa_free(f, p);
    finish(f);
}
END_TEST

/* ---- use in a rhythm ---- */

static void burst(frusa_t *f, size_t total)
{
    enum { SIZE = 5 << 19 };
    static char *p[64];
    size_t n = total / SIZE;
    for (size_t i = 0; i < n; i++) {
        REQUIRE((p[i] = frusa_malloc(f, SIZE)) != NULL);
        p[i][0] = 1;
    }
    for (size_t i = 0; i < n; i++)
        frusa_free(f, p[i]);
}

START_TEST(test_a_rhythm_is_learnt)
{
    frusa_t *f = create(0);
    ck_assert_int_eq(frusa_set_retain(f, 16 * MIB), 0);
    for (int i = 0; i < 6; i++)
        burst(f, 40 * MIB);
    if (divides(f) && fr_clock_seconds() > 0) {
        size_t calls = calls_of(f);
        burst(f, 40 * MIB);
        ck_assert_uint_eq(calls_of(f), calls);
        ck_assert_uint_gt(fr_rhythm_bound(heap_of(f)), 30 * MIB);
    }
    /* It ends, and what was kept for it goes back at the next slow paths. */
    for (int i = 0; i < 40; i++) {
        fr_clock_advance(6);
        frusa_free(f, frusa_malloc(f, 3 * MIB));
    }
    ck_assert_uint_eq(fr_rhythm_bound(heap_of(f)), 16 * MIB);
    ck_assert_uint_le(kept(f), 16 * MIB);
    finish(f);
}
END_TEST

START_TEST(test_a_low_bound_stays)
{
    frusa_t *f = create(0);
    ck_assert_int_eq(frusa_set_retain(f, 8 * MIB), 0);
    for (int i = 0; i < 8; i++) {
        burst(f, 40 * MIB);
        ck_assert_uint_le(kept(f), 8 * MIB);
    }
    ck_assert_uint_eq(fr_rhythm_bound(heap_of(f)), 8 * MIB);
    finish(f);
}
END_TEST

RUNNER_MAIN("big_blocks", test_resident_is_what_was_touched, test_huge_pages_are_not_asked_for,
            test_back_and_forth_in_place, test_small_steps_are_linear, test_the_tail_comes_back,
            test_headroom_gives_way_to_the_limit, test_a_rhythm_is_learnt, test_a_low_bound_stays)
