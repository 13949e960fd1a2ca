/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The arena: a fallback over a fixed buffer. */
#include "support/build.h"
#include "support/check_instance.h"
#include "support/pattern.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/walk.h"
#include "support/workload.h"
#include "unit/runner.h"

#include <string.h>

enum { LENGTH = 4 << 20 };

static _Alignas(4096) unsigned char buffer[LENGTH + 2 * 4096];

static frusa_t *instance_over(struct frusa_arena *arena, void *buf, size_t len)
{
    REQUIRE(frusa_arena_init(arena, buf, len) == 0);
    frusa_t *f = frusa_create(&arena->ops);
    REQUIRE(f != NULL);
    return f;
}

/* Allocates and fills objects until that fails; returns how many, linked through their first
 * word. */
static size_t fill(frusa_t *f, size_t size, void **list)
{
    size_t n = 0;
    void **object;
    *list = NULL;
    errno = 0;
    while ((object = frusa_alloc(f, size, 0)) != NULL) {
        REQUIRE((unsigned char *)object >= buffer &&
                (unsigned char *)object + size <= buffer + sizeof(buffer));
        memset(object, 0x77, size);
        *object = *list;
        *list = object;
        n++;
        errno = 0;
    }
    REQUIRE(ERROR_IS(ENOMEM));
    return n;
}

static void drain(frusa_t *f, size_t size, void *list)
{
    while (list != NULL) {
        void *next = *(void **)list;
        frusa_dealloc(f, list, size, 0);
        list = next;
    }
}

START_TEST(test_four_mib_hold_3900_objects_of_1000_bytes)
{
    struct frusa_arena arena;
    void *list;
    frusa_t *f = instance_over(&arena, buffer, LENGTH);
    size_t n = fill(f, 1000, &list);
    ck_assert_uint_gt(n, 3900);
    drain(f, 1000, list);
    support_check_instance(f);
    frusa_destroy(f);
}
END_TEST

static struct frusa_arena small_arena;
static frusa_t small_heap = FRUSA_INITIALIZER(&small_arena.ops, NULL);

/* Requires that objects of a size fill `percent` of a buffer, by a static instance, again and
 * again. */
static void require_use(size_t offset, size_t length, size_t size, size_t percent)
{
    for (int round = 0; round < 2; round++) {
        void *list;
        REQUIRE(frusa_arena_init(&small_arena, buffer + offset, length) == 0);
        size_t n = fill(&small_heap, size, &list);
        REQUIRE_MSG(n * size * 100 >= percent * length, "%zu objects of %zu bytes in %zu KiB", n,
                    size, length >> 10);
        support_check_instance(&small_heap);
        drain(&small_heap, size, list);
        frusa_reclaim(&small_heap);
        REQUIRE(fill(&small_heap, size, &list) == n);
        frusa_destroy(&small_heap);
    }
}

/* Small static arenas, aligned to a page or as a compiler aligns arrays. In a freestanding instance
 * the page map takes some of the pages. */
START_TEST(test_small_arenas_are_used)
{
    if (!BUILD_IS_HOSTED)
        return;
    for (size_t kib = 16; kib <= 256; kib *= 2) {
        require_use(0, kib << 10, 100, 85);
        require_use(0, kib << 10, 1000, 90);
        require_use(0, kib << 10, 3000, 90);
        require_use(0, kib << 10, 16, 75);
    }
    for (size_t kib = 32; kib <= 256; kib *= 2) {
        require_use(32, kib << 10, 100, 75);
        require_use(32, kib << 10, 1000, 80);
    }
}
END_TEST

/* Threads share a small arena, several sizes at once. */
static void use_small(void *arg, size_t index)
{
    struct workload w;
    workload_begin(&w, arg, 20, env_seed(23), index);
    w.may_fail = 1;
    for (size_t i = 0; i < env_scale(3000, 300); i++)
        workload_step(&w);
    workload_end(&w);
}

