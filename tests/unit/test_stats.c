/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The statistics: exact while nobody else is inside, and in agreement with what the fallback
 * counts. */
#include "check.h"
#include "port/pages.h"
#include "support/build.h"
#include "support/fixture.h"
#include "support/population.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/walk.h"
#include "support/workload.h"
#include "unit/runner.h"

#include <string.h>

static struct frusa_stats stats_of(frusa_t *f)
{
    struct frusa_stats s;
    memset(&s, 0xff, sizeof(s));
    REQUIRE(frusa_get_stats(f, &s) == 0);
    for (size_t i = 0; i < sizeof(s.reserved) / sizeof(s.reserved[0]); i++)
        REQUIRE(s.reserved[i] == 0);
    size_t objects = s.in_use - s.in_use_metadata + s.large + s.cached;
    size_t free_metadata = s.allocated_metadata - s.in_use_metadata;
    REQUIRE(objects + s.free_in_spans + s.kept + s.in_use_metadata + free_metadata ==
            s.allocated_from_fallback + s.large);
    return s;
}

/* Requires that each figure that the fallback can know is the fallback's. */
static void require_agreement(struct fixture *x)
{
    const struct counting_fallback *fallback = &x->fallback;
    struct frusa_stats s = stats_of(x->f);
    REQUIRE(s.allocated_from_fallback + s.large == fallback_held(fallback));
    REQUIRE_MSG(s.peak_allocated == fr_load_relaxed(&fallback->peak_bytes),
                "%zu, the fallback says %zu", s.peak_allocated,
                fr_load_relaxed(&fallback->peak_bytes));
    REQUIRE_MSG(s.fallback_allocs == fr_load_relaxed(&fallback->allocs),
                "%zu, the fallback says %zu", s.fallback_allocs,
                fr_load_relaxed(&fallback->allocs));
    REQUIRE_MSG(s.fallback_deallocs == fr_load_relaxed(&fallback->deallocs),
                "%zu, the fallback says %zu", s.fallback_deallocs,
                fr_load_relaxed(&fallback->deallocs));
}

START_TEST(test_fresh_instance)
{
    struct fixture x;
    fixture_open(&x, 0, NULL);
    struct frusa_stats s = stats_of(x.f);
    ck_assert_uint_eq(s.in_use, s.in_use_metadata);
    ck_assert_uint_eq(s.cached + s.large + s.purged + s.reclaimed_total, 0);
    require_agreement(&x);
    fixture_close(&x);
}
END_TEST

/* After every single operation. */
START_TEST(test_exact_after_every_operation)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        size_t sizes[60], live = 0, large = 0;
        void *objects[60];
        struct random r = random_stream(env_seed(5), v);
        fixture_open_variant(&x, v);
        size_t managed_max = fixture_variants[v].config.managed_max;
        if (managed_max == 0)
            managed_max = FRUSA_2M_MAX;
        memset(objects, 0, sizeof(objects));
        for (int i = 0; i < 2000; i++) {
            size_t k = random_below(&r, 60);
            if (objects[k] == NULL) {
                sizes[k] = random_size(&r, 23);
                objects[k] = frusa_alloc(x.f, sizes[k], 1);
                REQUIRE(objects[k] != NULL);
            } else {
                frusa_dealloc(x.f, objects[k], sizes[k], 1);
                objects[k] = NULL;
            }
            size_t good = frusa_good_size(x.f, sizes[k], 1);
            size_t *sum = sizes[k] > managed_max ? &large : &live;
            *sum += objects[k] != NULL ? good : (size_t)0 - good;
            struct frusa_stats s = stats_of(x.f);
            REQUIRE_MSG(s.in_use - s.in_use_metadata == live, "%s: %zu in use, not %zu",
                        fixture_variants[v].name, s.in_use - s.in_use_metadata, live);
            REQUIRE_MSG(s.large == large, "%s: %zu large, not %zu", fixture_variants[v].name,
                        s.large, large);
            REQUIRE(s.allocated_from_fallback + s.large == fallback_held(&x.fallback));
            REQUIRE(s.in_use + s.cached <= s.allocated_from_fallback);
        }
        require_agreement(&x);
        walk_require_consistent(x.f, fallback_held(&x.fallback));
        fixture_close(&x);
    }
}
END_TEST

START_TEST(test_calls_and_peak)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        struct workload w;
        fixture_open_variant(&x, v);
        workload_begin(&w, x.f, 400, env_seed(6), v);
        w.size_bits = 22;
        for (int round = 0; round < 5; round++) {
            workload_run(&w, 500);
            require_agreement(&x);
            frusa_reclaim(x.f);
            require_agreement(&x);
        }
        workload_end(&w);
        frusa_reclaim(x.f);
        require_agreement(&x);
        fixture_close(&x);
    }
}
END_TEST

