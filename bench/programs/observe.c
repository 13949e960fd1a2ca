/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A library to be preloaded beside an allocator: has the allocator give memory back, by its own
 * call for that, and writes down the resident memory before and after. Without its environment
 * variables it does nothing.
 *
 * BENCH_OBSERVE=FILE    when the process ends; a line "PID BEFORE AFTER" (KiB) is appended
 * BENCH_CONTROL=FIFO    whenever a line can be read from there, by a thread of its own; the line's
 *                       text is the file that "BEFORE AFTER MILLISECONDS" is written to
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/clock.h"

static struct {
    int (*mallctl)(const char *name, void *old, size_t *old_len, void *new_value, size_t new_len);
    void (*mi_collect)(_Bool force);
    void (*tc_release)(void);
    void (*rp_collect)(void);
    int (*malloc_trim)(size_t pad);
} allocator;

static void *owner(void *address)
{
    Dl_info info;
    return address != NULL && dladdr(address, &info) != 0 ? info.dli_fbase : NULL;
}

/* The function of that name, if it comes from the library that malloc comes from. A program may be
 * linked to another allocator than the one that serves it. */
static void resolve(void *function, const char *name)
{
    void *address = dlsym(RTLD_DEFAULT, name);
    if (owner(address) != owner(dlsym(RTLD_DEFAULT, "malloc")))
        address = NULL;
    memcpy(function, &address, sizeof address);
}

static void resolve_all(void)
{
    resolve(&allocator.mallctl, "mallctl");
    resolve(&allocator.mi_collect, "mi_collect");
    resolve(&allocator.tc_release, "MallocExtension_ReleaseFreeMemory");
    resolve(&allocator.rp_collect, "rpmalloc_thread_collect");
    resolve(&allocator.malloc_trim, "malloc_trim");
}

static void give_back(void)
{
    if (allocator.mallctl != NULL) {
        allocator.mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
        allocator.mallctl("arena.4096.purge", NULL, NULL, NULL, 0); /* 4096 stands for all arenas */
    } else if (allocator.mi_collect != NULL) {
        allocator.mi_collect(1);
    } else if (allocator.tc_release != NULL) {
        allocator.tc_release();
    } else if (allocator.rp_collect != NULL) {
        allocator.rp_collect();
    } else if (allocator.malloc_trim != NULL) {
        allocator.malloc_trim(0);
    }
}

/* Resident, in KiB, less what the kernel may take at any time (MADV_FREE). */
static long resident(void)
{
    char line[256];
    long value, rss = 0, lazy = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "Rss: %ld", &value) == 1)
            rss = value;
        if (sscanf(line, "LazyFree: %ld", &value) == 1)
            lazy = value;
    }
    fclose(file);
    return rss - lazy;
}

static void report(const char *path, const char *mode, int with_pid)
{
    const long before = resident();
    const uint64_t start = bench_wall();
    give_back();
    const double ms = (double)(bench_wall() - start) / 1e6;
    const long after = resident();
    FILE *file = fopen(path, mode);
    if (file == NULL)
        return;
    if (with_pid)
        fprintf(file, "%ld %ld %ld\n", (long)getpid(), before, after);
    else
        fprintf(file, "%ld %ld %.3f\n", before, after, ms);
    fclose(file);
}

static void *control(void *path)
{
    char line[1024];
    /* For writing too: then there is no end of file when a writer closes, and none blocks. */
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    FILE *fifo = fd < 0 ? NULL : fdopen(fd, "r");
    while (fifo != NULL && fgets(line, sizeof line, fifo) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        report(line, "w", 0);
    }
    return NULL;
}

static void __attribute__((constructor)) begin(void)
{
    char *fifo = getenv("BENCH_CONTROL");
    pthread_t thread;
    resolve_all();
    if (fifo != NULL && pthread_create(&thread, NULL, control, fifo) == 0)
        pthread_detach(thread);
}

static void __attribute__((destructor)) end(void)
{
    const char *path = getenv("BENCH_OBSERVE");
    if (path != NULL)
        report(path, "a", 1);
}