START_TEST(test_threads_share_a_small_arena)
{
    struct frusa_stats s;
    REQUIRE(frusa_arena_init(&small_arena, buffer, 128 << 10) == 0);
    team_run(4, use_small, &small_heap);
    support_check_instance(&small_heap);
    frusa_reclaim(&small_heap);
    ck_assert_int_eq(frusa_get_stats(&small_heap, &s), 0);
    ck_assert_uint_eq(s.allocated_from_fallback, 0);
    ck_assert_uint_eq(s.cached, 0);
    frusa_destroy(&small_heap);
}
END_TEST

/* Nothing outside the buffer is written, wherever it begins and ends. */
START_TEST(test_any_alignment_of_the_buffer)
{
    for (size_t offset = 0; offset < 4096; offset += offset < 20 ? 1 : 509) {
        size_t length = LENGTH / 4 + 4096 - offset / 2;
        struct frusa_arena arena;
        void *list;
        memset(buffer, 0xc3, sizeof(buffer));
        frusa_t *f = instance_over(&arena, buffer + offset, length);
        size_t n = fill(f, 2000, &list);
        ck_assert_uint_ge(n * 2000, LENGTH / 4 / 2);
        drain(f, 2000, list);
        frusa_destroy(f);
        for (size_t i = 0; i < offset; i++)
            REQUIRE(buffer[i] == 0xc3);
        for (size_t i = offset + length; i < sizeof(buffer); i++)
            REQUIRE(buffer[i] == 0xc3);
    }
}
END_TEST

START_TEST(test_bad_arguments)
{
    struct frusa_arena arena;
    errno = 0;
    ck_assert(frusa_arena_init(NULL, buffer, LENGTH) == -1 && ERROR_IS(EINVAL));
    errno = 0;
    ck_assert(frusa_arena_init(&arena, NULL, LENGTH) == -1 && ERROR_IS(EINVAL));
    for (size_t len = 0; len <= 4096; len += 64) {
        errno = 0;
        ck_assert(frusa_arena_init(&arena, buffer + 8, len) == -1 && ERROR_IS(EINVAL));
    }
    errno = 0;
    ck_assert(frusa_arena_init(&arena, buffer, 100) == -1 && ERROR_IS(EINVAL));
}
END_TEST

/* A buffer of a few pages is an arena, though too small for an instance. */
START_TEST(test_smallest_arenas)
{
    for (size_t pages = 3; pages < 20; pages++) {
        struct frusa_arena arena;
        ck_assert_int_eq(frusa_arena_init(&arena, buffer, pages * 4096), 0);
        errno = 0;
        frusa_t *f = frusa_create(&arena.ops);
        if (f == NULL) {
            ck_assert(ERROR_IS(ENOMEM));
            ck_assert_uint_lt(pages, 10);
            continue;
        }
        void *p = frusa_alloc(f, 1, 0);
        if (p == NULL)
            ck_assert(ERROR_IS(ENOMEM));
        frusa_destroy(f);
    }
}
END_TEST

/* What was given back serves again: other sizes, large objects, another instance. */
START_TEST(test_memory_is_used_again)
{
    static const size_t sizes[] = {16, 100, 1000, 3000, 20000, 150000};
    struct frusa_arena arena;
    void *list;
    frusa_t *f = instance_over(&arena, buffer, LENGTH);
    size_t counts[6];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            size_t n = fill(f, sizes[i], &list);
            if (round == 0)
                counts[i] = n;
            ck_assert_uint_ge(n * frusa_good_size(f, sizes[i], 0), LENGTH * 3 / 4);
            ck_assert_uint_ge(n, counts[i] - counts[i] / 20);
            drain(f, sizes[i], list);
            frusa_reclaim(f);
        }
        void *large = frusa_alloc(f, 3 << 20, 0);
        ck_assert_ptr_nonnull(large);
        memset(large, round, 3 << 20);
        frusa_free(f, large);
        frusa_destroy(f);
        f = frusa_create(&arena.ops);
        ck_assert_ptr_nonnull(f);
    }
    frusa_destroy(f);
}
END_TEST

