/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Clocks, in nanoseconds. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t bench_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Time that passes. */
static inline uint64_t bench_wall(void)
{
    return bench_clock(CLOCK_MONOTONIC);
}

/* Time that this thread spends on a processor, in user mode and in the kernel. */
static inline uint64_t bench_thread_cpu(void)
{
    return bench_clock(CLOCK_THREAD_CPUTIME_ID);
}

static inline uint64_t bench_process_cpu(void)
{
    return bench_clock(CLOCK_PROCESS_CPUTIME_ID);
}

#endif /* BENCH_CLOCK_H */
