/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Do objects of different threads share cache lines? After cache-thrash and cache-scratch in E.
 * Berger et al., "Hoard" (ASPLOS 2000). Each of --threads threads allocates an object of --min
 * bytes, writes it many times and gives it back. --mode=thrash: that is all; an allocator that
 * deals neighbouring objects to different threads shows. --mode=scratch: each thread first gives
 * back an object that thread 0 allocated for it; one that hands it out again to the same thread
 * shows. An operation is one such allocation with its writes.
 */
#include "support/memory.h"
#include "support/run.h"

#include <stdio.h>

#define PAIRS  ((size_t)50000)
#define WRITES 100

BENCH_INLINE void write_much(enum bench_binding b, struct bench_thread *t)
{
    const struct bench_handle h = t->handle;
    const size_t size = t->options->min_size;
    for (size_t i = 0; i < PAIRS; i++) {
        volatile char *ptr = bench_alloc(b, &h, size);
        for (size_t k = 0; k < WRITES; k++)
            *ptr = (char)k;
        bench_free(b, &h, (void *)(uintptr_t)ptr, size);
    }
}

BENCH_INLINE void take_over(enum bench_binding b, struct bench_thread *t)
{
    bench_free(b, &t->handle, t->state, t->options->min_size);
}

BENCH_INLINE void deal_out(enum bench_binding b, struct bench_thread *threads, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char *ptr = bench_alloc(b, &threads[0].handle, threads[i].options->min_size);
        *ptr = (char)i;
        threads[i].state = ptr;
    }
}

static int scratch(const struct bench_options *o)
{
    return strcmp(o->mode, "scratch") == 0;
}

static void prepare(struct bench_thread *threads, unsigned n)
{
    if (scratch(threads[0].options))
        BENCH_DISPATCH(deal_out, threads, n);
}

static void repeat(struct bench_thread *t)
{
    if (scratch(t->options))
        BENCH_DISPATCH(take_over, t);
    BENCH_DISPATCH(write_much, t);
}

static size_t operations(const struct bench_options *o)
{
    (void)o;
    return PAIRS;
}

int main(int argc, char **argv)
{
    static const struct bench_workload workload = {
        .name = "falseshare",
        .defaults =
            {.threads = 2, .budget_ms = 300, .min_size = 8, .max_size = 8, .mode = "thrash"},
        .prepare = prepare,
        .repeat = repeat,
        .operations = operations,
    };
    return bench_main(argc, argv, &workload);
}
