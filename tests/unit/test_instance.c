/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Instances: creation, independence, destruction. */
#include "support/check_instance.h"
#include "support/fallback.h"
#include "support/pattern.h"
#include "support/require.h"
#include "runner.h"
#include "support/walk.h"

#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

START_TEST(test_default_fallback)
{
    frusa_t *f = frusa_create(NULL);
    ck_assert_ptr_nonnull(f);
    for (size_t size = 1; size < 64 * 1024; size *= 3) {
        char *p = frusa_alloc(f, size, 0);
        ck_assert_ptr_nonnull(p);
        pattern_fill(p, size, 1);
        pattern_require(p, size, 1);
        frusa_dealloc(f, p, size, 0);
    }
    support_check_instance(f);
    frusa_destroy(f);
}
END_TEST

START_TEST(test_own_memory_comes_from_the_fallback)
{
    struct counting_fallback fallback;
    fallback_init(&fallback, FALLBACK_EVERYTHING);
    frusa_t *f = frusa_create(&fallback.ops);
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_gt(fallback_held(&fallback), 0);
    ck_assert_uint_le(fallback_held(&fallback), RECORD_MAX);
    walk_require_consistent(f, fallback_held(&fallback));
    frusa_destroy(f);
    fallback_require_empty(&fallback);
}
END_TEST

START_TEST(test_operations_are_copied)
{
    struct counting_fallback fallback;
    fallback_init(&fallback, 0);
    struct frusa_fallback_ops ops = fallback.ops;
    frusa_t *f = frusa_create(&ops);
    ck_assert_ptr_nonnull(f);
    memset(&ops, 0x55, sizeof(ops));
    void *p = frusa_alloc(f, 100000, 0);
    ck_assert_ptr_nonnull(p);
    frusa_dealloc(f, p, 100000, 0);
    frusa_destroy(f);
    fallback_require_empty(&fallback);
}
END_TEST

START_TEST(test_config_is_copied)
{
    struct counting_fallback fallback;
    struct frusa_config config = FRUSA_CONFIG_INIT;
    fallback_init(&fallback, 0);
    config.managed_max = FRUSA_4K_MAX;
    frusa_t *f = frusa_create_with(&fallback.ops, &config);
    ck_assert_ptr_nonnull(f);
    memset(&config, 0x55, sizeof(config));
    struct frusa_stats s;
    void *p = frusa_alloc(f, 4097, 0);
    ck_assert_ptr_nonnull(p);
    ck_assert_int_eq(frusa_get_stats(f, &s), 0);
    ck_assert_uint_ge(s.large, 4097);
    frusa_free(f, p);
    frusa_destroy(f);
    fallback_require_empty(&fallback);
}
END_TEST

START_TEST(test_create_fails_with_the_fallback)
{
    static const struct fault_plan everything = {.percent = 100};
    struct counting_fallback fallback;
    fallback_init(&fallback, 0);
    fallback_set_plan(&fallback, &everything);
    errno = 0;
    ck_assert_ptr_null(frusa_create(&fallback.ops));
    ck_assert_int_eq(errno, ENOMEM);
    fallback_require_empty(&fallback);
}
END_TEST

START_TEST(test_destroy_gives_live_objects_back)
{
    struct counting_fallback fallback;
    fallback_init(&fallback, FALLBACK_EVERYTHING);
    frusa_t *f = frusa_create(&fallback.ops);
    ck_assert_ptr_nonnull(f);
    for (size_t size = 0; size < 8u << 20; size = size * 2 + 7)
        for (int i = 0; i < 5; i++)
            REQUIRE(frusa_alloc(f, size, 0) != NULL);
    frusa_cache_t *cache = frusa_cache_create(f);
    ck_assert_ptr_nonnull(cache);
    ck_assert_ptr_nonnull(frusa_cache_alloc(cache, 100, 0));
    support_check_instance(f);
    errno = E2BIG;
    frusa_destroy(f);
    ck_assert_int_eq(errno, E2BIG);
    fallback_require_empty(&fallback);
}
END_TEST

START_TEST(test_destroy_null)
{
    errno = E2BIG;
    frusa_destroy(NULL);
    ck_assert_int_eq(errno, E2BIG);
}
END_TEST

