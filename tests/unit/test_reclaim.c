/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The guarantee of reclaim, with one thread. */
#include "port/pages.h"
#include "support/check_instance.h"
#include "support/fixture.h"
#include "support/pattern.h"
#include "support/population.h"
#include "support/random.h"
#include "support/require.h"
#include "support/walk.h"
#include "support/workload.h"
#include "unit/runner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The test's own thread may have one cache. */
#define REST_MAX (RECORD_MAX + CACHE_MAX)

/* The default of thread_cache_max. */
#define THREAD_CACHE_MAX ((size_t)4 << 20)

/* Reclaims; requires that the return value and reclaimed_total tell what the fallback saw. */
static size_t reclaim_and_account(struct fixture *x)
{
    struct frusa_stats before, after;
    size_t returned = fr_load_relaxed(&x->fallback.returned_bytes);
    size_t purged = fr_load_relaxed(&x->fallback.purged_bytes);
    REQUIRE(frusa_get_stats(x->f, &before) == 0);
    size_t bytes = frusa_reclaim(x->f);
    REQUIRE(frusa_get_stats(x->f, &after) == 0);
    returned = fr_load_relaxed(&x->fallback.returned_bytes) - returned;
    purged = fr_load_relaxed(&x->fallback.purged_bytes) - purged;
    REQUIRE_MSG(bytes == returned + purged, "%zu, but %zu came back and %zu were purged", bytes,
                returned, purged);
    REQUIRE(after.reclaimed_total - before.reclaimed_total == bytes);
    walk_require_consistent(x->f, fallback_held(&x->fallback));
    return bytes;
}

static void require_nothing_left(struct fixture *x)
{
    struct walk_totals totals = walk_sum(x->f);
    struct frusa_stats s;
    REQUIRE_MSG(fallback_held(&x->fallback) <= REST_MAX, "%zu bytes stay",
                fallback_held(&x->fallback));
    REQUIRE(totals.spans == 0 && totals.large == 0);
    REQUIRE(frusa_get_stats(x->f, &s) == 0);
    REQUIRE(s.allocated_from_fallback == s.allocated_metadata && s.in_use == s.in_use_metadata);
    REQUIRE(s.allocated_from_fallback == fallback_held(&x->fallback));
    REQUIRE(s.cached == 0 && s.large == 0 && s.purged == 0);
}

START_TEST(test_nothing_live_nothing_stays)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        struct workload w;
        fixture_open_variant(&x, v);
        workload_begin(&w, x.f, 2000, env_seed(17), v);
        w.size_bits = 18;
        for (int round = 0; round < 3; round++) {
            workload_run(&w, env_scale(6000, 300));
            workload_clear(&w);
            reclaim_and_account(&x);
            require_nothing_left(&x);
            ck_assert_uint_eq(frusa_reclaim(x.f), 0);
        }
        workload_end(&w);
        fixture_close(&x);
    }
}
END_TEST

START_TEST(test_fresh_instance)
{
    struct fixture x;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    reclaim_and_account(&x);
    require_nothing_left(&x);
    ck_assert_uint_eq(frusa_reclaim_some(x.f, 1), 0);
    fixture_close(&x);
}
END_TEST

/* A random 90 % freed: no span without a live object stays. The rest freed: nothing stays. */
static void nine_tenths(unsigned features, const struct frusa_config *config)
{
    struct fixture x;
    struct population p;
    struct random r = random_stream(env_seed(90), features);
    fixture_open(&x, features, config);
    population_create(&p, x.f, env_scale(150000, 4000), 16, 2048, &r);
    population_shuffle(&p, &r);
    population_drop(&p, p.live / 10 * 9);
    reclaim_and_account(&x);
    struct walk_totals totals = walk_sum(x.f);
    ck_assert_uint_eq(totals.empty_spans, 0);
    ck_assert_uint_eq(totals.live, p.live);
    support_check_instance(x.f);
    population_drop(&p, p.live);
    reclaim_and_account(&x);
    require_nothing_left(&x);
    population_release(&p);
    fixture_close(&x);
}

