/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* frusa_walk: what its rows say, and what its visitor may do. */
#include "support/fixture.h"
#include "support/population.h"
#include "support/require.h"
#include "support/walk.h"
#include "unit/runner.h"

#include <string.h>

enum { ROWS_MAX = 100000 };

struct rows {
    size_t n;
    struct frusa_span_info rows[ROWS_MAX];
};
static struct rows rows;

static int collect(const struct frusa_span_info *info, void *arg)
{
    struct rows *all = arg;
    REQUIRE(all->n < ROWS_MAX);
    all->rows[all->n++] = *info;
    return 0;
}

static int by_address(const void *a, const void *b)
{
    const struct frusa_span_info *x = a, *y = b;
    return (uintptr_t)x->address < (uintptr_t)y->address
               ? -1
               : (uintptr_t)x->address > (uintptr_t)y->address;
}

/* All rows in ascending order; requires that they do not overlap. */
static void walk_sorted(frusa_t *f)
{
    rows.n = 0;
    REQUIRE(frusa_walk(f, collect, &rows) == 0);
    qsort(rows.rows, rows.n, sizeof(rows.rows[0]), by_address);
    for (size_t i = 1; i < rows.n; i++)
        REQUIRE((uintptr_t)rows.rows[i - 1].address + rows.rows[i - 1].bytes <=
                (uintptr_t)rows.rows[i].address);
}

/* The row that the object lies in. */
static struct frusa_span_info *row_of(const void *ptr)
{
    size_t low = 0, high = rows.n;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if ((uintptr_t)rows.rows[middle].address <= (uintptr_t)ptr)
            low = middle;
        else
            high = middle;
    }
    struct frusa_span_info *row = &rows.rows[low];
    REQUIRE(rows.n > 0 && (uintptr_t)ptr >= (uintptr_t)row->address);
    REQUIRE((uintptr_t)ptr < (uintptr_t)row->address + row->bytes);
    return row;
}

/* Every live object lies in the row of its size class, at a slot of its own, and is counted
 * there. */
START_TEST(test_rows_account_for_every_object)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        struct population p;
        struct random r = random_stream(env_seed(12), v);
        fixture_open_variant(&x, v);
        population_create(&p, x.f, 3000, 1, 10000, &r);
        population_shuffle(&p, &r);
        population_drop(&p, 1500);
        walk_sorted(x.f);
        for (size_t i = 0; i < p.live; i++) {
            struct frusa_span_info *row = row_of(p.objects[i]);
            REQUIRE(row->object_size == frusa_good_size(x.f, p.sizes[i], 0));
            REQUIRE((uintptr_t)p.objects[i] + p.sizes[i] <= (uintptr_t)row->address + row->bytes);
            REQUIRE(row->live > 0);
            row->live--;
        }
        for (size_t i = 0; i < rows.n; i++)
            REQUIRE(rows.rows[i].live == 0);
        walk_require_consistent(x.f, fallback_held(&x.fallback));
        population_release(&p);
        fixture_close(&x);
    }
}
END_TEST

START_TEST(test_large_objects)
{
    struct fixture x;
    fixture_open(&x, 0, NULL);
    char *p = frusa_alloc(x.f, (3u << 20) + 1, 0);
    ck_assert_ptr_nonnull(p);
    walk_sorted(x.f);
    ck_assert_uint_eq(rows.n, 1);
    ck_assert_ptr_eq(rows.rows[0].address, p);
    ck_assert_int_eq(rows.rows[0].large, 1);
    ck_assert_uint_eq(rows.rows[0].slots, 1);
    ck_assert_uint_eq(rows.rows[0].live, 1);
    ck_assert_uint_eq(rows.rows[0].bytes, frusa_good_size(x.f, (3u << 20) + 1, 0));
    ck_assert_uint_eq(rows.rows[0].object_size, rows.rows[0].bytes);
    frusa_free(x.f, p);
    walk_sorted(x.f);
    ck_assert_uint_eq(rows.n, 0);
    fixture_close(&x);
}
END_TEST

/* Objects in a cache are free: the row says so. */
START_TEST(test_cached_objects_are_not_live)
{
    struct fixture x;
    void *objects[100];
    fixture_open(&x, 0, NULL);
    for (size_t i = 0; i < 100; i++)
        ck_assert_ptr_nonnull(objects[i] = frusa_alloc(x.f, 64, 0));
    for (size_t i = 1; i < 100; i++)
        frusa_dealloc(x.f, objects[i], 64, 0);
    struct walk_totals totals = walk_sum(x.f);
    ck_assert_uint_eq(totals.live, 1);
    ck_assert_uint_eq(totals.live_bytes, 64);
    frusa_dealloc(x.f, objects[0], 64, 0);
    ck_assert_uint_eq(walk_sum(x.f).live, 0);
    fixture_close(&x);
}
END_TEST

