/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * malloc_large [REPLACEMENTS [BUFFERS]]: a few buffers of 5 to 25 MiB, of which random ones are
 * replaced, after the description of malloc-large in the suite of D. Leijen, "mimalloc-bench". The
 * new buffer is asked for zeroed every other time, and its first third is written.
 */
#include "common.h"

#define MIB ((size_t)1 << 20)

int main(int argc, char **argv)
{
    const size_t replacements = work_argument(argc, argv, 1, 300);
    const size_t count = work_argument(argc, argv, 2, 20);
    unsigned char **buffers = calloc(count, sizeof *buffers);
    uint64_t random = bench_seed(0);
    size_t sum = 0;
    for (size_t i = 0; i < replacements; i++) {
        unsigned char **buffer = &buffers[bench_below(&random, count)];
        const size_t size = bench_between(&random, 5 * MIB, 25 * MIB);
        if (*buffer != NULL)
            sum += **buffer;
        free(*buffer);
        *buffer = i % 2 == 0 ? work_alloc(size) : calloc(1, size);
        if (*buffer == NULL)
            abort();
        if (i % 2 != 0)
            sum += (*buffer)[size - 1];
        memset(*buffer, (int)(i & 0x7f), size / 3);
    }
    for (size_t i = 0; i < count; i++)
        free(buffers[i]);
    free(buffers);
    printf("%zu replacements, sum %zu\n", replacements, sum);
    return 0;
}
