/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What does a pair cost in a population that stays the same size and is replaced at random? Each
 * thread keeps --objects live objects of --min .. --max bytes and replaces the one in a random
 * slot.
 */
#include "support/memory.h"
#include "support/run.h"

#define PAIRS ((size_t)100000)

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

BENCH_INLINE void replace(enum bench_binding b, struct bench_thread *t, struct slot *slots,
                          size_t n)
{
    const struct bench_handle h = t->handle;
    const size_t min = t->options->min_size, max = t->options->max_size;
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

BENCH_INLINE void empty(enum bench_binding b, struct bench_thread *t, struct slot *slots, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bench_free(b, &t->handle, slots[i].ptr, slots[i].size);
}

static void setup(struct bench_thread *t)
{
    t->state = bench_pages(t->options->objects * sizeof(struct slot));
    BENCH_DISPATCH(fill, t, t->state, t->options->objects);
}

static void repeat(struct bench_thread *t)
{
    BENCH_DISPATCH(replace, t, t->state, t->options->objects);
}

static void teardown(struct bench_thread *t)
{
    BENCH_DISPATCH(empty, t, t->state, t->options->objects);
    bench_pages_free(t->state, t->options->objects * sizeof(struct slot));
}

static size_t operations(const struct bench_options *o)
{
    (void)o;
    return PAIRS;
}

int main(int argc, char **argv)
{
    static const struct bench_workload workload = {
        .name = "ring",
        .defaults =
            {.threads = 1, .budget_ms = 200, .min_size = 16, .max_size = 1024, .objects = 4096},
        .setup = setup,
        .repeat = repeat,
        .teardown = teardown,
        .operations = operations,
    };
    return bench_main(argc, argv, &workload);
}