START_TEST(test_several_instances_share_an_arena)
{
    struct frusa_arena arena;
    struct workload w[4];
    frusa_t *instances[4];
    ck_assert_int_eq(frusa_arena_init(&arena, buffer, sizeof(buffer)), 0);
    for (size_t i = 0; i < 4; i++) {
        instances[i] = frusa_create(&arena.ops);
        ck_assert_ptr_nonnull(instances[i]);
        workload_begin(&w[i], instances[i], 150, env_seed(21), i);
        w[i].may_fail = 1;
    }
    for (size_t step = 0; step < env_scale(20000, 1000); step++)
        workload_step(&w[step % 4]);
    for (size_t i = 0; i < 4; i++) {
        workload_end(&w[i]);
        frusa_destroy(instances[i]);
    }
    frusa_t *f = frusa_create(&arena.ops);
    ck_assert_ptr_nonnull(f);
    void *large = frusa_alloc(f, 3 << 20, 0);
    ck_assert_ptr_nonnull(large);
    frusa_destroy(f);
}
END_TEST

static void work(void *arg, size_t index)
{
    struct workload w;
    workload_begin(&w, arg, 60, env_seed(22), index);
    w.may_fail = 1;
    for (size_t i = 0; i < env_scale(6000, 300); i++) {
        workload_step(&w);
        if (i % 500 == 0)
            frusa_reclaim(w.f);
    }
    workload_end(&w);
}

START_TEST(test_threads_share_an_arena)
{
    struct frusa_arena arena;
    frusa_t *f = instance_over(&arena, buffer, LENGTH);
    team_run(8, work, f);
    frusa_reclaim(f);
    struct frusa_stats s;
    ck_assert_int_eq(frusa_get_stats(f, &s), 0);
    ck_assert_uint_le(s.allocated_from_fallback, RECORD_MAX + CACHE_MAX);
    frusa_destroy(f);
}
END_TEST

/* The fallback by itself: alignment, no overlap, neighbours join again. */
START_TEST(test_blocks)
{
    enum { BLOCKS = 300 };
    struct frusa_arena arena;
    void *blocks[BLOCKS];
    size_t sizes[BLOCKS];
    struct random r = random_stream(env_seed(23), 0);
    memset(blocks, 0, sizeof(blocks));
    ck_assert_int_eq(frusa_arena_init(&arena, buffer, LENGTH), 0);
    const struct frusa_fallback_ops *ops = &arena.ops;
    for (size_t step = 0; step < env_scale(50000, 2000); step++) {
        size_t i = random_below(&r, BLOCKS);
        size_t align = (size_t)4096 << i % 5;
        if (blocks[i] != NULL) {
            pattern_require(blocks[i], sizes[i], i);
            ops->dealloc(ops->ctx, blocks[i], sizes[i], align);
            blocks[i] = NULL;
            continue;
        }
        sizes[i] = random_between(&r, 1, 8) * 4096;
        blocks[i] = ops->alloc(ops->ctx, sizes[i], align);
        if (blocks[i] == NULL)
            continue;
        REQUIRE((uintptr_t)blocks[i] % align == 0);
        pattern_fill(blocks[i], sizes[i], i);
    }
    for (size_t i = 0; i < BLOCKS; i++)
        if (blocks[i] != NULL)
            ops->dealloc(ops->ctx, blocks[i], sizes[i], (size_t)4096 << i % 5);
    void *whole = ops->alloc(ops->ctx, LENGTH - 4 * 4096, 4096);
    ck_assert_ptr_nonnull(whole);
    ck_assert_ptr_null(ops->alloc(ops->ctx, LENGTH, 4096));
    ck_assert_ptr_null(ops->alloc(ops->ctx, SIZE_MAX & ~(size_t)4095, 4096));
    ck_assert_ptr_null(ops->alloc(ops->ctx, 4096, SIZE_MAX / 2 + 1));
    ops->dealloc(ops->ctx, whole, LENGTH - 4 * 4096, 4096);
}
END_TEST

RUNNER_MAIN("arena", test_four_mib_hold_3900_objects_of_1000_bytes, test_small_arenas_are_used,
            test_threads_share_a_small_arena, test_any_alignment_of_the_buffer, test_bad_arguments,
            test_smallest_arenas, test_memory_is_used_again, test_several_instances_share_an_arena,
            test_threads_share_an_arena, test_blocks)
