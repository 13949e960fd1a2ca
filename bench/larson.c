/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What does a pair cost in a server whose threads come and go and leave their objects to the next
 * one? After P.-A. Larson and M. Krishnan, "Memory Allocation for Long-Running Server Applications"
 * (ISMM 1998): each of --threads seats has --objects live objects of --min .. --max bytes. A thread
 * on a seat replaces random ones for a while, then ends, and a new thread takes the seat and the
 * objects over. The making of threads is part of the time.
 */
#include "support/memory.h"
#include "support/run.h"

#include <pthread.h>
#include <stdio.h>

#define GENERATIONS 4
#define PAIRS       ((size_t)20000) /* by each generation */

struct slot {
    char *ptr;
    size_t size;
};

BENCH_INLINE void fill(enum bench_binding b, struct bench_thread *t, struct slot *slots, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        slots[i].size = bench_between(&t->random, t->options->min_size, t->options->max_size);
        slots[i].ptr = bench_alloc(b, &t->handle, slots[i].size);
        *slots[i].ptr = (char)i;
    }
}

BENCH_INLINE void serve(enum bench_binding b, struct bench_thread *t,
                        const struct bench_handle *own)
{
    const struct bench_handle h = *own;
    const size_t min = t->options->min_size, max = t->options->max_size, n = t->options->objects;
    struct slot *slots = t->state;
    uint64_t random = t->random;
    for (size_t i = 0; i < PAIRS; i++) {
        struct slot *s = &slots[bench_below(&random, n)];
        bench_free(b, &h, s->ptr, s->size);
        s->size = bench_between(&random, min, max);
        s->ptr = bench_alloc(b, &h, s->size);
        *s->ptr = (char)i;
    }
    t->random = random;
}

static void *generation(void *arg)
{
    struct bench_thread *seat = arg;
    struct bench_handle h;
    bench_handle_open(&h);
    BENCH_DISPATCH(serve, seat, &h);
    bench_handle_close(&h);
    seat->cpu_extra += bench_thread_cpu();
    return NULL;
}

static void repeat(struct bench_thread *t)
{
    for (int i = 0; i < GENERATIONS; i++) {
        pthread_t id;
        if (pthread_create(&id, NULL, generation, t) != 0) {
            perror("larson: pthread_create");
            exit(1);
        }
        pthread_join(id, NULL);
    }
}

static void setup(struct bench_thread *t)
{
    t->state = bench_pages(t->options->objects * sizeof(struct slot));
    BENCH_DISPATCH(fill, t, t->state, t->options->objects);
}

BENCH_INLINE void empty(enum bench_binding b, struct bench_thread *t, struct slot *slots, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bench_free(b, &t->handle, slots[i].ptr, slots[i].size);
}

static void teardown(struct bench_thread *t)
{
    BENCH_DISPATCH(empty, t, t->state, t->options->objects);
    bench_pages_free(t->state, t->options->objects * sizeof(struct slot));
}

static size_t operations(const struct bench_options *o)
{
    (void)o;
    return GENERATIONS * PAIRS;
}

int main(int argc, char **argv)
{
    static const struct bench_workload workload = {
        .name = "larson",
        .defaults =
            {.threads = 2, .budget_ms = 400, .min_size = 16, .max_size = 1024, .objects = 1000},
        .setup = setup,
        .repeat = repeat,
        .teardown = teardown,
        .operations = operations,
    };
    return bench_main(argc, argv, &workload);
}
