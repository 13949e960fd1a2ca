/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The inline paths beside the calls: the same objects, the same promises. */
#define FRUSA_INLINE
#include <frusa-inline.h>

#include "cache/cache.h"
#include "support/check_instance.h"
#include "support/fixture.h"
#include "support/pattern.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/walk.h"
#include "unit/runner.h"

#include <errno.h>

/* Each layout as constants. The last ones have no magazine, or no valid align. */
#define LAYOUTS(X)                                                                                 \
    X(0, 0)                                                                                        \
    X(0, 64)                                                                                       \
    X(1, 1)                                                                                        \
    X(16, 16)                                                                                      \
    X(17, 8)                                                                                       \
    X(64, 0)                                                                                       \
    X(64, 64)                                                                                      \
    X(100, 32)                                                                                     \
    X(128, 16)                                                                                     \
    X(129, 16)                                                                                     \
    X(1000, 0)                                                                                     \
    X(1000, 256)                                                                                   \
    X(4096, 0)                                                                                     \
    X(4096, 4096)                                                                                  \
    X(4097, 0)                                                                                     \
    X(10000, 8192)                                                                                 \
    X(65536, 0)                                                                                    \
    X(65536, 65536)                                                                                \
    X(65537, 0)                                                                                    \
    X(3000000, 0)

/* Twice, so that the second call meets a cache. Objects mix with those of the calls. */
#define USE(size, align)                                                                           \
    for (int i = 0; i < 3; i++) {                                                                  \
        void *p = frusa_alloc(f, size, align);                                                     \
        require_object(f, p, size, align);                                                         \
        frusa_dealloc(f, p, size, align);                                                          \
        p = (frusa_alloc)(f, size, align);                                                         \
        require_object(f, p, size, align);                                                         \
        frusa_free(f, p);                                                                          \
        p = frusa_cache_alloc(c, size, align);                                                     \
        require_object(f, p, size, align);                                                         \
        (frusa_dealloc)(f, p, size, align);                                                        \
        p = frusa_malloc(f, size);                                                                 \
        require_object(f, p, size, 0);                                                             \
        frusa_cache_dealloc(c, p, size, 0);                                                        \
    }

static void require_object(frusa_t *f, void *p, size_t size, size_t align)
{
    REQUIRE(p != NULL);
    REQUIRE((uintptr_t)p % (align ? align : FR_MIN_ALIGN) == 0);
    REQUIRE(frusa_usable_size(f, p) >= size);
    pattern_fill(p, size, 0);
}

START_TEST(test_constants)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        fixture_open_variant(&x, v);
        frusa_t *f = x.f;
        frusa_cache_t *c = frusa_cache_create(f);
        REQUIRE(c != NULL);
        LAYOUTS(USE)
        ck_assert_uint_eq(stats_live_bytes(f), 0);
        frusa_cache_destroy(c);
        fixture_close(&x);
    }
}
END_TEST

START_TEST(test_variables)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        fixture_open_variant(&x, v);
        frusa_t *f = x.f;
        frusa_cache_t *c = frusa_cache_create(f);
        REQUIRE(c != NULL);
        for (volatile size_t size = 0; size < 80000; size = size + 1 + size / 3)
            for (volatile size_t align = 0; align <= 128; align = align ? align * 2 : 1) {
                USE(size, align)
            }
        ck_assert_uint_eq(stats_live_bytes(f), 0);
        frusa_cache_destroy(c);
        fixture_close(&x);
    }
}
END_TEST

/* An instance whose limit lies between two classes: 20 bytes are managed, 24 are large, although
 * both would be of one class. */
START_TEST(test_limit_between_classes)
{
    struct frusa_config config = FRUSA_CONFIG_INIT;
    struct fixture x;
    config.managed_max = 20;
    fixture_open(&x, FALLBACK_UNTRACKED, &config);
    frusa_t *f = x.f;
    for (int i = 0; i < 3; i++) {
        void *managed = frusa_alloc(f, 20, 8);
        void *large = frusa_alloc(f, 24, 8);
        void *aligned = frusa_alloc(f, 8, 32);
        REQUIRE(managed != NULL && large != NULL && aligned != NULL);
        struct frusa_stats s;
        REQUIRE(frusa_get_stats(f, &s) == 0);
        REQUIRE(s.large >= 2 * (size_t)24);
        frusa_dealloc(f, managed, 20, 8);
        frusa_dealloc(f, large, 24, 8);
        frusa_dealloc(f, aligned, 8, 32);
    }
    fixture_close(&x);
}
END_TEST

START_TEST(test_wrong_align)
{
    struct fixture x;
    fixture_open(&x, FALLBACK_UNTRACKED, NULL);
    errno = 0;
    ck_assert_ptr_null(frusa_alloc(x.f, 16, 3));
    ck_assert_int_eq(errno, EINVAL);
    volatile size_t align = 24;
    errno = 0;
    ck_assert_ptr_null(frusa_alloc(x.f, 16, align));
    ck_assert_int_eq(errno, EINVAL);
    frusa_dealloc(x.f, NULL, 16, 0);
    frusa_free(x.f, NULL);
    fixture_close(&x);
}
END_TEST

static fr_atomic stop;

/* What an owner writes into its objects is there until it gives them back. */
static void churn(void *arg, size_t index)
{
    frusa_t *f = arg;
    size_t *objects[40] = {NULL};
    for (size_t i = 0; i < env_scale(400000, 20000); i++) {
        size_t k = i * 7 % 40;
        if (objects[k]) {
            REQUIRE(objects[k][0] == (index << 8 | k));
            frusa_dealloc(f, objects[k], 64, 0);
        }
        REQUIRE((objects[k] = frusa_alloc(f, 64, 0)) != NULL);
        objects[k][0] = index << 8 | k;
    }
    for (size_t k = 0; k < 40; k++)
        frusa_free(f, objects[k]);
    fr_fetch_add_relaxed(&stop, 1);
}

static void reclaim_or_churn(void *arg, size_t index)
{
    if (index > 0) {
        churn(arg, index);
        return;
    }
    while (fr_load_relaxed(&stop) < 2)
        frusa_reclaim(arg);
}

/* A recall reaches into caches that inline paths use. */
START_TEST(test_beside_reclaims)
{
    struct fixture x;
    fixture_open(&x, FALLBACK_UNTRACKED, NULL);
    fr_store_relaxed(&stop, 0);
    team_run(3, reclaim_or_churn, x.f);
    frusa_reclaim(x.f);
    ck_assert_uint_eq(stats_live_bytes(x.f), 0);
    fixture_close(&x);
}
END_TEST

RUNNER_MAIN("inline", test_constants, test_variables, test_limit_between_classes, test_wrong_align,
            test_beside_reclaims)
