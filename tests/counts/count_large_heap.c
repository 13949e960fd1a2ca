/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Work whose instructions the script `run` counts: count_large_heap pairs|batches|frees OBJECTS.
 *
 * pairs: with OBJECTS live objects of 64 bytes, the oldest is given back and a new one allocated,
 * again and again. batches: the same with a few thousand at a time, more than caches hold. frees:
 * OBJECTS objects are given back in random order, and whatever the cache still holds with them.
 * Only what happens inside the calls that the script names while counts_measured runs is counted.
 * Prints the number of operations.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <frusa.h>

#define OBJECT_SIZE ((size_t)64)

/* Enough to pass many times through every refill and flush of whatever caches do in between. */
#define PAIRS ((size_t)1 << 18)

#define BATCH ((size_t)1 << 12)

enum work { WORK_PAIRS, WORK_BATCHES, WORK_FREES };

struct population {
    frusa_t *instance;
    void **objects;
    size_t n;
    size_t oldest;
    enum work work;
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

/* Gives the n oldest back, then allocates as many; n divides the population or is 1. */
static void replace_oldest(struct population *p, size_t n)
{
    void **oldest = p->objects + p->oldest;
    for (size_t i = 0; i < n; i++)
        frusa_dealloc(p->instance, oldest[i], OBJECT_SIZE, 0);
    for (size_t i = 0; i < n; i++)
        oldest[i] = allocate(p);
    p->oldest = (p->oldest + n) % p->n;
}

static void replace_pairs(struct population *p, size_t pairs)
{
    size_t n = p->work == WORK_BATCHES ? BATCH : 1;
    for (size_t i = 0; i < pairs; i += n)
        replace_oldest(p, n);
}

__attribute__((noinline)) size_t counts_measured(struct population *p)
{
    if (p->work != WORK_FREES) {
        replace_pairs(p, PAIRS);
        return PAIRS;
    }
    for (size_t i = 0; i < p->n; i++)
        frusa_dealloc(p->instance, p->objects[i], OBJECT_SIZE, 0);
    frusa_thread_flush(p->instance);
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

static enum work work_of(const char *program, const char *name)
{
    static const char *const names[] = {"pairs", "batches", "frees"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return (enum work)i;
    fprintf(stderr, "usage: %s pairs|batches|frees OBJECTS\n", program);
    exit(2);
}

int main(int argc, char **argv)
{
    struct population p = {0};
    p.work = work_of(argv[0], argc == 3 ? argv[1] : "");
    p.n = strtoul(argv[2], NULL, 10);
    p.instance = frusa_create(NULL);
    p.objects = calloc(p.n, sizeof *p.objects);
    if (p.instance == NULL || p.objects == NULL || p.n % BATCH != 0) {
        fprintf(stderr, "count_large_heap: no memory, or OBJECTS is no multiple of %zu\n", BATCH);
        return 1;
    }
    for (size_t i = 0; i < p.n; i++)
        p.objects[i] = allocate(&p);
    if (p.work == WORK_FREES)
        shuffle(&p);
    else
        replace_pairs(&p, PAIRS / 4); /* let whatever adapts to use settle */
    printf("%zu\n", counts_measured(&p));
    for (size_t i = 0; i < p.n && p.work != WORK_FREES; i++)
        frusa_dealloc(p.instance, p.objects[i], OBJECT_SIZE, 0);
    frusa_destroy(p.instance);
    free(p.objects);
    return 0;
}
