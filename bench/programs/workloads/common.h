/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the workloads share. They are plain programs on malloc and free: which allocator that is
 * decides whoever starts them. Each does a fixed amount of work and prints a line that depends on
 * that work alone, so that a wrong allocator shows.
 */
#ifndef WORKLOADS_COMMON_H
#define WORKLOADS_COMMON_H

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../support/random.h"

/* Argument number i as a number, or what stands in for it. */
static inline size_t work_argument(int argc, char **argv, int i, size_t otherwise)
{
    if (i >= argc)
        return otherwise;
    char *end;
    unsigned long value = strtoul(argv[i], &end, 10);
    if (*end != '\0' || value == 0 || value > 1000000000) {
        fprintf(stderr, "%s: %s: not a number from 1 to 1000000000\n", argv[0], argv[i]);
        exit(2);
    }
    return value;
}

/* At the end of what threads have in an array: so that none writes to a cache line of another one,
 * which would measure the workload and not the allocator. */
#define WORK_APART char apart[128]

static inline void *work_alloc(size_t size)
{
    void *p = malloc(size);
    if (p == NULL) {
        fprintf(stderr, "out of memory at %zu bytes\n", size);
        exit(1);
    }
    return p;
}

static inline void work_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
    if (pthread_create(thread, NULL, run, arg) != 0) {
        fprintf(stderr, "no further thread\n");
        exit(1);
    }
}

/* Runs n threads on the elements of an array of arguments and waits for them. */
static inline void work_run(size_t n, void *(*run)(void *), void *args, size_t size)
{
    pthread_t *threads = work_alloc(n * sizeof *threads);
    for (size_t i = 0; i < n; i++)
        work_start(&threads[i], run, (char *)args + i * size);
    for (size_t i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    free(threads);
}

#endif /* WORKLOADS_COMMON_H */
