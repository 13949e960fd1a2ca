/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * xmalloc [PAIRS-OF-THREADS [BATCHES [SIZE]]]: half of the threads only allocate and the others
 * only free, after C. Lever and D. Boreham, "malloc() Performance in a Multithreaded Linux
 * Environment" (USENIX 2000). Objects go through one queue, in batches. Without a size: sizes from
 * 8 to 4000 bytes, small ones more often.
 */
#include "common.h"

#define BATCH 4000
#define LIMIT 24 /* batches in the queue */

struct batch {
    struct batch *next;
    size_t sum;
    char *objects[BATCH];
};

struct worker {
    size_t batches, size, sum;
    uint64_t random;
    int frees;
    WORK_APART;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct batch *queue;
static size_t queued;

static void put(struct batch *batch)
{
    pthread_mutex_lock(&lock);
    while (queued >= LIMIT)
        pthread_cond_wait(&changed, &lock);
    batch->next = queue;
    queue = batch;
    queued++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static struct batch *get(void)
{
    pthread_mutex_lock(&lock);
    while (queued == 0)
        pthread_cond_wait(&changed, &lock);
    struct batch *batch = queue;
    queue = batch->next;
    queued--;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return batch;
}

static size_t choose_size(struct worker *worker)
{
    static const unsigned short sizes[] = {8,  8,  16, 16,  24,  24,  32,  32,   48,   48,  64,
                                           64, 72, 96, 128, 144, 192, 256, 384,  500,  640, 768,
                                           32, 16, 80, 40,  56,  112, 900, 1500, 2800, 4000};
    const size_t i = bench_below(&worker->random, sizeof sizes / sizeof sizes[0]);
    return worker->size > 0 ? worker->size : sizes[i];
}

static void allocate(struct worker *worker)
{
    struct batch *batch = work_alloc(sizeof *batch);
    batch->sum = 0;
    for (size_t i = 0; i < BATCH; i++) {
        const size_t size = choose_size(worker);
        char *object = work_alloc(size);
        memset(object, (int)(i & 0x7f), size < 128 ? size : 128);
        batch->objects[i] = object;
        batch->sum += i & 0x7f;
    }
    put(batch);
}

static void release(struct worker *worker)
{
    struct batch *batch = get();
    size_t sum = 0;
    for (size_t i = 0; i < BATCH; i++) {
        sum += (unsigned char)batch->objects[i][0];
        free(batch->objects[i]);
    }
    worker->sum += sum == batch->sum ? sum : 0;
    free(batch);
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    for (size_t i = 0; i < worker->batches; i++) {
        if (worker->frees)
            release(worker);
        else
            allocate(worker);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const size_t pairs = work_argument(argc, argv, 1, 2);
    const size_t batches = work_argument(argc, argv, 2, 500);
    const size_t size = argc > 3 ? work_argument(argc, argv, 3, 0) : 0;
    struct worker *workers = work_alloc(2 * pairs * sizeof *workers);
    for (size_t i = 0; i < 2 * pairs; i++)
        workers[i] =
            (struct worker){batches, size, 0, bench_seed((unsigned)i), .frees = i % 2 != 0};
    work_run(2 * pairs, work, workers, sizeof *workers);
    size_t sum = 0;
    for (size_t i = 0; i < 2 * pairs; i++)
        sum += workers[i].sum;
    free(workers);
    printf("%zu objects, sum %zu\n", pairs * batches * BATCH, sum);
    return 0;
}
