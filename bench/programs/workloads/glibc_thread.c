/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * glibc_thread [THREADS [PAIRS]]: threads that each keep a set of blocks and replace random ones,
 * as in the GNU C library's benchtests (bench-malloc-thread). Sizes are 4 to 32768 bytes,
 * distributed as the inverse square, so that small ones prevail.
 */
#include "common.h"

#define BLOCKS 1024
#define SIZES  8192
#define LEAST  4
#define MOST   32768

struct worker {
    size_t pairs, sum;
    uint64_t random;
    WORK_APART;
};

static unsigned sizes[SIZES];

/* The inverse of the distribution function of size^-2 between LEAST and MOST. */
static void choose_sizes(void)
{
    uint64_t random = bench_seed(1000);
    for (size_t i = 0; i < SIZES; i++) {
        const double u = (double)bench_below(&random, 1u << 30) / (1u << 30);
        sizes[i] = (unsigned)(1 / (1.0 / LEAST - u * (1.0 / LEAST - 1.0 / MOST)));
    }
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    unsigned char *blocks[BLOCKS] = {NULL};
    for (size_t i = 0; i < worker->pairs; i++) {
        unsigned char **block = &blocks[bench_below(&worker->random, BLOCKS)];
        if (*block != NULL)
            worker->sum += **block;
        free(*block);
        *block = work_alloc(sizes[bench_below(&worker->random, SIZES)]);
        **block = (unsigned char)i;
    }
    for (size_t i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    return NULL;
}

int main(int argc, char **argv)
{
    const size_t threads = work_argument(argc, argv, 1, 2);
    const size_t pairs = work_argument(argc, argv, 2, 10000000);
    choose_sizes();
    struct worker *workers = work_alloc(threads * sizeof *workers);
    for (size_t i = 0; i < threads; i++)
        workers[i] = (struct worker){pairs, 0, .random = bench_seed((unsigned)i)};
    work_run(threads, work, workers, sizeof *workers);
    size_t sum = 0;
    for (size_t i = 0; i < threads; i++)
        sum += workers[i].sum;
    free(workers);
    printf("%zu pairs, sum %zu\n", threads * pairs, sum);
    return 0;
}