/* A large object's memory goes back with it, without a reclaim. */
START_TEST(test_large_objects_go_straight_back)
{
    struct fixture x;
    fixture_open(&x, FALLBACK_BATCH, NULL);
    void *small = frusa_alloc(x.f, 10, 0);
    ck_assert_ptr_nonnull(small);
    void *warm_up = frusa_alloc(x.f, 3u << 20, 0);
    frusa_dealloc(x.f, warm_up, 3u << 20, 0);
    size_t before = fallback_held(&x.fallback);
    void *p = frusa_alloc(x.f, 5u << 20, 0), *q = frusa_alloc(x.f, 10, 4u << 20);
    ck_assert(p != NULL && q != NULL);
    ck_assert_uint_ge(fallback_held(&x.fallback), before + (5u << 20));
    ck_assert_uint_eq(stats_of(x.f).large,
                      frusa_good_size(x.f, 5u << 20, 0) + frusa_good_size(x.f, 10, 4u << 20));
    frusa_dealloc(x.f, p, 5u << 20, 0);
    frusa_free(x.f, q);
    ck_assert_uint_eq(stats_of(x.f).large, 0);
    ck_assert_uint_le(fallback_held(&x.fallback), before + RECORD_MAX);
    frusa_free(x.f, small);
    fixture_close(&x);
}
END_TEST

/* What sits in caches is cached: it is neither in use nor more than the cache may hold. */
START_TEST(test_cached)
{
    static const size_t bounds[] = {0, 1, 20000, 100000, 8u << 20};
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        struct frusa_config config = {.thread_cache_max = bounds[i]};
        struct fixture x;
        struct population p;
        struct random r = random_stream(env_seed(7), i);
        fixture_open(&x, 0, &config);
        population_create(&p, x.f, 20000, 1, 1500, &r);
        population_drop(&p, p.live);
        struct frusa_stats s = stats_of(x.f);
        ck_assert_uint_le(s.cached, bounds[i] != 0 ? bounds[i] : 4u << 20);
        ck_assert_uint_eq(s.in_use, s.in_use_metadata);
        frusa_thread_flush(x.f);
        ck_assert_uint_eq(stats_of(x.f).cached, 0);
        population_release(&p);
        fixture_close(&x);
    }
}
END_TEST

START_TEST(test_nothing_cached_without_caches)
{
    static const unsigned flags[] = {FRUSA_NO_THREAD_CACHE, FRUSA_CHECKED,
                                     FRUSA_CHECKED | FRUSA_NO_THREAD_CACHE};
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        struct frusa_config config = {.flags = flags[i]};
        struct fixture x;
        struct population p;
        struct random r = random_stream(env_seed(8), i);
        fixture_open(&x, 0, &config);
        population_create(&p, x.f, 5000, 1, 1500, &r);
        ck_assert_uint_eq(stats_of(x.f).cached, 0);
        population_drop(&p, p.live);
        ck_assert_uint_eq(stats_of(x.f).cached, 0);
        population_release(&p);
        fixture_close(&x);
    }
}
END_TEST

/* Purged pages that are taken into use again no longer count as purged. */
START_TEST(test_purged)
{
    if (fr_page_size() > FR_PAGE_SIZE)
        return; /* counts in small pages */
    struct fixture x;
    struct population p;
    struct random r = random_stream(env_seed(9), 0);
    fixture_open(&x, FALLBACK_PURGE, NULL);
    population_create(&p, x.f, 4000, 2000, 2000, &r);
    population_shuffle(&p, &r);
    population_drop(&p, 3600);
    ck_assert_uint_eq(stats_of(x.f).purged, 0);
    frusa_reclaim(x.f);
    struct frusa_stats s = stats_of(x.f);
    ck_assert_uint_eq(s.purged, fr_load_relaxed(&x.fallback.purged_bytes));
    ck_assert_uint_gt(s.purged, 0);
    population_refill(&p, 4000, 2000, 2000, &r);
    ck_assert_uint_lt(stats_of(x.f).purged, s.purged);
    frusa_reclaim(x.f);
    walk_require_consistent(x.f, fallback_held(&x.fallback));
    population_release(&p);
    fixture_close(&x);
}
END_TEST

