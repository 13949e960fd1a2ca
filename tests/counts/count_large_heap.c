/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Work whose instructions the script `run` counts: count_large_heap pairs|frees OBJECTS.
 *
 * pairs: with OBJECTS live objects of 64 bytes, the oldest is given back and a new one allocated, again
 * and again. frees: OBJECTS objects are given back in random order. Only what happens inside
 * frusa_alloc and frusa_dealloc while counts_measured runs is counted. Prints the number of
 * operations.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <frusa.h>

#define OBJECT_SIZE ((size_t)64)

/* Enough to pass many times through every refill and flush of whatever caches do in between. */
#define PAIRS ((size_t)1 << 18)

struct population {
    frusa_t *instance;
    void **objects;
    size_t n;
    size_t oldest;
    int frees; /* which work */
};

/* The script names this function: everything outside it is not counted. */
size_t counts_measured(struct population *p);

static void *allocate(struct population *p)
{
    void *object = frusa_alloc(p->instance, OBJECT_SIZE, 0);
    if (object == NULL) {
        perror("count_large_heap");
        exit(1);
    }
    return object;
}

static void replace_oldest(struct population *p, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        frusa_dealloc(p->instance, p->objects[p->oldest], OBJECT_SIZE, 0);
        p->objects[p->oldest] = allocate(p);
        p->oldest = p->oldest + 1 == p->n ? 0 : p->oldest + 1;
    }
}

__attribute__((noinline)) size_t counts_measured(struct population *p)
{
    if (!p->frees) {
        replace_oldest(p, PAIRS);
        return PAIRS;
    }
    for (size_t i = 0; i < p->n; i++)
        frusa_dealloc(p->instance, p->objects[i], OBJECT_SIZE, 0);
    return p->n;
}

/* The same order in every run: a linear congruential generator (D. Knuth's MMIX). */
static void shuffle(struct population *p)
{
    uint64_t random = 1;
    for (size_t i = p->n - 1; i > 0; i--) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        size_t other = (size_t)(((random >> 32) * (i + 1)) >> 32);
        void *swap = p->objects[i];
        p->objects[i] = p->objects[other];
        p->objects[other] = swap;
    }
}

int main(int argc, char **argv)
{
    struct population p = {0};
    p.n = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (p.n == 0 || (strcmp(argv[1], "pairs") != 0 && strcmp(argv[1], "frees") != 0)) {
        fprintf(stderr, "usage: %s pairs|frees OBJECTS\n", argv[0]);
        return 2;
    }
    p.frees = strcmp(argv[1], "frees") == 0;
    p.instance = frusa_create(NULL);
    p.objects = calloc(p.n, sizeof *p.objects);
    if (p.instance == NULL || p.objects == NULL) {
        perror("count_large_heap");
        return 1;
    }
    for (size_t i = 0; i < p.n; i++)
        p.objects[i] = allocate(&p);
    if (p.frees)
        shuffle(&p);
    else
        replace_oldest(&p, PAIRS / 4); /* let whatever adapts to use settle */
    printf("%zu\n", counts_measured(&p));
    if (!p.frees)
        for (size_t i = 0; i < p.n; i++)
            frusa_dealloc(p.instance, p.objects[i], OBJECT_SIZE, 0);
    frusa_destroy(p.instance);
    free(p.objects);
    return 0;
}
