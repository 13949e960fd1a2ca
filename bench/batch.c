/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What does a pair cost when 100 objects are allocated, then all 100 given back, over and over?
 * Sizes are random in --min .. --max.
 */
#include "support/run.h"

#define BATCH   100
#define BATCHES ((size_t)1000)

BENCH_INLINE void batches(enum bench_binding b, struct bench_thread *t)
{
    const struct bench_handle h = t->handle;
    const size_t min = t->options->min_size, max = t->options->max_size;
    uint64_t random = t->random;
    char *objects[BATCH];
    size_t sizes[BATCH];
    for (size_t i = 0; i < BATCHES; i++) {
        for (size_t k = 0; k < BATCH; k++) {
            sizes[k] = bench_between(&random, min, max);
            objects[k] = bench_alloc(b, &h, sizes[k]);
            *objects[k] = (char)k;
        }
        for (size_t k = 0; k < BATCH; k++)
            bench_free(b, &h, objects[k], sizes[k]);
    }
    t->random = random;
}

static void repeat(struct bench_thread *t)
{
    BENCH_DISPATCH(batches, t);
}

static size_t operations(const struct bench_options *o)
{
    (void)o;
    return BATCH * BATCHES;
}

int main(int argc, char **argv)
{
    static const struct bench_workload workload = {
        .name = "batch",
        .defaults = {.threads = 1, .budget_ms = 200, .min_size = 32, .max_size = 144},
        .repeat = repeat,
        .operations = operations,
    };
    return bench_main(argc, argv, &workload);
}