enum { MANY = 300 };

/* Every instance has its own memory and its own figures, and survives the end of the others. */
START_TEST(test_many_instances)
{
    static struct counting_fallback fallbacks[MANY];
    static frusa_t *instances[MANY];
    static void *objects[MANY];
    for (size_t i = 0; i < MANY; i++) {
        fallback_init(&fallbacks[i], i % 2 ? FALLBACK_EVERYTHING : 0);
        instances[i] = frusa_create(&fallbacks[i].ops);
        ck_assert_ptr_nonnull(instances[i]);
        objects[i] = frusa_alloc(instances[i], 100 + i, 0);
        ck_assert_ptr_nonnull(objects[i]);
        pattern_fill(objects[i], 100 + i, i);
    }
    for (size_t i = 0; i < MANY; i += 2) {
        frusa_destroy(instances[i]);
        fallback_require_empty(&fallbacks[i]);
    }
    for (size_t i = 1; i < MANY; i += 2) {
        pattern_require(objects[i], 100 + i, i);
        ck_assert(frusa_owns(instances[i], objects[i]));
        ck_assert(!frusa_owns(instances[i], objects[(i + 2) % MANY]));
        ck_assert_uint_eq(stats_live_bytes(instances[i]),
                          frusa_good_size(instances[i], 100 + i, 0));
        walk_require_consistent(instances[i], fallback_held(&fallbacks[i]));
        frusa_destroy(instances[i]);
        fallback_require_empty(&fallbacks[i]);
    }
}
END_TEST

START_TEST(test_two_instances_over_one_fallback)
{
    struct counting_fallback fallback;
    fallback_init(&fallback, FALLBACK_BATCH);
    frusa_t *a = frusa_create(&fallback.ops), *b = frusa_create(&fallback.ops);
    ck_assert(a != NULL && b != NULL && a != b);
    void *p = frusa_alloc(a, 500, 0), *q = frusa_alloc(b, 500, 0);
    ck_assert(p != NULL && q != NULL && p != q);
    ck_assert(frusa_owns(a, p) && !frusa_owns(a, q));
    ck_assert(frusa_owns(b, q) && !frusa_owns(b, p));
    frusa_destroy(a);
    ck_assert_uint_gt(fallback_held(&fallback), 0);
    frusa_free(b, q);
    frusa_destroy(b);
    fallback_require_empty(&fallback);
}
END_TEST

/* An address that one instance gave back may serve the next. */
START_TEST(test_instances_come_and_go)
{
    struct counting_fallback fallback;
    fallback_init(&fallback, FALLBACK_EVERYTHING);
    for (int i = 0; i < 1000; i++) {
        frusa_t *f = frusa_create(i % 3 ? &fallback.ops : NULL);
        ck_assert_ptr_nonnull(f);
        void *p = frusa_alloc(f, 64, 0), *q = frusa_alloc(f, 3u << 20, 0);
        ck_assert(p != NULL && q != NULL);
        if (i % 2)
            frusa_free(f, p);
        frusa_destroy(f);
        fallback_require_empty(&fallback);
    }
}
END_TEST

START_TEST(test_size_of_an_instance)
{
    ck_assert_uint_eq(sizeof(frusa_t), 16384);
    ck_assert_uint_eq(alignof(frusa_t), 64);
}
END_TEST

START_TEST(test_version)
{
    unsigned major, minor, patch;
    ck_assert_str_eq(frusa_version(), FRUSA_VERSION);
    ck_assert_int_eq(sscanf(frusa_version(), "%u.%u.%u", &major, &minor, &patch), 3);
    ck_assert_uint_eq(FRUSA_VERSION_NUMBER, major << 16 | minor << 8 | patch);
}
END_TEST

RUNNER_MAIN("instance", test_default_fallback, test_own_memory_comes_from_the_fallback,
            test_operations_are_copied, test_config_is_copied, test_create_fails_with_the_fallback,
            test_destroy_gives_live_objects_back, test_destroy_null, test_many_instances,
            test_two_instances_over_one_fallback, test_instances_come_and_go,
            test_size_of_an_instance, test_version)
