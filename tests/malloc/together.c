/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One core for each process: libfrusa's calls work on the instance behind malloc, and other
 * instances work beside it and over it, whatever is linked or loaded in which order.
 */
#include "expect.h"

#include <string.h>

/* An instance over the C library's functions, which are the override's. */
static void test_instance_over_malloc(void)
{
    enum { N = 3000 };
    static void *objects[N];
    frusa_t *f = frusa_create(&frusa_fallback_malloc);
    EXPECT(f != NULL);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < N; i++) {
            objects[i] = frusa_malloc(f, i);
            EXPECT(objects[i] != NULL && frusa_owns(f, objects[i]));
            memset(objects[i], 1, i);
        }
        for (size_t i = 0; i < N; i++)
            frusa_free(f, objects[i]);
        frusa_reclaim(f);
    }
    frusa_destroy(f);
}

static void test_arena_in_malloc(void)
{
    struct frusa_arena arena;
    for (size_t size = 100000; size < 10000000; size *= 3) {
        char *buffer = malloc(size);
        EXPECT(frusa_arena_init(&arena, buffer, size) == 0);
        frusa_t *f = frusa_create(&arena.ops);
        EXPECT(f != NULL);
        void *p = frusa_malloc(f, 100);
        EXPECT(p != NULL && p > (void *)buffer && p < (void *)(buffer + size));
        frusa_free(f, p);
        frusa_destroy(f);
        free(buffer);
    }
}

static void test_same_core(frusa_t *f)
{
    struct frusa_stats before, after;
    EXPECT(frusa_get_stats(f, &before) == 0);
    void *p = malloc(3000000);
    EXPECT(frusa_get_stats(f, &after) == 0);
    EXPECT(after.large >= before.large + 3000000);
    EXPECT(frusa_owns(f, p));
    frusa_free(f, p);
    p = frusa_alloc(f, 100, 64);
    EXPECT(p != NULL);
    p = realloc(p, 1000);
    EXPECT(p != NULL && frusa_usable_size(f, p) >= 1000);
    frusa_dealloc(f, p, 1000, 0);
    EXPECT(frusa_reclaim(f) + 1 > 0);
}

int main(void)
{
    test_same_core(the_instance());
    test_instance_over_malloc();
    test_arena_in_malloc();
    return 0;
}
