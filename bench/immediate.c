/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What does it cost to allocate an object and give it back at once?
 *
 * --mode=pow2: each of --threads threads asks for 4096 >> r bytes, r random in 0 .. 8, which is the
 * speed test of the Rust crate frusa. --mode=fixed: for --min bytes every time, which the compiler
 * does not know. --mode=constant: for CONSTANT bytes every time, which the compiler knows, so that
 * an inline path resolves the size class.
 */
#include "support/run.h"

#define PAIRS    ((size_t)100000)
#define CONSTANT ((size_t)64)

BENCH_INLINE void pairs_of_powers(enum bench_binding b, struct bench_thread *t)
{
    const struct bench_handle h = t->handle;
    uint64_t random = t->random;
    for (size_t i = 0; i < PAIRS; i++) {
        size_t size = (size_t)4096 >> bench_below(&random, 9);
        char *ptr = bench_alloc(b, &h, size);
        *ptr = (char)i;
        bench_free(b, &h, ptr, size);
    }
    t->random = random;
}

BENCH_INLINE void pairs_of_one_size(enum bench_binding b, struct bench_thread *t, size_t size)
{
    const struct bench_handle h = t->handle;
    for (size_t i = 0; i < PAIRS; i++) {
        char *ptr = bench_alloc(b, &h, size);
        *ptr = (char)i;
        bench_free(b, &h, ptr, size);
    }
}

static void repeat(struct bench_thread *t)
{
    const char *mode = t->options->mode;
    if (strcmp(mode, "fixed") == 0)
        BENCH_DISPATCH(pairs_of_one_size, t, t->options->min_size);
    else if (strcmp(mode, "constant") == 0)
        BENCH_DISPATCH(pairs_of_one_size, t, CONSTANT);
    else
        BENCH_DISPATCH(pairs_of_powers, t);
}

static size_t operations(const struct bench_options *o)
{
    (void)o;
    return PAIRS;
}

int main(int argc, char **argv)
{
    static const struct bench_workload workload = {
        .name = "immediate",
        .defaults =
            {.threads = 1, .budget_ms = 200, .min_size = 64, .max_size = 64, .mode = "pow2"},
        .repeat = repeat,
        .operations = operations,
    };
    return bench_main(argc, argv, &workload);
}
