/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * rptest [THREADS [LOOPS [BLOCKS]]]: threads that replace part of their blocks in every loop and
 * pass some to their neighbour, after the description of M. Jansson's rpmalloc-benchmark. Sizes
 * are 16 to 16000 bytes, distributed as the cube of a uniform number; all of a block is written.
 */
#include "common.h"

#define PASSED 400 /* to the neighbour, at once */

struct parcel {
    pthread_mutex_t lock;
    unsigned char *blocks[PASSED];
    size_t count;
    WORK_APART;
};

struct worker {
    size_t loops, count, sum;
    uint64_t random;
    unsigned char **blocks;
    struct parcel *in, *out;
    WORK_APART;
};

static size_t choose_size(uint64_t *random)
{
    const double u = (double)bench_below(random, 1u << 30) / (1u << 30);
    return 16 + (size_t)(u * u * u * (16000 - 16));
}

static unsigned char *make(struct worker *worker)
{
    const size_t size = choose_size(&worker->random);
    unsigned char *block = work_alloc(size);
    memset(block, (int)(size & 0xff), size);
    return block;
}

static void drop(struct worker *worker, unsigned char *block)
{
    if (block == NULL)
        return;
    worker->sum += block[0] == block[15];
    free(block);
}

/* Some of this thread's blocks to the neighbour, if it has taken the last ones away. */
static void send(struct worker *worker)
{
    pthread_mutex_lock(&worker->out->lock);
    while (worker->out->count < PASSED && worker->out->count < worker->count) {
        unsigned char **block = &worker->blocks[bench_below(&worker->random, worker->count)];
        worker->out->blocks[worker->out->count++] = *block;
        *block = NULL;
    }
    pthread_mutex_unlock(&worker->out->lock);
}

static void receive(struct worker *worker)
{
    unsigned char *blocks[PASSED];
    pthread_mutex_lock(&worker->in->lock);
    const size_t count = worker->in->count;
    memcpy(blocks, worker->in->blocks, count * sizeof blocks[0]);
    worker->in->count = 0;
    pthread_mutex_unlock(&worker->in->lock);
    for (size_t i = 0; i < count; i++)
        drop(worker, blocks[i]);
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    worker->blocks = calloc(worker->count, sizeof *worker->blocks);
    for (size_t loop = 0; loop < worker->loops; loop++) {
        for (size_t i = 0; i < worker->count / 4; i++) {
            unsigned char **block = &worker->blocks[bench_below(&worker->random, worker->count)];
            drop(worker, *block);
            *block = make(worker);
        }
        receive(worker);
        send(worker);
    }
    for (size_t i = 0; i < worker->count; i++)
        drop(worker, worker->blocks[i]);
    free(worker->blocks);
    return NULL;
}

int main(int argc, char **argv)
{
    const size_t threads = work_argument(argc, argv, 1, 8);
    const size_t loops = work_argument(argc, argv, 2, 400);
    const size_t blocks = work_argument(argc, argv, 3, 2000);
    struct worker *workers = work_alloc(threads * sizeof *workers);
    struct parcel *parcels = calloc(threads, sizeof *parcels);
    for (size_t i = 0; i < threads; i++) {
        pthread_mutex_init(&parcels[i].lock, NULL);
        workers[i] =
            (struct worker){.loops = loops, .count = blocks, .random = bench_seed((unsigned)i)};
        workers[i].in = &parcels[i];
        workers[i].out = &parcels[(i + 1) % threads];
    }
    work_run(threads, work, workers, sizeof *workers);
    size_t sum = 0;
    for (size_t i = 0; i < threads; i++) {
        receive(&workers[i]);
        sum += workers[i].sum;
    }
    free(parcels);
    free(workers);
    printf("%zu blocks freed and right\n", sum);
    return 0;
}
