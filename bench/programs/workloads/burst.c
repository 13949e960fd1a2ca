/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * burst [MIB [THREADS [ONE_OF]]]: threads fill MIB together with objects of 16 to 1,000 bytes, give
 * all back but one of so many, say so and wait until standard input ends. A server after a burst.
 * What the objects hold is checked at the end.
 */
#include "common.h"

#include <unistd.h>

#define SIZE_MAX_HERE 1000

struct worker {
    uint64_t random;
    size_t bytes, one_of, n, sum;
    unsigned char **objects;
    WORK_APART;
};

static void fill(struct worker *w)
{
    size_t most = w->bytes / 16 + 1;
    w->objects = work_alloc(most * sizeof *w->objects);
    for (size_t bytes = 0; bytes < w->bytes && w->n < most; w->n++) {
        size_t size = bench_between(&w->random, 16, SIZE_MAX_HERE);
        w->objects[w->n] = work_alloc(size);
        memset(w->objects[w->n], (int)(w->n % 251), size);
        bytes += size;
    }
}

static void thin_out(struct worker *w)
{
    for (size_t i = 0; i < w->n; i++)
        if (i % w->one_of != 0) {
            free(w->objects[i]);
            w->objects[i] = NULL;
        }
}

static pthread_barrier_t thinned;

static void *work(void *arg)
{
    struct worker *w = arg;
    fill(w);
    thin_out(w);
    pthread_barrier_wait(&thinned);
    pthread_barrier_wait(&thinned); /* the thread stays, with its cache */
    for (size_t i = 0; i < w->n; i += w->one_of)
        w->sum += w->objects[i][0] == i % 251;
    return NULL;
}

int main(int argc, char **argv)
{
    const size_t mib = work_argument(argc, argv, 1, 192);
    const size_t threads = work_argument(argc, argv, 2, 4);
    const size_t one_of = work_argument(argc, argv, 3, 1000);
    struct worker *workers = work_alloc(threads * sizeof *workers);
    pthread_t *ids = work_alloc(threads * sizeof *ids);
    char byte;
    pthread_barrier_init(&thinned, NULL, (unsigned)threads + 1);
    for (size_t i = 0; i < threads; i++) {
        workers[i] = (struct worker){bench_seed((unsigned)i), .bytes = (mib << 20) / threads,
                                     .one_of = one_of};
        work_start(&ids[i], work, &workers[i]);
    }
    pthread_barrier_wait(&thinned);
    puts("idle");
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    pthread_barrier_wait(&thinned);
    int is_right = 1;
    for (size_t i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        is_right &= workers[i].sum == (workers[i].n + one_of - 1) / one_of;
    }
    puts(is_right ? "intact" : "damaged");
    return !is_right;
}
