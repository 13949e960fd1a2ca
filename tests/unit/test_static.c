/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Static instances: no init call, usable before main and from many threads at once, and again
 * later. */
#include "support/check_instance.h"
#include "support/fallback.h"
#include "support/pattern.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/walk.h"
#include "support/workload.h"
#include "unit/runner.h"

#include <errno.h>
#include <string.h>

static struct counting_fallback fallback;

static const struct frusa_config checked = {.flags = FRUSA_CHECKED};
static const struct frusa_config flawed = {.managed_max = FRUSA_2M_MAX + 1};
static const struct frusa_config unknown_flag = {.flags = 1u << 20};

static frusa_t heap_4k = FRUSA_4K_INITIALIZER(&fallback.ops);
static frusa_t heap_2m = FRUSA_2M_INITIALIZER(&fallback.ops);
static frusa_t heap_checked = FRUSA_INITIALIZER(&fallback.ops, &checked);
static frusa_t heap_defaults = FRUSA_INITIALIZER(NULL, NULL);
static frusa_t heap_flawed = FRUSA_INITIALIZER(&fallback.ops, &flawed);
static frusa_t heap_unknown_flag = FRUSA_INITIALIZER(&fallback.ops, &unknown_flag);

/* ---- before main ---- */

static frusa_t early_heap = FRUSA_4K_INITIALIZER(&frusa_fallback_malloc);
static frusa_t early_default_heap = FRUSA_2M_INITIALIZER(NULL);
static char *early_object, *early_large_object, *early_default_object;

/* Before constructors without a priority. (101, the first that is not reserved, is tools.c's.) */
__attribute__((constructor(102))) static void allocate_before_main(void)
{
    early_object = frusa_alloc(&early_heap, 1000, 64);
    early_large_object = frusa_malloc(&early_heap, 100000);
    early_default_object = frusa_alloc_zeroed(&early_default_heap, 1000, 0);
}

/* In the process that starts each test in one of its own they are still there. */
__attribute__((destructor)) static void destroy_after_main(void)
{
    frusa_destroy(&early_heap);
    frusa_destroy(&early_default_heap);
}

START_TEST(test_constructor_before_main)
{
    ck_assert(early_object != NULL && early_large_object != NULL && early_default_object != NULL);
    ck_assert_uint_eq((uintptr_t)early_object % 64, 0);
    pattern_require_zero(early_default_object, 1000);
    pattern_fill(early_object, 1000, 1);
    pattern_require(early_object, 1000, 1);
    ck_assert(frusa_owns(&early_heap, early_object) && frusa_owns(&early_heap, early_large_object));
    frusa_dealloc(&early_heap, early_object, 1000, 64);
    frusa_free(&early_heap, early_large_object);
    frusa_free(&early_default_heap, early_default_object);
    frusa_destroy(&early_heap);
    frusa_destroy(&early_default_heap);
}
END_TEST

/* ---- one thread ---- */

static void use(frusa_t *f)
{
    struct workload w;
    workload_begin(&w, f, 200, env_seed(24), 0);
    w.size_bits = 18;
    workload_run(&w, env_scale(5000, 300));
    workload_end(&w);
}

START_TEST(test_all_initializers)
{
    frusa_t *const heaps[] = {&heap_4k, &heap_2m, &heap_checked};
    for (size_t i = 0; i < sizeof(heaps) / sizeof(heaps[0]); i++) {
        fallback_init(&fallback, FALLBACK_EVERYTHING);
        use(heaps[i]);
        support_check_instance(heaps[i]);
        walk_require_consistent(heaps[i], fallback_held(&fallback));
        frusa_reclaim(heaps[i]);
        /* The record is the program's own memory. */
        ck_assert_uint_le(fallback_held(&fallback), CACHE_MAX + RECORD_MAX);
        frusa_destroy(heaps[i]);
        fallback_require_empty(&fallback);
    }
    use(&heap_defaults);
    frusa_destroy(&heap_defaults);
}
END_TEST

