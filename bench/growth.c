/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What does the first growth of a new process cost, page faults included? --objects objects of
 * --min bytes are allocated and their first byte written. Once in a process: the runner starts
 * many. An operation is one allocation.
 */
#include "support/memory.h"
#include "support/run.h"

BENCH_INLINE void grow(enum bench_binding b, struct bench_thread *t)
{
    const struct bench_handle h = t->handle;
    const size_t size = t->options->min_size, n = t->options->objects;
    char **objects = t->state;
    for (size_t i = 0; i < n; i++) {
        objects[i] = bench_alloc(b, &h, size);
        *objects[i] = (char)i;
    }
}

static void setup(struct bench_thread *t)
{
    t->state = bench_pages(t->options->objects * sizeof(char *));
}

static void repeat(struct bench_thread *t)
{
    BENCH_DISPATCH(grow, t);
}

static size_t operations(const struct bench_options *o)
{
    return o->objects;
}

int main(int argc, char **argv)
{
    static const struct bench_workload workload = {
        .name = "growth",
        .defaults =
            {.threads = 1, .budget_ms = 1, .min_size = 128, .max_size = 128, .objects = 500000},
        .once = 1,
        .setup = setup,
        .repeat = repeat,
        .operations = operations,
    };
    return bench_main(argc, argv, &workload);
}
