/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Allocation and release: every size at every alignment, both call families, error codes. */
#include "support/build.h"
#include "support/fixture.h"
#include "support/pattern.h"
#include "support/require.h"
#include "support/walk.h"
#include "support/workload.h"
#include "unit/runner.h"

#include <stdalign.h>
#include <string.h>

enum { WINDOW = 16, MAX_SIZE = 8 << 20, MAX_ALIGN = 4 << 20 };

/* The objects allocated last, still live, so that overlaps show. */
struct window {
    struct {
        void *ptr;
        size_t size, align, usable;
    } objects[WINDOW];
    size_t next;
};

static void release(frusa_t *f, struct window *window, size_t i, int with_layout)
{
    void *ptr = window->objects[i].ptr;
    if (ptr == NULL)
        return;
    pattern_require(ptr, window->objects[i].usable, 0);
    if (with_layout)
        frusa_dealloc(f, ptr, window->objects[i].size, window->objects[i].align);
    else
        frusa_free(f, ptr);
    window->objects[i].ptr = NULL;
}

/* Allocates one object of the layout and releases the one that was allocated WINDOW times
 * before. */
static void try_layout(frusa_t *f, struct window *window, size_t size, size_t align)
{
    size_t i = window->next++ % WINDOW;
    release(f, window, i, window->next % 3 != 0);
    void *ptr = frusa_alloc(f, size, align);
    REQUIRE_MSG(ptr != NULL, "size %zu, align %zu", size, align);
    REQUIRE_MSG((uintptr_t)ptr % (align != 0 ? align : alignof(max_align_t)) == 0,
                "%p for size %zu, align %zu", ptr, size, align);
    size_t good = frusa_good_size(f, size, align), usable = frusa_usable_size(f, ptr);
    REQUIRE_MSG(good >= size && usable >= size && usable <= good,
                "size %zu, align %zu: good size %zu, usable size %zu", size, align, good, usable);
    REQUIRE(frusa_owns(f, ptr));
    pattern_fill(ptr, usable, 0);
    window->objects[i].ptr = ptr;
    window->objects[i].size = size;
    window->objects[i].align = align;
    window->objects[i].usable = usable;
}

/* Every size class edge up to 8 MiB at one alignment: a class's first size, its last but one, its
 * last. */
static void try_sizes(frusa_t *f, size_t align)
{
    struct window window;
    memset(&window, 0, sizeof(window));
    try_layout(f, &window, 0, align);
    for (size_t size = 1; size <= MAX_SIZE;) {
        size_t good = frusa_good_size(f, size, align);
        REQUIRE_MSG(good >= size, "good size of (%zu, %zu) is %zu", size, align, good);
        int is_edge = frusa_good_size(f, good, align) == good;
        size_t last = is_edge && good > size + 1 ? good : size;
        try_layout(f, &window, size, align);
        if (last > size) {
            try_layout(f, &window, last - 1, align);
            try_layout(f, &window, last, align);
        }
        /* Above the largest class there is one for each page: go on in steps of a sixteenth. With
         * FRUSA_CHECKED the guards hide the edges: steps of a 64th meet each class. */
        size_t step = size / 16 > 4096 ? size / 16 : is_edge ? 0 : size / 64;
        size = last + 1 + step;
    }
    try_layout(f, &window, MAX_SIZE, align);
    for (size_t i = 0; i < WINDOW; i++)
        release(f, &window, i, i % 2);
}

static void try_everything(const struct frusa_config *config, unsigned features, size_t align_step)
{
    struct fixture x;
    fixture_open(&x, features, config);
    try_sizes(x.f, 0);
    for (size_t align = 1; align <= MAX_ALIGN; align *= align_step)
        try_sizes(x.f, align);
    frusa_reclaim(x.f);
    walk_require_consistent(x.f, fallback_held(&x.fallback));
    ck_assert_uint_eq(stats_live_bytes(x.f), 0);
    fixture_close(&x);
}

START_TEST(test_every_size_at_every_alignment)
{
    try_everything(NULL, FALLBACK_EVERYTHING, 2);
}
END_TEST

START_TEST(test_every_size_at_every_alignment_4k)
{
    static const struct frusa_config config = {.managed_max = FRUSA_4K_MAX};
    try_everything(&config, 0, 8);
}
END_TEST

START_TEST(test_every_size_at_every_alignment_checked)
{
    static const struct frusa_config config = {.flags = FRUSA_CHECKED};
    try_everything(&config, FALLBACK_PURGE, 4);
}
END_TEST

