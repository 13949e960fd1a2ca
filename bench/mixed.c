/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What does an operation cost among objects of all sizes, some of which grow? Each thread keeps
 * --objects buffers, small ones being as frequent in each doubling as large ones, up to --max
 * bytes. It picks one at random: every other time it lets it grow by half with realloc, as vectors
 * and strings do, until it would exceed --max; otherwise it replaces it. Of what is new, one byte
 * in each page is written.
 */
#include "support/memory.h"
#include "support/run.h"

#define OPERATIONS ((size_t)20000)
#define PAGE       ((size_t)4096)

struct buffer {
    char *ptr;
    size_t size;
};

/* At least --min, at most --max: a random number of doublings, then a random part of the next. */
static inline size_t random_size(uint64_t *random, size_t min, size_t max, size_t doublings)
{
    size_t low = min << bench_below(random, doublings);
    size_t size = low + bench_below(random, low);
    return size < max ? size : max;
}

static inline void touch(char *ptr, size_t from, size_t to)
{
    for (size_t at = from; at < to; at += PAGE)
        ptr[at] = (char)at;
    ptr[to - 1] = (char)to;
}

static size_t doublings(const struct bench_options *o)
{
    size_t n = 0;
    while (o->min_size << (n + 1) <= o->max_size)
        n++;
    return n == 0 ? 1 : n;
}

BENCH_INLINE void fill(enum bench_binding b, struct bench_thread *t, struct buffer *buffers)
{
    const struct bench_options *o = t->options;
    size_t d = doublings(o);
    for (size_t i = 0; i < o->objects; i++) {
        buffers[i].size = random_size(&t->random, o->min_size, o->max_size, d);
        buffers[i].ptr = bench_alloc(b, &t->handle, buffers[i].size);
        touch(buffers[i].ptr, 0, buffers[i].size);
    }
}

BENCH_INLINE void work(enum bench_binding b, struct bench_thread *t, struct buffer *buffers)
{
    const struct bench_handle h = t->handle;
    const size_t min = t->options->min_size, max = t->options->max_size, n = t->options->objects;
    const size_t d = doublings(t->options);
    uint64_t random = t->random;
    for (size_t i = 0; i < OPERATIONS; i++) {
        struct buffer *buffer = &buffers[bench_below(&random, n)];
        size_t grown = buffer->size + buffer->size / 2;
        if (bench_below(&random, 2) != 0 && grown <= max) {
            buffer->ptr = bench_realloc(b, &h, buffer->ptr, buffer->size, grown);
            touch(buffer->ptr, buffer->size, grown);
            buffer->size = grown;
        } else {
            bench_free(b, &h, buffer->ptr, buffer->size);
            buffer->size = random_size(&random, min, max, d);
            buffer->ptr = bench_alloc(b, &h, buffer->size);
            touch(buffer->ptr, 0, buffer->size);
        }
    }
    t->random = random;
}

BENCH_INLINE void empty(enum bench_binding b, struct bench_thread *t, struct buffer *buffers)
{
    for (size_t i = 0; i < t->options->objects; i++)
        bench_free(b, &t->handle, buffers[i].ptr, buffers[i].size);
}

static void setup(struct bench_thread *t)
{
    t->state = bench_pages(t->options->objects * sizeof(struct buffer));
    BENCH_DISPATCH(fill, t, t->state);
}

static void repeat(struct bench_thread *t)
{
    BENCH_DISPATCH(work, t, t->state);
}

static void teardown(struct bench_thread *t)
{
    BENCH_DISPATCH(empty, t, t->state);
    bench_pages_free(t->state, t->options->objects * sizeof(struct buffer));
}

static size_t operations(const struct bench_options *o)
{
    (void)o;
    return OPERATIONS;
}

int main(int argc, char **argv)
{
    static const struct bench_workload workload = {
        .name = "mixed",
        .defaults =
            {.threads = 1, .budget_ms = 300, .min_size = 16, .max_size = 65536, .objects = 512},
        .setup = setup,
        .repeat = repeat,
        .teardown = teardown,
        .operations = operations,
    };
    return bench_main(argc, argv, &workload);
}
