/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* frusa_owns for addresses of all kinds. */
#include "support/fixture.h"
#include "support/population.h"
#include "support/require.h"
#include "unit/runner.h"

#include <sys/mman.h>
#include <unistd.h>

START_TEST(test_every_byte_of_an_object)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        fixture_open_variant(&x, v);
        for (size_t size = 1; size < 8u << 20; size = size * 3 + 1) {
            char *p = frusa_alloc(x.f, size, 0);
            REQUIRE(p != NULL);
            for (size_t i = 0; i < size; i += 1 + size / 100)
                REQUIRE_MSG(frusa_owns(x.f, p + i) == 1, "byte %zu of %zu", i, size);
            REQUIRE(frusa_owns(x.f, p + size - 1) == 1);
            frusa_free(x.f, p);
        }
        fixture_close(&x);
    }
}
END_TEST

static int variable;

START_TEST(test_foreign_addresses)
{
    struct fixture x, y;
    fixture_open(&x, 0, NULL);
    fixture_open(&y, 0, NULL);
    char *small = frusa_alloc(y.f, 100, 0), *large = frusa_alloc(y.f, 3u << 20, 0), local = 0;
    char *heap = malloc(100);
    ck_assert(small != NULL && large != NULL && heap != NULL);
    /* Not unmapped: the instance might come to own it. */
    char *inaccessible = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(inaccessible, MAP_FAILED);
    const void *foreign[] = {NULL,
                             &variable,
                             &local,
                             heap,
                             inaccessible,
                             small,
                             large,
                             large + (2u << 20),
                             (void *)1,
                             (void *)4096,
                             (void *)UINTPTR_MAX,
                             (void *)(UINTPTR_MAX / 2),
                             (void *)(UINTPTR_MAX / 2 + 1),
                             (void *)(uintptr_t)0x7fffffffffffu,
                             (void *)(uintptr_t)test_foreign_addresses};
    for (int used = 0; used < 2; used++) {
        for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
            REQUIRE_MSG(frusa_owns(x.f, foreign[i]) == 0, "%p", foreign[i]);
        /* Again with objects in this instance. */
        ck_assert_ptr_nonnull(frusa_alloc(x.f, 100, 0));
        ck_assert_ptr_nonnull(frusa_alloc(x.f, 5u << 20, 0));
    }
    ck_assert(frusa_owns(y.f, small) && frusa_owns(y.f, large));
    free(heap);
    munmap(inaccessible, 8192);
    fixture_close(&x);
    fixture_close(&y);
}
END_TEST

START_TEST(test_random_addresses)
{
    struct fixture x;
    struct random r = random_stream(env_seed(16), 0);
    fixture_open(&x, 0, NULL);
    char *p = frusa_alloc(x.f, 100, 0);
    ck_assert_ptr_nonnull(p);
    for (size_t i = 0; i < env_scale(1000000, 10000); i++) {
        uintptr_t address = (uintptr_t)(random_next(&r) >> random_below(&r, 64));
        if (address - (uintptr_t)p + (64u << 20) > (128u << 20))
            REQUIRE_MSG(!frusa_owns(x.f, (void *)address), "%p", (void *)address);
    }
    fixture_close(&x);
}
END_TEST

enum { LARGE_OBJECTS = 1000, LARGE_BYTES = 8192 };

/* Requires that the instance owns just the objects that exist: each one's ends, and nothing of
 * those that are gone. */
static void require_owns(frusa_t *f, char *const *objects, char *const *gone, size_t size)
{
    for (size_t i = 0; i < LARGE_OBJECTS; i++) {
        if (objects[i])
            REQUIRE(frusa_owns(f, objects[i]) && frusa_owns(f, objects[i] + size - 1));
        if (!objects[i] && gone[i])
            REQUIRE(!frusa_owns(f, gone[i]) && !frusa_owns(f, gone[i] + size - 1));
    }
}

/* Large objects that lie close together come and go in random order. */
START_TEST(test_many_large_objects)
{
    static char *objects[LARGE_OBJECTS], *gone[LARGE_OBJECTS];
    static char memory[(LARGE_OBJECTS + 200) * LARGE_BYTES];
    const struct frusa_config config = {.managed_max = FRUSA_4K_MAX};
    struct random r = random_stream(env_seed(19), 0);
    struct frusa_arena arena;
    ck_assert_int_eq(frusa_arena_init(&arena, memory, sizeof(memory)), 0);
    frusa_t *f = frusa_create_with(&arena.ops, &config);
    ck_assert_ptr_nonnull(f);
    for (size_t i = 0; i < LARGE_OBJECTS; i++)
        REQUIRE((objects[i] = frusa_alloc(f, LARGE_BYTES, 0)) != NULL);
    require_owns(f, objects, gone, LARGE_BYTES);
    for (size_t i = 0; i < LARGE_OBJECTS; i++) {
        size_t k = random_below(&r, LARGE_OBJECTS);
        gone[k] = objects[k] ? objects[k] : gone[k];
        frusa_free(f, objects[k]);
        objects[k] = NULL;
        if (i % 50 == 0)
            require_owns(f, objects, gone, LARGE_BYTES);
    }
    for (size_t i = 0; i < LARGE_OBJECTS; i++)
        frusa_free(f, objects[i]);
    frusa_destroy(f);
}
END_TEST

/* What has gone back to the fallback is no longer the instance's. */
START_TEST(test_after_it_went_back)
{
    struct fixture x;
    struct population p;
    struct random r = random_stream(env_seed(17), 0);
    enum { COUNT = 2000 };
    static void *addresses[COUNT];
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    population_create(&p, x.f, COUNT, 1, 5000, &r);
    for (size_t i = 0; i < COUNT; i++)
        REQUIRE(frusa_owns(x.f, addresses[i] = p.objects[i]));
    char *large = frusa_alloc(x.f, 5u << 20, 0);
    ck_assert(frusa_owns(x.f, large) && frusa_owns(x.f, large + (4u << 20)));
    frusa_free(x.f, large);
    ck_assert(!frusa_owns(x.f, large) && !frusa_owns(x.f, large + (4u << 20)));
    population_drop(&p, COUNT);
    frusa_reclaim(x.f);
    for (size_t i = 0; i < COUNT; i++)
        REQUIRE(!frusa_owns(x.f, addresses[i]));
    population_release(&p);
    fixture_close(&x);
}
END_TEST

/* A large object that moved or shrank leaves nothing behind. */
START_TEST(test_after_a_resize)
{
    struct fixture x;
    fixture_open(&x, FALLBACK_RESIZE, NULL);
    for (int i = 0; i < 4; i++) {
        char *p = frusa_alloc(x.f, 8u << 20, 0);
        ck_assert_ptr_nonnull(p);
        char *q = frusa_realloc(x.f, p, 8u << 20, 0, 3u << 20);
        ck_assert_ptr_nonnull(q);
        ck_assert(frusa_owns(x.f, q) && frusa_owns(x.f, q + (3u << 20) - 1));
        ck_assert(!frusa_owns(x.f, q + (3u << 20) + 4096));
        if (q != p)
            ck_assert(!frusa_owns(x.f, p) || (p > q && p < q + (3u << 20)));
        frusa_free(x.f, q);
    }
    fixture_close(&x);
}
END_TEST

RUNNER_MAIN("owns", test_every_byte_of_an_object, test_foreign_addresses, test_random_addresses,
            test_many_large_objects, test_after_it_went_back, test_after_a_resize)