START_TEST(test_every_size_at_every_alignment_default_fallback)
{
    frusa_t *f = frusa_create(NULL);
    if (!BUILD_IS_HOSTED) {
        ck_assert_ptr_null(f);
        return;
    }
    ck_assert_ptr_nonnull(f);
    for (size_t align = 1; align <= MAX_ALIGN; align *= 16)
        try_sizes(f, align);
    frusa_destroy(f);
}
END_TEST

/* All sizes of the small classes, one by one, many of each at a time. */
START_TEST(test_small_sizes_densely)
{
    enum { COUNT = 40 };
    struct fixture x;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    for (size_t size = 0; size <= 2100; size++) {
        char *objects[COUNT];
        for (size_t i = 0; i < COUNT; i++) {
            objects[i] = frusa_alloc(x.f, size, 1);
            REQUIRE(objects[i] != NULL);
            pattern_fill(objects[i], size, i);
        }
        for (size_t i = 0; i < COUNT; i++) {
            pattern_require(objects[i], size, i);
            frusa_dealloc(x.f, objects[i], size, 1);
        }
    }
    fixture_close(&x);
}
END_TEST

START_TEST(test_size_zero_gives_unique_pointers)
{
    enum { COUNT = 1000 };
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        void *objects[COUNT];
        fixture_open_variant(&x, v);
        for (size_t i = 0; i < COUNT; i++) {
            objects[i] = i % 2 ? frusa_alloc(x.f, 0, (size_t)1 << i % 8) : frusa_malloc(x.f, 0);
            REQUIRE(objects[i] != NULL && frusa_owns(x.f, objects[i]));
            for (size_t j = 0; j < i; j++)
                REQUIRE(objects[j] != objects[i]);
        }
        for (size_t i = 0; i < COUNT; i++) {
            if (i % 3 == 0)
                frusa_free(x.f, objects[i]);
            else
                frusa_dealloc(x.f, objects[i], 0, i % 2 ? (size_t)1 << i % 8 : 0);
        }
        ck_assert_uint_eq(stats_live_bytes(x.f), 0);
        fixture_close(&x);
    }
}
END_TEST

/* Each way to allocate with each way to give back, small, managed and large, aligned and not. */
START_TEST(test_families_mix)
{
    static const size_t sizes[] = {0, 1, 24, 100, 2000, 5000, 70000, 1 << 20, 3 << 20, 6 << 20};
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        fixture_open_variant(&x, v);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) * 12; i++) {
            size_t size = sizes[i / 12], align = i % 12 >= 9 ? 256 : 0;
            void *p = i % 3 == 0   ? frusa_alloc(x.f, size, align)
                      : i % 3 == 1 ? frusa_alloc_zeroed(x.f, size, align)
                      : align == 0 ? frusa_malloc(x.f, size)
                                   : frusa_alloc(x.f, size, align);
            REQUIRE(p != NULL && frusa_usable_size(x.f, p) >= size);
            pattern_fill(p, size, i);
            if (i / 3 % 3 == 0) {
                void *moved = frusa_resize(x.f, p, size + 100);
                REQUIRE(moved != NULL);
                pattern_require_moved(moved, size, p, size, i);
                frusa_free(x.f, moved);
            } else if (i / 3 % 3 == 1) {
                void *moved = frusa_realloc(x.f, p, size, align, size * 2 + 1);
                REQUIRE(moved != NULL);
                pattern_require_moved(moved, size, p, size, i);
                frusa_free(x.f, moved);
            } else {
                frusa_dealloc(x.f, p, size, align);
            }
        }
        ck_assert_uint_eq(stats_live_bytes(x.f), 0);
        fixture_close(&x);
    }
}
END_TEST

START_TEST(test_random_mix)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        struct workload w;
        fixture_open_variant(&x, v);
        workload_begin(&w, x.f, 600, env_seed(4711), v);
        for (int round = 0; round < 10; round++) {
            w.size_bits = round % 5 == 4 ? 22 : 8 + 2 * (unsigned)round % 10;
            w.align_bits = round % 3 == 2 ? 22 : 12;
            workload_run(&w, env_scale(4000, 200));
            walk_require_consistent(x.f, fallback_held(&x.fallback));
            if (round % 3 == 1)
                frusa_reclaim(x.f);
        }
        workload_end(&w);
        ck_assert_uint_eq(stats_live_bytes(x.f), 0);
        fixture_close(&x);
    }
}
END_TEST

static const size_t bad_aligns[] = {3,
                                    5,
                                    6,
                                    7,
                                    12,
                                    24,
                                    4095,
                                    4097,
                                    (size_t)3 << 20,
                                    SIZE_MAX,
                                    SIZE_MAX - 1,
                                    SIZE_MAX / 2,
                                    SIZE_MAX / 2 + 2};

