/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What does a pair cost when every thread for itself allocates many objects and then gives them all
 * back? After threadtest in E. Berger et al., "Hoard: A Scalable Memory Allocator for Multithreaded
 * Applications" (ASPLOS 2000): --objects objects of --min bytes, divided among --threads threads.
 */
#include "support/memory.h"
#include "support/run.h"

BENCH_INLINE void rounds(enum bench_binding b, struct bench_thread *t, size_t n)
{
    const struct bench_handle h = t->handle;
    const size_t size = t->options->min_size;
    char **objects = t->state;
    for (size_t i = 0; i < n; i++) {
        objects[i] = bench_alloc(b, &h, size);
        *objects[i] = (char)i;
    }
    for (size_t i = 0; i < n; i++)
        bench_free(b, &h, objects[i], size);
}

static size_t operations(const struct bench_options *o)
{
    return o->objects / o->threads;
}

static void setup(struct bench_thread *t)
{
    t->state = bench_pages(operations(t->options) * sizeof(char *));
}

static void repeat(struct bench_thread *t)
{
    BENCH_DISPATCH(rounds, t, operations(t->options));
}

static void teardown(struct bench_thread *t)
{
    bench_pages_free(t->state, operations(t->options) * sizeof(char *));
}

int main(int argc, char **argv)
{
    static const struct bench_workload workload = {
        .name = "threadtest",
        .defaults =
            {.threads = 2, .budget_ms = 300, .min_size = 64, .max_size = 64, .objects = 100000},
        .setup = setup,
        .repeat = repeat,
        .teardown = teardown,
        .operations = operations,
    };
    return bench_main(argc, argv, &workload);
}