/* Memory without objects is kept in whole spans, the rest lies beside objects. */
START_TEST(test_kept_or_free_in_spans)
{
    struct fixture x;
    struct population p;
    struct random r = random_stream(env_seed(12), 0);
    fixture_open(&x, 0, NULL);
    ck_assert_uint_eq(stats_of(x.f).kept + stats_of(x.f).free_in_spans, 0);
    population_create(&p, x.f, 5000, 100, 100, &r);
    struct frusa_stats s = stats_of(x.f);
    size_t spans = s.allocated_from_fallback - s.allocated_metadata;
    ck_assert_uint_eq(s.kept, 0);
    population_drop(&p, p.live);
    frusa_thread_flush(x.f);
    s = stats_of(x.f);
    ck_assert_uint_eq(s.kept, spans);
    ck_assert_uint_eq(s.free_in_spans, 0);
    void *object = frusa_alloc(x.f, 100, 0);
    ck_assert_ptr_nonnull(object);
    frusa_thread_flush(x.f);
    s = stats_of(x.f);
    ck_assert_uint_lt(s.kept, spans);
    ck_assert_uint_gt(s.free_in_spans, 0);
    frusa_reclaim(x.f);
    ck_assert_uint_eq(stats_of(x.f).kept, 0);
    frusa_dealloc(x.f, object, 100, 0);
    population_release(&p);
    fixture_close(&x);
}
END_TEST

/* Each call that fails with ENOMEM counts once, whatever it tried before. */
START_TEST(test_refused)
{
    struct frusa_config config = {.limit = 1u << 20};
    const struct fault_plan all_fail = {.percent = 100};
    volatile size_t huge = (size_t)-1; /* hidden: the compiler warns of such sizes */
    struct fixture x;
    fixture_open(&x, 0, &config);
    void *object = frusa_alloc(x.f, 100, 0);
    ck_assert_ptr_nonnull(object);
    ck_assert_uint_eq(stats_of(x.f).refused + stats_of(x.f).fallback_failures, 0);
    ck_assert_ptr_null(frusa_alloc(x.f, 2u << 20, 0));
    ck_assert_ptr_null(frusa_calloc(x.f, huge, 16));
    ck_assert_ptr_null(frusa_alloc_zeroed(x.f, huge, 16));
    ck_assert_ptr_null(frusa_realloc(x.f, object, 100, 0, huge));
    ck_assert_ptr_null(frusa_resize(x.f, object, 2u << 20));
    ck_assert_uint_eq(stats_of(x.f).refused, 5);
    ck_assert_uint_eq(stats_of(x.f).fallback_failures, 0);
    ck_assert_ptr_null(frusa_alloc(x.f, 1, 3)); /* EINVAL */
    ck_assert_uint_eq(stats_of(x.f).refused, 5);
    fallback_set_plan(&x.fallback, &all_fail);
    ck_assert_ptr_null(frusa_alloc(x.f, 300000, 0));
    ck_assert_uint_eq(stats_of(x.f).refused, 6);
    ck_assert_uint_gt(stats_of(x.f).fallback_failures, 0);
    fallback_set_plan(&x.fallback, NULL);
    frusa_dealloc(x.f, object, 100, 0);
    fixture_close(&x);
}
END_TEST

START_TEST(test_null_is_einval)
{
    struct fixture x;
    fixture_open(&x, 0, NULL);
    errno = 0;
    ck_assert_int_eq(frusa_get_stats(x.f, NULL), -1);
    ck_assert(ERROR_IS(EINVAL));
    fixture_close(&x);
}
END_TEST

/* ---- a fallback that hands memory to somebody else as soon as it has it back ---- */

enum { EAGER_BYTES = 4 << 20 };

/* A fallback whose calls that take memory back allocate from the instance before they return, as
 * another thread might meanwhile. It counts what it has handed out. */
struct eager {
    frusa_t *f;
    size_t held, peak;
    void *taken; /* what the instance was asked for */
};

static void eager_count(struct eager *e, size_t more, size_t less)
{
    e->held += more - less;
    e->peak = e->held > e->peak ? e->held : e->peak;
}

static void *eager_alloc(void *ctx, size_t size, size_t align)
{
    void *p = aligned_alloc(align, size);
    REQUIRE(p != NULL);
    eager_count(ctx, size, 0);
    return p;
}

static void eager_take_again(struct eager *e)
{
    if (e->f && !e->taken)
        REQUIRE((e->taken = frusa_alloc(e->f, EAGER_BYTES, 0)) != NULL);
}

static void eager_dealloc(void *ctx, void *ptr, size_t size, size_t align)
{
    (void)align;
    free(ptr);
    eager_count(ctx, 0, size);
    eager_take_again(ctx);
}

