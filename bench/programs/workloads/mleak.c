/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * mleak [ROUNDS [THREADS]]: short threads, one batch of them after the other, each of which
 * allocates and frees a little and ends, after the description of mleak in the suite of D. Leijen,
 * "mimalloc-bench". An allocator that keeps something for each thread that ever lived grows.
 */
#include "common.h"

#define OBJECTS 1000

struct worker {
    uint64_t random;
    size_t sum;
    WORK_APART;
};

static void *work(void *arg)
{
    struct worker *worker = arg;
    unsigned char *objects[OBJECTS];
    for (size_t i = 0; i < OBJECTS; i++) {
        objects[i] = work_alloc(bench_between(&worker->random, 1, 500));
        objects[i][0] = (unsigned char)i;
    }
    for (size_t i = 0; i < OBJECTS; i++) {
        worker->sum += objects[i][0];
        free(objects[i]);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const size_t rounds = work_argument(argc, argv, 1, 1000);
    const size_t threads = work_argument(argc, argv, 2, 8);
    struct worker *workers = work_alloc(threads * sizeof *workers);
    size_t sum = 0;
    for (size_t r = 0; r < rounds; r++) {
        for (size_t i = 0; i < threads; i++)
            workers[i] = (struct worker){bench_seed((unsigned)(r * threads + i)), .sum = 0};
        work_run(threads, work, workers, sizeof *workers);
        for (size_t i = 0; i < threads; i++)
            sum += workers[i].sum;
    }
    free(workers);
    printf("%zu threads, sum %zu\n", rounds * threads, sum);
    return 0;
}
