/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What does an object cost that one thread allocates and another gives back? Two threads and a
 * queue of --objects places between them, through which objects of --min bytes travel in batches
 * of 32. Times are per object, which is one pair.
 */
#include "support/memory.h"
#include "support/run.h"

#include <sched.h>
#include <stdio.h>

#include "port/atomic.h"

#define BATCH   32
#define BATCHES ((size_t)5000)

/* Looks at the other side's counter this often before it lets others run. */
#define SPINS 200

/* One writer, one reader (L. Lamport's ring of 1983), --objects places. Each side tells the other
 * of whole batches, remembers what it last saw of the other's counter, and looks again only when
 * that is used up: the queue itself is to cost little. */
static struct {
    char **places;
    size_t mask;
    _Alignas(128) fr_atomic written;
    _Alignas(128) fr_atomic taken;
} queue;

static size_t wait_until_not(const fr_atomic *counter, size_t value)
{
    for (unsigned spins = 0;; spins++) {
        size_t now = fr_load_acquire(counter);
        if (now != value)
            return now;
        if (spins >= SPINS)
            sched_yield();
    }
}

BENCH_INLINE void produce(enum bench_binding b, struct bench_thread *t)
{
    const struct bench_handle h = t->handle;
    const size_t size = t->options->min_size, mask = queue.mask;
    char **places = queue.places;
    size_t written = fr_load_relaxed(&queue.written), taken = fr_load_acquire(&queue.taken);
    for (size_t i = 0; i < BATCHES; i++) {
        while (written - taken > mask + 1 - BATCH)
            taken = wait_until_not(&queue.taken, taken);
        for (size_t k = 0; k < BATCH; k++) {
            char *ptr = bench_alloc(b, &h, size);
            ptr[0] = (char)k;
            ptr[size - 1] = (char)k;
            places[written++ & mask] = ptr;
        }
        fr_store_release(&queue.written, written);
    }
}

BENCH_INLINE void consume(enum bench_binding b, struct bench_thread *t)
{
    const struct bench_handle h = t->handle;
    const size_t size = t->options->min_size, mask = queue.mask;
    char **places = queue.places;
    size_t taken = fr_load_relaxed(&queue.taken), written = fr_load_acquire(&queue.written);
    size_t wrong = 0;
    for (size_t i = 0; i < BATCHES; i++) {
        if (written == taken)
            written = wait_until_not(&queue.written, written);
        for (size_t k = 0; k < BATCH; k++) {
            char *ptr = places[taken++ & mask];
            wrong += b != BENCH_EMPTY && b != BENCH_EMPTY_CALL &&
                     (ptr[0] != (char)k || ptr[size - 1] != (char)k);
            bench_free(b, &h, ptr, size);
        }
        fr_store_release(&queue.taken, taken);
    }
    if (wrong != 0) {
        fprintf(stderr, "prodcons: %zu objects arrived damaged\n", wrong);
        exit(1);
    }
}

static void setup(struct bench_thread *t)
{
    if (t->options->threads != 2) {
        fputs("prodcons: two threads, no more and no less\n", stderr);
        exit(2);
    }
    if (t->index == 0) {
        size_t places = BATCH;
        while (places < t->options->objects)
            places *= 2;
        queue.places = bench_pages(places * sizeof *queue.places);
        queue.mask = places - 1;
    }
}

static void repeat(struct bench_thread *t)
{
    if (t->index == 0)
        BENCH_DISPATCH(produce, t);
    else
        BENCH_DISPATCH(consume, t);
}

static size_t operations(const struct bench_options *o)
{
    (void)o;
    return BATCH * BATCHES;
}

int main(int argc, char **argv)
{
    static const struct bench_workload workload = {
        .name = "prodcons",
        .defaults =
            {.threads = 2, .budget_ms = 300, .min_size = 96, .max_size = 96, .objects = 1024},
        .setup = setup,
        .repeat = repeat,
        .operations = operations,
        .operations_of_all = operations,
    };
    return bench_main(argc, argv, &workload);
}