START_TEST(test_managed_max_of_the_initializers)
{
    struct frusa_stats s;
    fallback_init(&fallback, 0);
    void *p = frusa_alloc(&heap_4k, 4096, 0), *q = frusa_alloc(&heap_2m, FRUSA_2M_MAX, 0);
    ck_assert(p != NULL && q != NULL);
    ck_assert_int_eq(frusa_get_stats(&heap_4k, &s), 0);
    ck_assert_uint_eq(s.large, 0);
    ck_assert_int_eq(frusa_get_stats(&heap_2m, &s), 0);
    ck_assert_uint_eq(s.large, 0);
    ck_assert_ptr_nonnull(frusa_alloc(&heap_4k, 4097, 0));
    ck_assert_ptr_nonnull(frusa_alloc(&heap_2m, FRUSA_2M_MAX + 1, 0));
    ck_assert_int_eq(frusa_get_stats(&heap_4k, &s), 0);
    ck_assert_uint_ge(s.large, 4097);
    ck_assert_int_eq(frusa_get_stats(&heap_2m, &s), 0);
    ck_assert_uint_gt(s.large, FRUSA_2M_MAX);
    frusa_destroy(&heap_4k);
    frusa_destroy(&heap_2m);
    fallback_require_empty(&fallback);
}
END_TEST

/* Calls that need not allocate work on an instance that was never used. */
START_TEST(test_first_call_is_another)
{
    struct frusa_stats s;
    fallback_init(&fallback, 0);
    ck_assert_int_eq(frusa_get_stats(&heap_4k, &s), 0);
    ck_assert_uint_eq(s.in_use, s.in_use_metadata);
    ck_assert_uint_eq(s.allocated_from_fallback + s.large, fallback_held(&fallback));
    frusa_destroy(&heap_4k);
    ck_assert_uint_gt(frusa_stats_json(&heap_4k, NULL, 0), 0);
    frusa_destroy(&heap_4k);
    frusa_reclaim(&heap_4k);
    frusa_destroy(&heap_4k);
    ck_assert_uint_eq(walk_sum(&heap_4k).spans, 0);
    frusa_destroy(&heap_4k);
    ck_assert_int_eq(frusa_owns(&heap_4k, &s), 0);
    frusa_destroy(&heap_4k);
    frusa_thread_flush(&heap_4k);
    frusa_destroy(&heap_4k);
    ck_assert_uint_eq(frusa_good_size(&heap_4k, 4096, 0), 4096);
    frusa_dealloc(&heap_4k, NULL, 0, 0);
    frusa_destroy(&heap_4k);
    frusa_cache_t *cache = frusa_cache_create(&heap_4k);
    ck_assert_ptr_nonnull(cache);
    frusa_cache_destroy(cache);
    frusa_destroy(&heap_4k);
    fallback_require_empty(&fallback);
}
END_TEST

START_TEST(test_used_again_after_destroy)
{
    for (int round = 0; round < 50; round++) {
        fallback_init(&fallback, round % 2 ? FALLBACK_EVERYTHING : 0);
        void *p = frusa_alloc(&heap_2m, 100, 0), *q = frusa_alloc(&heap_2m, 3 << 20, 0);
        ck_assert(p != NULL && q != NULL);
        struct frusa_stats s;
        ck_assert_int_eq(frusa_get_stats(&heap_2m, &s), 0);
        ck_assert_uint_eq(s.in_use - s.in_use_metadata, frusa_good_size(&heap_2m, 100, 0));
        ck_assert_uint_eq(s.reclaimed_total, 0);
        if (round % 3)
            frusa_free(&heap_2m, p);
        frusa_destroy(&heap_2m);
        fallback_require_empty(&fallback);
    }
}
END_TEST

START_TEST(test_options_out_of_range)
{
    frusa_t *const heaps[] = {&heap_flawed, &heap_unknown_flag};
    struct frusa_stats s;
    fallback_init(&fallback, 0);
    for (size_t i = 0; i < sizeof(heaps) / sizeof(heaps[0]); i++) {
        for (int round = 0; round < 3; round++) {
            errno = 0;
            ck_assert(frusa_alloc(heaps[i], 10, 0) == NULL && errno == EINVAL);
            errno = 0;
            ck_assert(frusa_alloc_zeroed(heaps[i], 3 << 20, 0) == NULL && errno == EINVAL);
            errno = 0;
            ck_assert(frusa_malloc(heaps[i], 10) == NULL && errno == EINVAL);
            errno = 0;
            ck_assert(frusa_calloc(heaps[i], 10, 10) == NULL && errno == EINVAL);
            errno = 0;
            ck_assert(frusa_realloc(heaps[i], NULL, 0, 0, 10) == NULL && errno == EINVAL);
            errno = 0;
            ck_assert(frusa_resize(heaps[i], NULL, 10) == NULL && errno == EINVAL);
            errno = 0;
            ck_assert(frusa_get_stats(heaps[i], &s) == -1 && errno == EINVAL);
            errno = 0;
            ck_assert(frusa_cache_create(heaps[i]) == NULL && errno == EINVAL);
            ck_assert_int_eq(frusa_owns(heaps[i], &s), 0);
            char json[8] = "before";
            ck_assert_uint_eq(frusa_stats_json(heaps[i], json, sizeof(json)), 0);
            ck_assert_str_eq(json, "");
            ck_assert_uint_eq(frusa_reclaim(heaps[i]), 0);
            frusa_dealloc(heaps[i], NULL, 1, 1);
            frusa_free(heaps[i], NULL);
        }
        frusa_destroy(heaps[i]);
    }
    ck_assert_uint_eq(fr_load_relaxed(&fallback.calls[CALL_ALLOC]), 0);
}
END_TEST