START_TEST(test_random_nine_tenths_freed)
{
    nine_tenths(FALLBACK_BATCH, NULL);
}
END_TEST

START_TEST(test_random_nine_tenths_freed_with_purge)
{
    nine_tenths(FALLBACK_EVERYTHING, NULL);
}
END_TEST

START_TEST(test_random_nine_tenths_freed_checked)
{
    static const struct frusa_config config = {.flags = FRUSA_CHECKED};
    nine_tenths(FALLBACK_PURGE, &config);
}
END_TEST

/* ---- purge ---- */

enum { PAGE = 4096 };

struct page_count {
    const struct population *p;
    size_t free_pages; /* whole pages of spans in which no live object lies */
};

static int page_is_free(const struct population *p, uintptr_t page)
{
    for (size_t i = 0; i < p->live; i++) {
        uintptr_t start = (uintptr_t)p->objects[i];
        if (start < page + PAGE && start + p->sizes[i] > page)
            return 0;
    }
    return 1;
}

static int count_free_pages(const struct frusa_span_info *row, void *arg)
{
    struct page_count *count = arg;
    uintptr_t start = (uintptr_t)row->address;
    REQUIRE(start % PAGE == 0 && row->bytes % PAGE == 0 && row->purged % PAGE == 0);
    for (uintptr_t page = start; page < start + row->bytes; page += PAGE)
        count->free_pages += (size_t)page_is_free(count->p, page);
    return 0;
}

/* Every whole free page inside the spans that stay is purged; pages taken into use again are
 * not. */
START_TEST(test_whole_free_pages_are_purged)
{
    if (fr_page_size() > PAGE)
        return; /* counts in small pages */
    static const size_t sizes[] = {64, 500, 2000, 6000, 20000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct fixture x;
        struct population p;
        struct frusa_stats s;
        struct random r = random_stream(env_seed(91), i);
        size_t good, count = 8000000 / (sizes[i] + 1500);
        fixture_open(&x, FALLBACK_PURGE, NULL);
        good = frusa_good_size(x.f, sizes[i], 0);
        population_create(&p, x.f, count, good, good, &r);
        population_shuffle(&p, &r);
        population_drop(&p, p.live - 12);
        reclaim_and_account(&x);
        struct page_count pages = {&p, 0};
        ck_assert_int_eq(frusa_walk(x.f, count_free_pages, &pages), 0);
        ck_assert_int_eq(frusa_get_stats(x.f, &s), 0);
        ck_assert_uint_ge(s.purged, pages.free_pages * PAGE);
        ck_assert_uint_eq(frusa_reclaim(x.f), 0);
        population_refill(&p, count, good, good, &r);
        walk_require_consistent(x.f, fallback_held(&x.fallback));
        population_drop(&p, p.live);
        population_release(&p);
        fixture_close(&x);
    }
}
END_TEST

/* A purge that refuses gives nothing back and harms nothing. */
START_TEST(test_refused_purge)
{
    static const struct fault_plan everything = {.percent = 100};
    struct fixture x;
    struct population p;
    struct frusa_stats s;
    struct random r = random_stream(env_seed(92), 0);
    fixture_open(&x, FALLBACK_PURGE, NULL);
    population_create(&p, x.f, 4000, 2000, 2000, &r);
    population_shuffle(&p, &r);
    population_drop(&p, 3600);
    fallback_set_plan(&x.fallback, &everything);
    reclaim_and_account(&x);
    fallback_set_plan(&x.fallback, NULL);
    ck_assert_int_eq(frusa_get_stats(x.f, &s), 0);
    ck_assert_uint_eq(s.purged, 0);
    reclaim_and_account(&x);
    population_drop(&p, p.live);
    reclaim_and_account(&x);
    require_nothing_left(&x);
    population_release(&p);
    fixture_close(&x);
}
END_TEST

/* ---- reclaim_some ---- */