START_TEST(test_bad_align_is_einval)
{
    struct fixture x;
    fixture_open(&x, 0, NULL);
    void *p = frusa_alloc(x.f, 100, 0);
    for (size_t i = 0; i < sizeof(bad_aligns) / sizeof(bad_aligns[0]); i++) {
        for (size_t size = 0; size < 8u << 20; size = size * 8 + 1) {
            errno = 0;
            REQUIRE(frusa_alloc(x.f, size, bad_aligns[i]) == NULL && ERROR_IS(EINVAL));
            errno = 0;
            REQUIRE(frusa_alloc_zeroed(x.f, size, bad_aligns[i]) == NULL && ERROR_IS(EINVAL));
            errno = 0;
            REQUIRE(frusa_realloc(x.f, NULL, 0, bad_aligns[i], size) == NULL && ERROR_IS(EINVAL));
            errno = E2BIG;
            REQUIRE(frusa_good_size(x.f, size, bad_aligns[i]) == 0 && ERROR_IS(E2BIG));
        }
    }
    frusa_free(x.f, p);
    fixture_close(&x);
}
END_TEST

static void require_enomem(frusa_t *f, size_t size, size_t align)
{
    errno = 0;
    REQUIRE_MSG(frusa_alloc(f, size, align) == NULL && ERROR_IS(ENOMEM), "size %zu, align %zu",
                size, align);
    errno = 0;
    REQUIRE(frusa_alloc_zeroed(f, size, align) == NULL && ERROR_IS(ENOMEM));
    errno = 0;
    REQUIRE(frusa_realloc(f, NULL, 0, align, size) == NULL && ERROR_IS(ENOMEM));
}

START_TEST(test_overflow_is_enomem)
{
    static volatile size_t sizes[] = {SIZE_MAX,
                                      SIZE_MAX - 1,
                                      SIZE_MAX - 4095,
                                      SIZE_MAX - 4096,
                                      (size_t)PTRDIFF_MAX + 1,
                                      (size_t)PTRDIFF_MAX + 4096};
    struct fixture x;
    fixture_open(&x, 0, NULL);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (size_t align = 1; align <= MAX_ALIGN; align *= 8)
            require_enomem(x.f, sizes[i], align);
        require_enomem(x.f, sizes[i], 0);
        ck_assert_uint_eq(frusa_good_size(x.f, sizes[i], 0), 0);
        errno = 0;
        ck_assert(frusa_malloc(x.f, sizes[i]) == NULL && ERROR_IS(ENOMEM));
        errno = 0;
        ck_assert(frusa_calloc(x.f, sizes[i], 2) == NULL && ERROR_IS(ENOMEM));
        errno = 0;
        ck_assert(frusa_calloc(x.f, 1, sizes[i]) == NULL && ERROR_IS(ENOMEM));
    }
    /* Nothing that a machine could serve, though the first does not overflow. */
    require_enomem(x.f, PTRDIFF_MAX, 0);
    require_enomem(x.f, 1, SIZE_MAX / 2 + 1);
    require_enomem(x.f, 0, SIZE_MAX / 2 + 1);
    volatile size_t half = (size_t)1 << sizeof(size_t) * 4;
    errno = 0;
    ck_assert(frusa_calloc(x.f, half, half) == NULL && ERROR_IS(ENOMEM));
    errno = 0;
    ck_assert(frusa_calloc(x.f, half + 1, half) == NULL && ERROR_IS(ENOMEM));
    ck_assert_uint_eq(stats_live_bytes(x.f), 0);
    fixture_close(&x);
}
END_TEST

START_TEST(test_refusal_is_enomem)
{
    static const struct fault_plan everything = {.percent = 100};
    for (size_t size = 0; size < 8u << 20; size = size * 4 + 1) {
        struct fixture x;
        fixture_open(&x, 0, NULL);
        fallback_set_plan(&x.fallback, &everything);
        require_enomem(x.f, size, 0);
        require_enomem(x.f, size, 4096);
        ck_assert_uint_eq(stats_live_bytes(x.f), 0);
        fallback_set_plan(&x.fallback, NULL);
        void *p = frusa_alloc(x.f, size, 0);
        ck_assert_ptr_nonnull(p);
        frusa_dealloc(x.f, p, size, 0);
        fixture_close(&x);
    }
}
END_TEST

START_TEST(test_giving_back_null)
{
    struct fixture x;
    fixture_open(&x, 0, NULL);
    errno = E2BIG;
    frusa_dealloc(x.f, NULL, 0, 0);
    frusa_dealloc(x.f, NULL, 100, 8);
    frusa_dealloc(x.f, NULL, 8u << 20, 4096);
    frusa_free(x.f, NULL);
    ck_assert_uint_eq(frusa_usable_size(x.f, NULL), 0);
    ck_assert(ERROR_IS(E2BIG));
    fixture_close(&x);
}
END_TEST