struct counter {
    size_t visits, stop_at;
};

static int stop_later(const struct frusa_span_info *info, void *arg)
{
    struct counter *counter = arg;
    (void)info;
    return ++counter->visits == counter->stop_at ? -4711 : 0;
}

START_TEST(test_non_zero_ends_the_walk)
{
    struct fixture x;
    struct population p;
    struct random r = random_stream(env_seed(13), 0);
    fixture_open(&x, 0, NULL);
    population_create(&p, x.f, 3000, 1, 3000, &r);
    struct counter all = {0, 0};
    ck_assert_int_eq(frusa_walk(x.f, stop_later, &all), 0);
    ck_assert_uint_gt(all.visits, 10);
    for (size_t stop = 1; stop <= all.visits; stop += 1 + all.visits / 50) {
        struct counter some = {0, stop};
        REQUIRE(frusa_walk(x.f, stop_later, &some) == -4711);
        REQUIRE(some.visits == stop);
    }
    population_release(&p);
    fixture_close(&x);
}
END_TEST

struct nested {
    frusa_t *f;
    size_t visits;
    void *kept[1000];
};

/* Calls everything that a visitor might. */
static int use_the_instance(const struct frusa_span_info *info, void *arg)
{
    struct nested *n = arg;
    struct frusa_stats s;
    REQUIRE(frusa_owns(n->f, info->address));
    void *p = frusa_alloc(n->f, info->object_size, 0), *q = frusa_malloc(n->f, 50);
    REQUIRE(p != NULL && q != NULL);
    p = frusa_realloc(n->f, p, info->object_size, 0, 10);
    REQUIRE(p != NULL);
    frusa_free(n->f, p);
    REQUIRE(frusa_get_stats(n->f, &s) == 0);
    REQUIRE(frusa_stats_json(n->f, NULL, 0) > 0);
    frusa_thread_flush(n->f);
    if (n->visits % 8 == 0)
        frusa_reclaim(n->f);
    if (n->visits % 16 == 3) {
        struct walk_totals totals = walk_sum(n->f);
        REQUIRE(totals.spans + totals.large > 0);
    }
    if (n->visits < 1000)
        n->kept[n->visits] = q;
    else
        frusa_free(n->f, q);
    n->visits++;
    return n->visits > 5000; /* the walk need not end while visits make new spans */
}

START_TEST(test_visitor_may_use_the_instance)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        struct population p;
        static struct nested n;
        struct random r = random_stream(env_seed(14), v);
        fixture_open_variant(&x, v);
        population_create(&p, x.f, 300, 1, 5000, &r);
        n.f = x.f;
        n.visits = 0;
        ck_assert_int_eq(frusa_walk(x.f, use_the_instance, &n), 0);
        ck_assert_uint_gt(n.visits, 0);
        for (size_t i = 0; i < n.visits && i < 1000; i++)
            frusa_free(x.f, n.kept[i]);
        population_release(&p);
        ck_assert_uint_eq(stats_live_bytes(x.f), 0);
        fixture_close(&x);
    }
}
END_TEST

/* The visitor takes away what is still to be visited. */
static int drop_everything(const struct frusa_span_info *info, void *arg)
{
    struct population *p = arg;
    (void)info;
    population_drop(p, p->live);
    frusa_reclaim(p->f);
    return 0;
}

START_TEST(test_spans_may_go_during_the_walk)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        struct population p;
        struct random r = random_stream(env_seed(15), v);
        fixture_open_variant(&x, v);
        population_create(&p, x.f, 2000, 1, 5000, &r);
        ck_assert_int_eq(frusa_walk(x.f, drop_everything, &p), 0);
        ck_assert_uint_eq(walk_sum(x.f).spans, 0);
        population_release(&p);
        fixture_close(&x);
    }
}
END_TEST

RUNNER_MAIN("walk", test_rows_account_for_every_object, test_large_objects,
            test_cached_objects_are_not_live, test_non_zero_ends_the_walk,
            test_visitor_may_use_the_instance, test_spans_may_go_during_the_walk)