static void eager_batch(void *ctx, const struct frusa_range *ranges, size_t n, size_t align)
{
    (void)align;
    for (size_t i = 0; i < n; i++) {
        free(ranges[i].ptr);
        eager_count(ctx, 0, ranges[i].size);
    }
    eager_take_again(ctx);
}

/* Shrinks only. */
static void *eager_resize(void *ctx, void *ptr, size_t old_size, size_t align, size_t new_size)
{
    (void)align;
    if (new_size > old_size)
        return NULL;
    eager_count(ctx, 0, old_size - new_size);
    eager_take_again(ctx);
    return ptr;
}

enum way_back { BACK_DEALLOC, BACK_RESIZE, BACK_BATCH, WAYS_BACK };

static void give_back(frusa_t *f, enum way_back way)
{
    const size_t span = (size_t)1 << 20;
    if (way == BACK_BATCH) {
        void *objects[8];
        for (size_t i = 0; i < 8; i++)
            REQUIRE((objects[i] = frusa_alloc(f, span, 0)) != NULL);
        for (size_t i = 0; i < 8; i++)
            frusa_dealloc(f, objects[i], span, 0);
        frusa_reclaim(f);
        return;
    }
    void *p = frusa_alloc(f, 2 * (size_t)EAGER_BYTES, 0);
    REQUIRE(p != NULL);
    if (way == BACK_RESIZE)
        REQUIRE(frusa_resize(f, p, EAGER_BYTES) == p);
    frusa_free(f, p);
}

/* Memory that the fallback hands out again while it takes it back is not counted twice. */
START_TEST(test_peak_never_exceeds_what_the_fallback_handed_out)
{
    for (enum way_back way = 0; way < WAYS_BACK; way++) {
        struct eager e = {NULL, 0, 0, NULL};
        struct frusa_fallback_ops ops = {.alloc = eager_alloc,
                                         .dealloc = eager_dealloc,
                                         .dealloc_batch = eager_batch,
                                         .resize = eager_resize,
                                         .ctx = &e};
        frusa_t *f = frusa_create(&ops);
        ck_assert_ptr_nonnull(f);
        e.f = f;
        give_back(f, way);
        ck_assert_ptr_nonnull(e.taken);
        REQUIRE_MSG(stats_of(f).peak_allocated == e.peak, "way %d: %zu, the fallback says %zu",
                    (int)way, stats_of(f).peak_allocated, e.peak);
        REQUIRE(fr_instance_is_valid(f));
        frusa_free(f, e.taken);
        e.f = NULL;
        frusa_destroy(f);
        ck_assert_uint_eq(e.held, 0);
    }
}
END_TEST

/* ---- several threads ---- */

enum { THREADS = 6 };

struct shared {
    struct fixture x;
    struct gate gate;
    fr_atomic live_bytes;
};

static void work_then_wait(void *arg, size_t index)
{
    struct shared *s = arg;
    struct workload w;
    workload_begin(&w, s->x.f, 300, env_seed(10), index);
    w.align_bits = 4; /* frusa_resize leaves the layout of every object known */
    workload_run(&w, env_scale(10000, 300));
    fr_fetch_add_relaxed(&s->live_bytes, workload_live_bytes(&w));
    gate_wait(&s->gate);
    workload_end(&w);
}

/* Threads that are alive but outside do not blur the figures. */
START_TEST(test_exact_while_threads_wait)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        static struct shared s;
        static const struct gate fresh = GATE_INIT;
        struct team team;
        s.gate = fresh;
        fixture_open_variant(&s.x, v);
        fr_store_relaxed(&s.live_bytes, 0);
        team_start(&team, THREADS, work_then_wait, &s);
        gate_await(&s.gate, THREADS);
        ck_assert_uint_eq(stats_live_bytes(s.x.f), fr_load_relaxed(&s.live_bytes));
        walk_require_consistent(s.x.f, fallback_held(&s.x.fallback));
        frusa_reclaim(s.x.f);
        ck_assert_uint_eq(stats_live_bytes(s.x.f), fr_load_relaxed(&s.live_bytes));
        ck_assert_uint_eq(walk_sum(s.x.f).empty_spans, 0);
        gate_open(&s.gate);
        team_join(&team);
        ck_assert_uint_eq(stats_live_bytes(s.x.f), 0);
        fixture_close(&s.x);
    }
}
END_TEST

RUNNER_MAIN("stats", test_fresh_instance, test_exact_after_every_operation, test_calls_and_peak,
            test_peak_never_exceeds_what_the_fallback_handed_out,
            test_large_objects_go_straight_back, test_cached, test_nothing_cached_without_caches,
            test_purged, test_kept_or_free_in_spans, test_refused, test_null_is_einval,
            test_exact_while_threads_wait)
