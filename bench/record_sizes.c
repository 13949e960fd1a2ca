/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A recorder, to be preloaded into any program: counts the sizes that it asks malloc, calloc and
 * realloc for, and at its end appends lines "BYTES COUNT" to the file that FRUSA_SIZES names.
 * Sizes beyond the table are left out: they are large objects to most allocators, and rare.
 */
#include "port/atomic.h"

#include <stdio.h>
#include <stdlib.h>

#define SIZES ((size_t)64 << 10)

/* The C library's own, by the names that it has for this. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *ptr, size_t size);

static fr_atomic counts[SIZES + 1];

static void count(size_t size)
{
    if (size <= SIZES)
        fr_fetch_add_relaxed(&counts[size], 1);
}

void *malloc(size_t size)
{
    count(size);
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    if (size == 0 || n <= SIZES / size)
        count(n * size);
    return __libc_calloc(n, size);
}

void *realloc(void *ptr, size_t size)
{
    count(size);
    return __libc_realloc(ptr, size);
}

__attribute__((destructor)) static void write_counts(void)
{
    const char *path = getenv("FRUSA_SIZES");
    FILE *file = path != NULL ? fopen(path, "a") : NULL;
    if (file == NULL)
        return;
    for (size_t size = 0; size <= SIZES; size++) {
        size_t n = fr_load_relaxed(&counts[size]);
        if (n > 0)
            fprintf(file, "%zu %zu\n", size, n);
    }
    fclose(file);
}