START_TEST(test_reclaim_some)
{
    struct fixture x;
    struct population p;
    struct random r = random_stream(env_seed(93), 0);
    fixture_open(&x, FALLBACK_BATCH, NULL);
    population_create(&p, x.f, 20000, 16, 2048, &r);
    population_drop(&p, p.live);
    size_t full = fallback_held(&x.fallback);
    ck_assert_uint_eq(frusa_reclaim_some(x.f, 0), 0);
    ck_assert_uint_eq(fallback_held(&x.fallback), full);
    static const size_t targets[] = {1, 4096, 300000, 2000000};
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        size_t before = fallback_held(&x.fallback);
        size_t bytes = frusa_reclaim_some(x.f, targets[i]);
        ck_assert_uint_ge(bytes, targets[i]);
        ck_assert_uint_eq(before - bytes, fallback_held(&x.fallback));
        ck_assert_uint_lt(bytes, targets[i] + full / 4);
        walk_require_consistent(x.f, fallback_held(&x.fallback));
    }
    size_t before = fallback_held(&x.fallback);
    ck_assert_uint_eq(before - frusa_reclaim_some(x.f, SIZE_MAX), fallback_held(&x.fallback));
    require_nothing_left(&x);
    population_release(&p);
    fixture_close(&x);
}
END_TEST

/* What a target asks for and is there is given back, in as many calls as it takes. */
START_TEST(test_reclaim_some_again_and_again)
{
    struct fixture x;
    struct population p;
    struct random r = random_stream(env_seed(94), 0);
    size_t total = 0, bytes;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    population_create(&p, x.f, 5000, 16, 5000, &r);
    population_drop(&p, p.live);
    size_t full = fallback_held(&x.fallback);
    while ((bytes = frusa_reclaim_some(x.f, 50000)) > 0)
        total += bytes;
    require_nothing_left(&x);
    ck_assert_uint_eq(full - total, fallback_held(&x.fallback));
    population_release(&p);
    fixture_close(&x);
}
END_TEST

/* ---- repetition ---- */

/* Filling and draining for ever needs no more than once, but for what the cache learns to hold. */
START_TEST(test_no_growth_over_cycles)
{
    struct fixture x;
    struct population p;
    size_t first_peak = 0;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    for (int cycle = 0; cycle < 40; cycle++) {
        struct random r = random_stream(env_seed(95), 0);
        population_create(&p, x.f, 3000, 1, 3000, &r);
        if (cycle == 0)
            first_peak = fallback_held(&x.fallback);
        ck_assert_uint_le(fallback_held(&x.fallback), first_peak + REST_MAX + THREAD_CACHE_MAX);
        population_shuffle(&p, &r);
        population_drop(&p, p.live);
        population_release(&p);
        frusa_reclaim(x.f);
        require_nothing_left(&x);
    }
    fixture_close(&x);
}
END_TEST

/* Where the fallback takes blocks back by the batch, that is how it gets them. */
START_TEST(test_batches_are_used)
{
    struct fixture x;
    struct population p;
    struct random r = random_stream(env_seed(96), 0);
    fixture_open(&x, FALLBACK_BATCH, NULL);
    population_create(&p, x.f, 20000, 16, 2048, &r);
    population_drop(&p, p.live);
    size_t blocks = fallback_blocks(&x.fallback), batches, singles;
    frusa_reclaim(x.f);
    blocks -= fallback_blocks(&x.fallback);
    batches = fr_load_relaxed(&x.fallback.calls[CALL_BATCH]);
    singles = fr_load_relaxed(&x.fallback.calls[CALL_DEALLOC]);
    ck_assert_uint_gt(batches, 0);
    ck_assert_uint_lt(batches + singles, blocks);
    population_release(&p);
    fixture_close(&x);
}
END_TEST

RUNNER_MAIN("reclaim", test_nothing_live_nothing_stays, test_fresh_instance,
            test_random_nine_tenths_freed, test_random_nine_tenths_freed_with_purge,
            test_random_nine_tenths_freed_checked, test_whole_free_pages_are_purged,
            test_refused_purge, test_reclaim_some, test_reclaim_some_again_and_again,
            test_no_growth_over_cycles, test_batches_are_used)
