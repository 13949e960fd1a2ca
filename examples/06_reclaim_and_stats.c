/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Reclaim: after a peak, what is no longer in use goes back to the fallback when the program says
 * so, from whichever thread. The statistics show it.
 */
#include <frusa.h>

#include <stdio.h>

#define OBJECTS 100000

static void *objects[OBJECTS];

static size_t object_size(size_t i)
{
    return 16 + i % 50 * 8;
}

/* Prints one line of statistics and returns the bytes held from the fallback. */
static size_t show(frusa_t *heap, const char *when)
{
    struct frusa_stats stats;
    if (frusa_get_stats(heap, &stats) != 0) {
        perror("frusa_get_stats");
        return 0;
    }
    printf("%-20s %9zu bytes held, %9zu in use\n", when, stats.allocated_from_fallback,
           stats.in_use);
    return stats.allocated_from_fallback;
}

/* Counts the spans of the instance; called for each. */
static int count_span(const struct frusa_span_info *info, void *arg)
{
    size_t *spans = arg;
    (void)info;
    ++*spans;
    return 0; /* go on */
}

int main(void)
{
    frusa_t *heap = frusa_create(NULL);
    if (heap == NULL) {
        perror("frusa_create");
        return 1;
    }
    for (size_t i = 0; i < OBJECTS; i++) {
        objects[i] = frusa_alloc(heap, object_size(i), 8);
        if (objects[i] == NULL) {
            perror("frusa_alloc");
            frusa_destroy(heap);
            return 1;
        }
    }
    size_t peak = show(heap, "at the peak");

    for (size_t i = 0; i < OBJECTS; i++) {
        frusa_dealloc(heap, objects[i], object_size(i), 8);
    }
    show(heap, "all freed");

    /* frusa_reclaim_some stops when it has given back what was asked for. */
    size_t some = frusa_reclaim_some(heap, 1024 * 1024);
    show(heap, "1 MiB reclaimed");
    size_t rest = frusa_reclaim(heap);
    size_t left = show(heap, "reclaimed");
    printf("gave back %zu bytes, then %zu\n", some, rest);

    size_t spans = 0;
    frusa_walk(heap, count_span, &spans);

    /* The same figures and a row for each size class, for monitoring. As snprintf: tells the
     * length. */
    char json[4096];
    size_t length = frusa_stats_json(heap, json, sizeof json);
    if (length < sizeof json) {
        printf("%s\n", json);
    }

    frusa_destroy(heap);
    return some >= 1024 * 1024 && rest > 0 && spans == 0 && left < peak / 10 ? 0 : 1;
}
