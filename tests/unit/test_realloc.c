/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* frusa_realloc and frusa_resize: contents, identity, alignment, failure. */
#include "support/build.h"
#include "support/fixture.h"
#include "support/pattern.h"
#include "support/random.h"
#include "support/require.h"
#include "support/tools.h"
#include "support/walk.h"
#include "unit/runner.h"

#include <string.h>

START_TEST(test_null_allocates)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        fixture_open_variant(&x, v);
        for (size_t size = 0; size < 8u << 20; size = size * 3 + 1) {
            void *p = frusa_realloc(x.f, NULL, 0, 64, size), *q = frusa_resize(x.f, NULL, size);
            REQUIRE(p != NULL && q != NULL && (uintptr_t)p % 64 == 0);
            memset(p, 1, size);
            memset(q, 2, size);
            frusa_dealloc(x.f, p, size, 64);
            frusa_dealloc(x.f, q, size, 0);
        }
        ck_assert_uint_eq(stats_live_bytes(x.f), 0);
        fixture_close(&x);
    }
}
END_TEST

START_TEST(test_same_class_same_pointer)
{
    struct fixture x;
    fixture_open(&x, FALLBACK_RESIZE, NULL);
    for (size_t align = 1; align <= 4096; align *= 4) {
        for (size_t size = 1; size <= FRUSA_2M_MAX; size += 1 + size / 3) {
            size_t good = frusa_good_size(x.f, size, align);
            void *p = frusa_alloc(x.f, size, align);
            REQUIRE(p != NULL);
            pattern_fill(p, size, 0);
            REQUIRE(frusa_realloc(x.f, p, size, align, good) == p);
            REQUIRE(frusa_realloc(x.f, p, good, align, size) == p);
            pattern_require(p, size, 0);
            frusa_dealloc(x.f, p, size, align);
        }
    }
    fixture_close(&x);
}
END_TEST

START_TEST(test_resize_within_the_class_keeps_the_pointer)
{
    struct fixture x;
    fixture_open(&x, 0, NULL);
    for (size_t size = 1; size <= FRUSA_2M_MAX; size += 1 + size / 3) {
        size_t good = frusa_good_size(x.f, size, 0);
        void *p = frusa_malloc(x.f, size);
        REQUIRE(p != NULL);
        pattern_fill(p, size, 0);
        REQUIRE(frusa_resize(x.f, p, good) == p);
        REQUIRE(frusa_resize(x.f, p, size) == p);
        pattern_require(p, size, 0);
        frusa_dealloc(x.f, p, size, 0);
    }
    fixture_close(&x);
}
END_TEST

/* A managed_max that is no class size: all bytes of the class it falls in are usable, and resize
 * gives them. */
START_TEST(test_resize_to_the_usable_size_keeps_the_pointer)
{
    static const size_t bounds[] = {1000, 3000, 4096, 100000};
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        struct fixture x;
        const struct frusa_config config = {.managed_max = bounds[i]};
        fixture_open(&x, 0, &config);
        void *p = frusa_malloc(x.f, bounds[i]);
        size_t usable = frusa_usable_size(x.f, p);
        ck_assert_uint_ge(usable, bounds[i]);
        ck_assert_ptr_eq(frusa_resize(x.f, p, usable), p);
        ck_assert_ptr_eq(frusa_resize(x.f, p, bounds[i]), p);
        frusa_free(x.f, p);
        fixture_close(&x);
    }
}
END_TEST

/* From every size of a list to every other, at several alignments, over each kind of fallback. */
START_TEST(test_contents_and_alignment_survive)
{
    static const size_t sizes[] = {
        0,     1,     15,     64,           100,     1000,           4096,    4097,
        10000, 65536, 300000, FRUSA_2M_MAX, 3000000, (8u << 20) - 1, 8u << 20};
    enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        fixture_open_variant(&x, v);
        for (size_t i = 0; i < SIZES * SIZES * 3; i++) {
            size_t from = sizes[i / 3 % SIZES], to = sizes[i / 3 / SIZES],
                   keep = from < to ? from : to;
            size_t align = i % 3 == 0 ? 0 : i % 3 == 1 ? 128 : (size_t)1 << 16;
            if (TOOL_TSAN && v > 1 && (from > FRUSA_2M_MAX || to > FRUSA_2M_MAX))
                continue; /* copies of MiBs take too long there */
            void *p = frusa_alloc(x.f, from, align);
            REQUIRE(p != NULL);
            pattern_fill(p, from, i);
            void *q = frusa_realloc(x.f, p, from, align, to);
            REQUIRE(q != NULL && (align == 0 || (uintptr_t)q % align == 0));
            pattern_require_moved(q, keep, p, from, i);
            REQUIRE(frusa_usable_size(x.f, q) >= to);
            pattern_fill(q, to, i);
            void *r = frusa_resize(x.f, q, from);
            REQUIRE(r != NULL);
            pattern_require_moved(r, keep, q, to, i);
            frusa_free(x.f, r);
        }
        ck_assert_uint_eq(stats_live_bytes(x.f), 0);
        walk_require_consistent(x.f, fallback_held(&x.fallback));
        fixture_close(&x);
    }
}
END_TEST

