/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * cache_scratch [THREADS [ROUNDS [WRITES [SIZE]]]]: passive false sharing, after E. Berger et al.,
 * "Hoard: A Scalable Memory Allocator for Multithreaded Applications" (ASPLOS 2000). The main
 * thread makes an object for each thread, all close together; each thread frees its own, then
 * again and again allocates one of the same size, writes to it many times and frees it. An
 * allocator that hands two threads parts of one cache line is slow.
 */
#include "common.h"

struct worker {
    char *object;
    size_t rounds, writes, size, sum;
    WORK_APART;
};

static void *work(void *arg)
{
    struct worker *worker = arg;
    free(worker->object);
    for (size_t i = 0; i < worker->rounds; i++) {
        volatile char *object = work_alloc(worker->size);
        for (size_t w = 0; w < worker->size; w++)
            object[w] = 0;
        for (size_t n = 0; n < worker->writes; n++)
            for (size_t w = 0; w < worker->size; w++)
                object[w] = (char)(object[w] + 1);
        worker->sum += (unsigned char)object[0];
        free((void *)object);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const size_t threads = work_argument(argc, argv, 1, 4);
    const size_t rounds = work_argument(argc, argv, 2, 1200);
    const size_t writes = work_argument(argc, argv, 3, 20000);
    const size_t size = work_argument(argc, argv, 4, 8);
    struct worker *workers = work_alloc(threads * sizeof *workers);
    for (size_t i = 0; i < threads; i++)
        workers[i] = (struct worker){work_alloc(size), rounds, writes, size, .sum = 0};
    work_run(threads, work, workers, sizeof *workers);
    size_t sum = 0;
    for (size_t i = 0; i < threads; i++)
        sum += workers[i].sum;
    free(workers);
    printf("%zu rounds, sum %zu\n", threads * rounds, sum);
    return 0;
}
