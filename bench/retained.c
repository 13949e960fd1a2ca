/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What does it cost to free a large population? --objects live objects of --min bytes are given
 * back, --mode=inorder of their allocation or --mode=random. Only the freeing is measured; an
 * operation is one free.
 */
#include "support/memory.h"
#include "support/run.h"

struct population {
    char **objects;  /* in the order of freeing */
    uint32_t *order; /* where the object that is allocated i-th stands in it */
};

BENCH_INLINE void populate(enum bench_binding b, struct bench_thread *t)
{
    const struct population *p = t->state;
    const size_t size = t->options->min_size, n = t->options->objects;
    for (size_t i = 0; i < n; i++) {
        char *ptr = bench_alloc(b, &t->handle, size);
        *ptr = (char)i;
        p->objects[p->order[i]] = ptr;
    }
}

BENCH_INLINE void free_all(enum bench_binding b, struct bench_thread *t)
{
    const struct bench_handle h = t->handle;
    const struct population *p = t->state;
    const size_t size = t->options->min_size, n = t->options->objects;
    char **objects = p->objects;
    for (size_t i = 0; i < n; i++)
        bench_free(b, &h, objects[i], size);
}

static void setup(struct bench_thread *t)
{
    size_t n = t->options->objects;
    struct population *p = bench_pages(sizeof *p);
    p->objects = bench_pages(n * sizeof *p->objects);
    p->order = bench_pages(n * sizeof *p->order);
    for (size_t i = 0; i < n; i++)
        p->order[i] = (uint32_t)i;
    if (strcmp(t->options->mode, "random") == 0) {
        for (size_t i = n - 1; i > 0; i--) {
            size_t other = bench_below(&t->random, i + 1);
            uint32_t swap = p->order[i];
            p->order[i] = p->order[other];
            p->order[other] = swap;
        }
    }
    t->state = p;
}

static void repeat(struct bench_thread *t)
{
    BENCH_DISPATCH(populate, t);
    bench_measure_begin(t);
    BENCH_DISPATCH(free_all, t);
    bench_measure_end(t);
}

static void teardown(struct bench_thread *t)
{
    struct population *p = t->state;
    bench_pages_free(p->objects, t->options->objects * sizeof *p->objects);
    bench_pages_free(p->order, t->options->objects * sizeof *p->order);
    bench_pages_free(p, sizeof *p);
}

static size_t operations(const struct bench_options *o)
{
    return o->objects;
}

int main(int argc, char **argv)
{
    static const struct bench_workload workload = {
        .name = "retained",
        .defaults = {.threads = 1,
                     .budget_ms = 300,
                     .min_size = 64,
                     .max_size = 64,
                     .objects = 65536,
                     .mode = "inorder"},
        .setup = setup,
        .repeat = repeat,
        .teardown = teardown,
        .operations = operations,
    };
    return bench_main(argc, argv, &workload);
}
