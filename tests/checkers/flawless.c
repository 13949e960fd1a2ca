/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Makes no mistake, in all the ways that there are: no tool may report one. */
#include "watched.h"

#include <stdio.h>

static const size_t sizes[] = {0, 1, 16, 40, 100, 1000, 5000, 70000, 2097152, 3000000};
enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

static frusa_t still = FRUSA_INITIALIZER(NULL, NULL);

static void expect(int holds, int line)
{
    if (holds)
        return;
    fprintf(stderr, "flawless.c:%d\n", line);
    exit(1);
}
#define EXPECT(condition) expect((condition) != 0, __LINE__)

static size_t sum(const char *p, size_t size)
{
    size_t total = 0;
    for (size_t i = 0; i < size; i++)
        total += (unsigned char)p[i];
    return total;
}

static void zeroed(frusa_t *f)
{
    for (size_t i = 0; i < SIZES; i++) {
        for (int round = 0; round < 2; round++) {
            char *p = frusa_alloc_zeroed(f, sizes[i], 64);
            char *q = frusa_calloc(f, 1, sizes[i]);
            EXPECT(p != NULL && q != NULL);
            EXPECT(sum(p, sizes[i]) + sum(q, sizes[i]) == 0);
            memset(p, 1, sizes[i]);
            frusa_free(f, p);
            frusa_dealloc(f, q, sizes[i], 0);
        }
    }
}

/* From every size to every other, with a layout and without. */
static void resized(frusa_t *f, int with_layout)
{
    for (size_t i = 0; i < SIZES; i++) {
        for (size_t k = 0; k < SIZES; k++) {
            size_t kept = sizes[i] < sizes[k] ? sizes[i] : sizes[k];
            char *p = watched_object(f, sizes[i], 0);
            char *q = with_layout ? frusa_realloc(f, p, sizes[i], 0, sizes[k])
                                  : frusa_resize(f, p, sizes[k]);
            EXPECT(q != NULL && sum(q, kept) == kept);
            EXPECT(frusa_usable_size(f, q) >= sizes[k]);
            memset(q, 2, sizes[k]);
            frusa_free(f, q);
        }
    }
}

/* Within a class, and with another layout of the class than the object had. */
static void within_a_class(frusa_t *f)
{
    char *p = watched_object(f, 120, 0);
    for (size_t size = 113; size <= 128; size++) {
        char *q = frusa_realloc(f, p, 128, 0, size);
        EXPECT(q != NULL && sum(q, 113) == 113);
        memset(q, 1, size);
        p = q;
    }
    p = frusa_realloc(f, p, 113, 0, 4000);
    EXPECT(p != NULL && sum(p, 113) == 113);
    frusa_dealloc(f, p, 4000, 0);
    p = watched_object(f, 3000000, 0);
    for (size_t size = 3000000; size < 3000064; size += 16) {
        char *q = frusa_resize(f, p, size);
        EXPECT(q != NULL && sum(q, 3000000) == 3000000);
        q[size - 1] = 1;
        p = q;
    }
    frusa_free(f, p);
}

/* Through an explicit cache, and into spans that are given back and taken again. */
static void many(frusa_t *f)
{
    static char *objects[3000];
    frusa_cache_t *c = frusa_cache_create(f);
    EXPECT(c != NULL);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 3000; i++) {
            objects[i] = i & 1 ? frusa_cache_alloc(c, i % 300, 0) : watched_object(f, i % 300, 32);
            EXPECT(objects[i] != NULL);
            memset(objects[i], 3, i % 300);
        }
        for (size_t i = 0; i < 3000; i++)
            if (i & 1)
                frusa_cache_dealloc(c, objects[i], i % 300, 0);
            else
                frusa_free(f, objects[i]);
        EXPECT(frusa_reclaim(f) > 0);
    }
    frusa_cache_destroy(c);
}

static int count(const struct frusa_span_info *row, void *arg)
{
    (void)row;
    ++*(size_t *)arg;
    return 0;
}

int main(int argc, char **argv)
{
    frusa_t *f = watched_begin(argc, argv);
    size_t rows = 0;
    zeroed(f);
    resized(f, 0);
    resized(f, 1);
    within_a_class(f);
    many(f);
    frusa_reclaim(f);
    EXPECT(frusa_walk(f, count, &rows) == 0 && rows == 0);
    for (size_t i = 0; i < SIZES; i++) {
        watched_object(f, sizes[i], 0); /* goes with the instance */
        watched_object(&still, sizes[i], 0);
    }
    frusa_destroy(f);
    frusa_destroy(&still);
    zeroed(&still);
    frusa_destroy(&still);
    return 0;
}
