/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * glibc_simple [REPETITIONS]: blocks of one size, a number of them allocated, then freed, as in
 * the GNU C library's benchtests (bench-malloc-simple): in the order in which they were allocated
 * and in two interleaved halves, first with one thread in the process, then with a second one that
 * sleeps. Long blocks are repeated less often.
 */
#include "common.h"

static const size_t sizes[] = {16, 32, 64, 128, 256, 512, 1024, 2048, 4096};
static const size_t counts[] = {25, 100, 400, 1600};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static size_t repeat(char **blocks, size_t count, size_t size, int halves)
{
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        blocks[i] = work_alloc(size);
        *blocks[i] = (char)(i & 0x7f);
    }
    const size_t step = halves ? 2 : 1;
    for (size_t first = 0; first < step; first++) {
        for (size_t i = first; i < count; i += step) {
            sum += (unsigned char)*blocks[i];
            free(blocks[i]);
        }
    }
    return sum;
}

static size_t all(size_t repetitions)
{
    static char *blocks[1600];
    size_t sum = 0;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
            for (size_t r = 0; r < repetitions * 1600 / counts[c] / (1 + sizes[s] / 256); r++)
                sum += repeat(blocks, counts[c], sizes[s], r % 2 != 0);
    return sum;
}

static void *sleep_until_the_end(void *arg)
{
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    return arg;
}

int main(int argc, char **argv)
{
    const size_t repetitions = work_argument(argc, argv, 1, 250);
    size_t sum = all(repetitions);
    pthread_t thread;
    pthread_mutex_lock(&lock);
    work_start(&thread, sleep_until_the_end, NULL);
    sum += all(repetitions);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
    printf("%zu repetitions, sum %zu\n", repetitions, sum);
    return 0;
}
