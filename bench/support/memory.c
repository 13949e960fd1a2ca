/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "support/memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *bench_pages(size_t size)
{
    void *ptr =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (ptr == MAP_FAILED) {
        perror("bench: mmap");
        exit(1);
    }
    return ptr;
}

void bench_pages_free(void *ptr, size_t size)
{
    if (ptr != NULL)
        munmap(ptr, size);
}

/* The number after "NAME:" at the start of a line; 0 if there is no such line. */
static size_t field(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at == NULL ? 0 : strtoul(at + strlen(name), NULL, 10);
}

struct bench_memory bench_memory_now(void)
{
    struct bench_memory m;
    char text[4096]; /* read without stdio, which would allocate */
    ssize_t n = 0;
    int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        n = read(fd, text, sizeof text - 1);
        close(fd);
    }
    if (n <= 0) {
        fputs("bench: /proc/self/smaps_rollup cannot be read\n", stderr);
        exit(1);
    }
    text[n] = '\0';
    m.lazy_free = field(text, "\nLazyFree:");
    m.huge = field(text, "\nAnonHugePages:");
    m.resident = field(text, "\nRss:") - m.lazy_free;
    return m;
}