/* A new size of 0 gives an object of size 0, which still has to be given back. */
START_TEST(test_to_size_zero)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        fixture_open_variant(&x, v);
        for (size_t size = 0; size < 8u << 20; size = size * 5 + 1) {
            void *p = frusa_alloc(x.f, size, 0), *q = frusa_malloc(x.f, size);
            REQUIRE(p != NULL && q != NULL);
            p = frusa_realloc(x.f, p, size, 0, 0);
            q = frusa_resize(x.f, q, 0);
            REQUIRE(p != NULL && q != NULL && p != q);
            REQUIRE(stats_live_bytes(x.f) == 2 * frusa_good_size(x.f, 0, 0));
            frusa_dealloc(x.f, p, 0, 0);
            frusa_free(x.f, q);
        }
        fixture_close(&x);
    }
}
END_TEST

static void require_untouched(frusa_t *f, void *p, size_t size, size_t align, size_t new_size,
                              int error)
{
    size_t before = stats_live_bytes(f);
    errno = 0;
    REQUIRE(frusa_realloc(f, p, size, align, new_size) == NULL && ERROR_IS(error));
    pattern_require(p, size, 0);
    if (error != EINVAL) {
        errno = 0;
        REQUIRE(frusa_resize(f, p, new_size) == NULL && ERROR_IS(error));
        pattern_require(p, size, 0);
    }
    REQUIRE(frusa_owns(f, p) && stats_live_bytes(f) == before);
}

START_TEST(test_failure_leaves_the_object_untouched)
{
    static const struct fault_plan everything = {.percent = 100};
    static volatile size_t too_large[] = {SIZE_MAX, SIZE_MAX - 4096, (size_t)PTRDIFF_MAX + 1,
                                          PTRDIFF_MAX};
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        fixture_open_variant(&x, v);
        for (size_t size = 0; size < 8u << 20; size = size * 4 + 1) {
            void *p = frusa_alloc(x.f, size, 0);
            REQUIRE(p != NULL);
            pattern_fill(p, size, 0);
            for (size_t i = 0; i < sizeof(too_large) / sizeof(too_large[0]); i++)
                require_untouched(x.f, p, size, 0, too_large[i], ENOMEM);
            fallback_set_plan(&x.fallback, &everything);
            require_untouched(x.f, p, size, 0, (20u << 20) + size, ENOMEM);
            fallback_set_plan(&x.fallback, NULL);
            frusa_dealloc(x.f, p, size, 0);
        }
        fixture_close(&x);
    }
}
END_TEST

START_TEST(test_bad_align_is_einval)
{
    struct fixture x;
    fixture_open(&x, 0, NULL);
    errno = 0;
    ck_assert(frusa_realloc(x.f, NULL, 0, 24, 100) == NULL && ERROR_IS(EINVAL));
    char *p = frusa_alloc(x.f, 100, 16);
    ck_assert_ptr_nonnull(p);
    pattern_fill(p, 100, 0);
    errno = 0;
    ck_assert(frusa_realloc(x.f, p, 100, 24, 200) == NULL && ERROR_IS(EINVAL));
    pattern_require(p, 100, 0);
    frusa_dealloc(x.f, p, 100, 16);
    fixture_close(&x);
}
END_TEST

static size_t resizes(struct fixture *x)
{
    return fr_load_relaxed(&x->fallback.calls[CALL_RESIZE]);
}

/* Where the fallback offers resize, a large object grows and shrinks through it. */
START_TEST(test_large_objects_use_the_fallbacks_resize)
{
    struct fixture x;
    fixture_open(&x, FALLBACK_RESIZE, NULL);
    size_t size = 3u << 20, next = size;
    char *p = frusa_alloc(x.f, size, 0);
    ck_assert_ptr_nonnull(p);
    pattern_fill(p, size, 0);
    for (int i = 0; i < 8; i++, size = next) {
        next = i % 2 ? size - (700u << 10) : size + (1u << 20);
        char *q = i % 4 < 2 ? frusa_realloc(x.f, p, size, 0, next) : frusa_resize(x.f, p, next);
        ck_assert_ptr_nonnull(q);
        pattern_require_moved(q, size < next ? size : next, p, size, 0);
        pattern_fill(q, next, 0);
        p = q;
        ck_assert(frusa_owns(x.f, p) && frusa_owns(x.f, p + next - 1));
        walk_require_consistent(x.f, fallback_held(&x.fallback));
    }
    ck_assert_uint_gt(resizes(&x), 0);
    frusa_dealloc(x.f, p, size, 0);
    fixture_close(&x);
}
END_TEST

/* A resize that fails is no failure: the object can still be moved. */
START_TEST(test_refused_resize_falls_back_to_moving)
{
    struct fixture x;
    fixture_open(&x, FALLBACK_RESIZE, NULL);
    char *p = frusa_alloc(x.f, 3u << 20, 0);
    ck_assert_ptr_nonnull(p);
    pattern_fill(p, 3u << 20, 0);
    struct fault_plan first = {.fail = {1, 0}};
    fallback_set_plan(&x.fallback, &first);
    char *q = frusa_realloc(x.f, p, 3u << 20, 0, 6u << 20);
    ck_assert_ptr_nonnull(q);
    ck_assert_uint_eq(fr_load_relaxed(&x.fallback.refused), 1);
    pattern_require_moved(q, 3u << 20, p, 3u << 20, 0);
    frusa_free(x.f, q);
    fixture_close(&x);
}
END_TEST

RUNNER_MAIN("realloc", test_null_allocates, test_same_class_same_pointer,
            test_resize_within_the_class_keeps_the_pointer,
            test_resize_to_the_usable_size_keeps_the_pointer, test_contents_and_alignment_survive,
            test_to_size_zero, test_failure_leaves_the_object_untouched, test_bad_align_is_einval,
            test_large_objects_use_the_fallbacks_resize, test_refused_resize_falls_back_to_moving)