/* A first use that fails leaves the instance ready for another try. */
START_TEST(test_first_use_fails)
{
    fallback_init(&fallback, 0);
    for (size_t k = 1; k <= 20; k++) {
        struct fault_plan plan = {.fail = {k, 0}};
        fallback_set_plan(&fallback, &plan);
        size_t refused = fr_load_relaxed(&fallback.refused);
        errno = 0;
        void *p = frusa_alloc(&heap_2m, 100, 0);
        if (p == NULL)
            ck_assert(errno == ENOMEM && fr_load_relaxed(&fallback.refused) > refused);
        p = frusa_alloc(&heap_2m, 100, 0);
        ck_assert_ptr_nonnull(p);
        frusa_destroy(&heap_2m);
        fallback_require_empty(&fallback);
    }
}
END_TEST

/* ---- first use racing ---- */

enum { RACERS = 8 };

struct race {
    frusa_t *f;
    void *objects[RACERS];
};

static void first_use(void *arg, size_t index)
{
    struct race *race = arg;
    size_t size = index % 4 == 3 ? 100000 : 10 + index;
    void *p = index % 2 ? frusa_alloc(race->f, size, 0) : frusa_calloc(race->f, 1, size);
    REQUIRE(p != NULL);
    pattern_fill(p, size, index);
    frusa_free(race->f, frusa_malloc(race->f, 64));
    pattern_require(p, size, index);
    race->objects[index] = p;
}

/* Called from within the fallback's functions: a fallback may use the very instance being
 * initialised. */
static void allocate_inside(struct counting_fallback *from, enum fallback_call call, void *arg)
{
    (void)from;
    (void)call;
    void *p = frusa_alloc(arg, 48, 0);
    REQUIRE(p != NULL);
    memset(p, 0x42, 48);
    frusa_dealloc(arg, p, 48, 0);
}

static void race_for_first_use(frusa_t *f, int reenter)
{
    struct race race = {f, {NULL}};
    for (size_t round = 0; round < env_scale(300, 20); round++) {
        fallback_init(&fallback, FALLBACK_EVERYTHING);
        if (reenter) {
            fallback.hook = allocate_inside;
            fallback.hook_arg = f;
        }
        team_run(RACERS, first_use, &race);
        fallback.hook = NULL;
        for (size_t i = 0; i < RACERS; i++) {
            for (size_t j = 0; j < i; j++)
                REQUIRE(race.objects[i] != race.objects[j]);
            frusa_free(f, race.objects[i]);
        }
        REQUIRE(stats_live_bytes(f) == 0);
        walk_require_consistent(f, fallback_held(&fallback));
        frusa_destroy(f);
        fallback_require_empty(&fallback);
    }
}

START_TEST(test_racing_first_use)
{
    race_for_first_use(&heap_4k, 0);
    race_for_first_use(&heap_checked, 0);
}
END_TEST

START_TEST(test_racing_first_use_of_an_instance_that_its_fallback_uses)
{
    race_for_first_use(&heap_2m, 1);
}
END_TEST

RUNNER_MAIN("static", test_constructor_before_main, test_all_initializers,
            test_managed_max_of_the_initializers, test_first_call_is_another,
            test_used_again_after_destroy, test_options_out_of_range, test_first_use_fails,
            test_racing_first_use, test_racing_first_use_of_an_instance_that_its_fallback_uses)
