/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What do the system's calls about pages cost here? Prints microseconds for each page of 4 KiB:
 * making memory resident, page by page and in batches, and giving it back, in runs and in vectors.
 * The mmap fallback's constants follow from these figures (doc/performance-mmap.md). Minima of
 * several rounds.
 */
#include "support/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE   ((size_t)4096)
#define KIB    ((size_t)1024)
#define MIB    (KIB * KIB)
#define AREA   (64 * MIB)
#define ROUNDS 5
#define VECTOR 512

#if !defined(MADV_POPULATE_WRITE)
#define MADV_POPULATE_WRITE 23
#endif
#if !defined(SYS_process_madvise)
#define SYS_process_madvise 440
#endif
#define SELF_THREAD (-10000)

static char *area;

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static void map_area(int advice)
{
    char *p =
        mmap(NULL, AREA + 2 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        die("mmap");
    area = p + (-(size_t)p & (2 * MIB - 1));
    madvise(area, AREA, advice);
}

static void unmap_area(void)
{
    munmap(area, AREA);
}

static void touch(size_t step)
{
    for (size_t at = 0; at < AREA; at += step)
        area[at] = 1;
}

/* Each measured action returns the pages that it was about, 0: the system refuses it. */
static size_t touch_each(size_t unused)
{
    (void)unused;
    touch(PAGE);
    return AREA / PAGE;
}

static size_t populate(size_t batch)
{
    for (size_t at = 0; at < AREA; at += batch)
        if (madvise(area + at, batch, MADV_POPULATE_WRITE) != 0)
            return 0;
    touch(PAGE);
    return AREA / PAGE;
}

/* Runs of `run` bytes, every other one. */
static size_t discard(size_t run)
{
    for (size_t at = 0; at < AREA; at += 2 * run)
        if (madvise(area + at, run, MADV_DONTNEED) != 0)
            return 0;
    return AREA / PAGE / 2;
}

static size_t discard_vectors(size_t run)
{
    static struct iovec ranges[VECTOR];
    size_t n = 0;
    for (size_t at = 0; at < AREA; at += 2 * run) {
        ranges[n].iov_base = area + at;
        ranges[n++].iov_len = run;
        if (n < VECTOR && at + 2 * run < AREA)
            continue;
        if (syscall(SYS_process_madvise, SELF_THREAD, ranges, n, MADV_DONTNEED, 0) <= 0)
            return 0;
        n = 0;
    }
    return AREA / PAGE / 2;
}

static size_t unmap(size_t run)
{
    for (size_t at = 0; at < AREA; at += 2 * run)
        if (munmap(area + at, run) != 0)
            return 0;
    return AREA / PAGE / 2;
}

/* 4 KiB out of each huge page: the figure is for each of these. */
static size_t split(size_t unused)
{
    (void)unused;
    for (size_t at = 0; at < AREA; at += 2 * MIB)
        if (madvise(area + at, PAGE, MADV_DONTNEED) != 0)
            return 0;
    return AREA / (2 * MIB);
}

enum state { UNTOUCHED, TOUCHED };

static void measure(const char *name, enum state before, int advice, size_t (*action)(size_t),
                    size_t argument)
{
    double best = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        map_area(advice);
        if (before == TOUCHED)
            touch(PAGE);
        uint64_t start = bench_thread_cpu();
        size_t pages = action(argument);
        double each = pages ? (double)(bench_thread_cpu() - start) / 1000 / (double)pages : 0;
        best = round == 0 || each < best ? each : best;
        unmap_area();
    }
    if (best > 0)
        printf("| %s | %.2f |\n", name, best);
    else
        printf("| %s | refused |\n", name);
}

int main(void)
{
    enum { SMALL = MADV_NOHUGEPAGE, HUGE = MADV_HUGEPAGE };
    puts("| pages of 4 KiB | us for each |\n|---|---:|");
    measure("first touch, page by page", UNTOUCHED, SMALL, touch_each, 0);
    measure("populated 16 KiB at a time, then touched", UNTOUCHED, SMALL, populate, 16 * KIB);
    measure("populated 64 KiB at a time, then touched", UNTOUCHED, SMALL, populate, 64 * KIB);
    measure("populated 256 KiB at a time, then touched", UNTOUCHED, SMALL, populate, 256 * KIB);
    measure("populated 1 MiB at a time, then touched", UNTOUCHED, SMALL, populate, MIB);
    measure("first touch of huge pages", UNTOUCHED, HUGE, touch_each, 0);
    measure("madvise(MADV_DONTNEED), single pages", TOUCHED, SMALL, discard, PAGE);
    measure("madvise(MADV_DONTNEED), runs of 64 KiB", TOUCHED, SMALL, discard, 64 * KIB);
    measure("madvise(MADV_DONTNEED), runs of 1 MiB", TOUCHED, SMALL, discard, MIB);
    measure("process_madvise, vectors of 512 single pages", TOUCHED, SMALL, discard_vectors, PAGE);
    measure("process_madvise, vectors of 512 runs of 64 KiB", TOUCHED, SMALL, discard_vectors,
            64 * KIB);
    measure("munmap, single pages", TOUCHED, SMALL, unmap, PAGE);
    measure("munmap, runs of 64 KiB", TOUCHED, SMALL, unmap, 64 * KIB);
    measure("MADV_DONTNEED of 4 KiB of a huge page, each", TOUCHED, HUGE, split, 0);
    return EXIT_SUCCESS;
}
