/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Work whose instructions the script `run` counts: count_fast_path sized|unsized|cache SIZE.
 *
 * An object of SIZE bytes is allocated and given back, again and again, so that every call finds
 * what it needs in the cache. Only what happens inside the call that the script names while
 * counts_measured runs is counted. Prints the number of pairs.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <frusa.h>

#define PAIRS ((size_t)1 << 14)
#define ALIGN ((size_t)8)

struct work {
    frusa_t *instance;
    frusa_cache_t *cache;
    size_t size;
    void (*pair)(struct work *w);
};

/* The script names this function: everything outside it is not counted. */
size_t counts_measured(struct work *w);

static void check(const void *object)
{
    if (object == NULL) {
        perror("count_fast_path");
        exit(1);
    }
}

static void sized_pair(struct work *w)
{
    void *object = frusa_alloc(w->instance, w->size, ALIGN);
    check(object);
    frusa_dealloc(w->instance, object, w->size, ALIGN);
}

static void unsized_pair(struct work *w)
{
    void *object = frusa_malloc(w->instance, w->size);
    check(object);
    frusa_free(w->instance, object);
}

static void cache_pair(struct work *w)
{
    void *object = frusa_cache_alloc(w->cache, w->size, ALIGN);
    check(object);
    frusa_cache_dealloc(w->cache, object, w->size, ALIGN);
}

__attribute__((noinline)) size_t counts_measured(struct work *w)
{
    for (size_t i = 0; i < PAIRS; i++)
        w->pair(w);
    return PAIRS;
}

static void choose(struct work *w, const char *name)
{
    if (strcmp(name, "sized") == 0) {
        w->pair = sized_pair;
    } else if (strcmp(name, "unsized") == 0) {
        w->pair = unsized_pair;
    } else if (strcmp(name, "cache") == 0) {
        w->pair = cache_pair;
        w->cache = frusa_cache_create(w->instance);
        check(w->cache);
    } else {
        fprintf(stderr, "count_fast_path: %s: sized, unsized or cache\n", name);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct work w = {0};
    w.size = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (w.size == 0) {
        fprintf(stderr, "usage: %s sized|unsized|cache SIZE\n", argv[0]);
        return 2;
    }
    w.instance = frusa_create(NULL);
    check(w.instance);
    choose(&w, argv[1]);
    for (size_t i = 0; i < PAIRS; i++) /* let whatever adapts to use settle */
        w.pair(&w);
    printf("%zu\n", counts_measured(&w));
    frusa_cache_destroy(w.cache);
    frusa_destroy(w.instance);
    return 0;
}