/* The counting fallback spoils errno in every call. */
START_TEST(test_giving_back_leaves_errno_alone)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        fixture_open_variant(&x, v);
        for (size_t size = 0; size < 8u << 20; size = size * 2 + 1) {
            void *p = frusa_alloc(x.f, size, 0), *q = frusa_alloc(x.f, size, 0);
            REQUIRE(p != NULL && q != NULL);
            errno = E2BIG;
            frusa_dealloc(x.f, p, size, 0);
            REQUIRE(ERROR_IS(E2BIG));
            frusa_free(x.f, q);
            REQUIRE(ERROR_IS(E2BIG));
            frusa_reclaim(x.f);
            REQUIRE(ERROR_IS(E2BIG));
        }
        fixture_close(&x);
    }
}
END_TEST

/* "Any layout of the same size class will do." */
START_TEST(test_dealloc_with_another_layout_of_the_class)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        fixture_open_variant(&x, v);
        for (size_t size = 1; size <= 3000; size += 7) {
            size_t good = frusa_good_size(x.f, size, 1);
            if (good > fixture_variants[v].config.managed_max &&
                fixture_variants[v].config.managed_max != 0)
                break;
            for (size_t other = size > 40 ? size - 40 : 0; other < size + 40; other++) {
                if (frusa_good_size(x.f, other, 1) != good)
                    continue;
                void *p = frusa_alloc(x.f, size, 1);
                REQUIRE(p != NULL);
                frusa_dealloc(x.f, p, other, 1);
            }
        }
        ck_assert_uint_eq(stats_live_bytes(x.f), 0);
        frusa_reclaim(x.f);
        fixture_close(&x);
    }
}
END_TEST

/* Sizes never shrink as requests grow; a good size is its own good size. */
START_TEST(test_good_size)
{
    struct fixture x;
    fixture_open(&x, 0, NULL);
    for (size_t align = 1; align <= MAX_ALIGN; align *= 2) {
        size_t last = 0;
        for (size_t size = 0; size <= MAX_SIZE; size += 1 + size / 100) {
            size_t good = frusa_good_size(x.f, size, align);
            REQUIRE(good >= size && good >= last && good > 0);
            REQUIRE(frusa_good_size(x.f, good, align) == good);
            last = good;
        }
        REQUIRE(frusa_good_size(x.f, 100, 0) == frusa_good_size(x.f, 100, alignof(max_align_t)));
    }
    fixture_close(&x);
}
END_TEST

/* One byte beyond managed_max, in size or in alignment, goes straight to the fallback. */
START_TEST(test_managed_max_is_the_border)
{
    static const size_t limits[] = {1, 16, 100, 4096, 5000, 1 << 20, FRUSA_2M_MAX};
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct frusa_config config = {.managed_max = limits[i]};
        struct fixture x;
        struct frusa_stats s;
        size_t align = 1;
        fixture_open(&x, 0, &config);
        void *p = frusa_alloc(x.f, limits[i], 1);
        ck_assert_ptr_nonnull(p);
        ck_assert_int_eq(frusa_get_stats(x.f, &s), 0);
        ck_assert_uint_eq(s.large, 0);
        frusa_dealloc(x.f, p, limits[i], 1);
        p = frusa_alloc(x.f, limits[i] + 1, 1);
        ck_assert_ptr_nonnull(p);
        ck_assert_int_eq(frusa_get_stats(x.f, &s), 0);
        ck_assert_uint_gt(s.large, limits[i]);
        frusa_dealloc(x.f, p, limits[i] + 1, 1);
        while (align <= limits[i])
            align *= 2;
        p = frusa_alloc(x.f, 1, align);
        ck_assert_ptr_nonnull(p);
        ck_assert_int_eq(frusa_get_stats(x.f, &s), 0);
        ck_assert_uint_gt(s.large, 0);
        frusa_dealloc(x.f, p, 1, align);
        fixture_close(&x);
    }
}
END_TEST

RUNNER_MAIN("alloc", test_every_size_at_every_alignment, test_every_size_at_every_alignment_4k,
            test_every_size_at_every_alignment_checked,
            test_every_size_at_every_alignment_default_fallback, test_small_sizes_densely,
            test_size_zero_gives_unique_pointers, test_families_mix, test_random_mix,
            test_bad_align_is_einval, test_overflow_is_enomem, test_refusal_is_enomem,
            test_giving_back_null, test_giving_back_leaves_errno_alone,
            test_dealloc_with_another_layout_of_the_class, test_good_size,
            test_managed_max_is_the_border)
