/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Residency by mincore, flags from /proc/self/smaps. */
#include "mappings.h"
#include "require.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

size_t mappings_resident(const void *p, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t bytes = 0;
    for (size_t at = 0; at < size; at += page) {
        unsigned char is_resident = 0;
        if (mincore((char *)(uintptr_t)p + at, 1, &is_resident) != 0) {
            REQUIRE(errno == ENOMEM);
            continue;
        }
        bytes += is_resident & 1 ? page : 0;
    }
    return bytes;
}

int mappings_has_flag(const void *p, const char *flag)
{
    FILE *smaps = fopen("/proc/self/smaps", "r");
    char line[512];
    int inside = 0, found = 0;
    REQUIRE(smaps != NULL);
    while (fgets(line, sizeof(line), smaps) != NULL) {
        uintptr_t low, high;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &low, &high) == 2)
            inside = (uintptr_t)p >= low && (uintptr_t)p < high;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            for (char *word = strtok(line + 8, " \n"); word != NULL; word = strtok(NULL, " \n"))
                found |= strcmp(word, flag) == 0;
    }
    fclose(smaps);
    return found;
}

size_t mappings_resident_in_all(void)
{
    static char line[256], buffer[4096]; /* stdio's own would be allocated between two calls */
    size_t resident = 0, kib;
    FILE *smaps = fopen("/proc/self/smaps_rollup", "r");
    REQUIRE(smaps != NULL && setvbuf(smaps, buffer, _IOFBF, sizeof(buffer)) == 0);
    while (fgets(line, sizeof(line), smaps) != NULL) {
        if (sscanf(line, "Rss: %zu kB", &kib) == 1)
            resident += kib * 1024;
        else if (sscanf(line, "LazyFree: %zu kB", &kib) == 1)
            resident -= kib * 1024;
    }
    fclose(smaps);
    return resident;
}

int mappings_knows_huge_pages(void)
{
    size_t size = 4 << 20;
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(p != MAP_FAILED);
    int known = madvise(p, size, MADV_HUGEPAGE) == 0 && mappings_has_flag(p, "hg");
    munmap(p, size);
    return known;
}

int mappings_knows_locked_pages(void)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(p != MAP_FAILED);
    int known = syscall(SYS_mlock, p, size) == 0 && mappings_has_flag(p, "lo");
    munmap(p, size);
    return known;
}

size_t mappings_address_space(void)
{
    FILE *statm = fopen("/proc/self/statm", "r");
    size_t pages;
    REQUIRE(statm != NULL && fscanf(statm, "%zu", &pages) == 1);
    fclose(statm);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}
