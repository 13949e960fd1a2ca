/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Locked memory (mlock) as a fallback, for keys and passwords.
 *
 * What it buys: no secret gets into the swap area or a core dump, and memory is wiped before it
 * goes back. Small secrets share pages, while mlock for each of them locks a page each: that
 * counts, because RLIMIT_MEMLOCK is small. At that limit an allocation fails with ENOMEM.
 */
#define _GNU_SOURCE
#include "home.h"
#include "pages.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* ---- The home: what a program copies -------------------------------------------------------- */

static void *home_alloc(void *ctx, size_t size, size_t align)
{
    (void)ctx;
    void *block = pages_map(size, align, 0, PROT_READ | PROT_WRITE);
    if (block != NULL && mlock(block, pages_round(size)) != 0) {
        pages_unmap(block, size, 0);
        return NULL;
    }
    if (block != NULL)
        madvise(block, pages_round(size), MADV_DONTDUMP);
    return block;
}

static void home_dealloc(void *ctx, void *ptr, size_t size, size_t align)
{
    (void)ctx, (void)align;
    explicit_bzero(ptr, size);
    pages_unmap(ptr, size, 0);
}

static const struct frusa_fallback_ops locked = {
    .alloc = home_alloc, .dealloc = home_dealloc, .flags = FRUSA_FALLBACK_ZEROED};
static frusa_t heap = FRUSA_INITIALIZER(&locked, NULL);

/* ---- The check ------------------------------------------------------------------------------ */

#define KEYS 1000

/* What the kernel has locked for this process, in bytes. */
static size_t locked_bytes(void)
{
    char line[200];
    size_t value = 0;
    FILE *file = fopen("/proc/self/status", "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        sscanf(line, "VmLck: %zu", &value);
    }
    fclose(file);
    return value << 10;
}

/* In a child without privileges, which may lock 256 KiB. */
static void run_into_limit(void)
{
    const struct rlimit limit = {256 << 10, 256 << 10};
    if (geteuid() == 0)
        CHECK(setuid(65534) == 0);
    CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
    int count = 0;
    while (count < 100000 && frusa_alloc(&heap, 32, 0) != NULL) {
        count++;
    }
    CHECK(count > 0 && count < 100000 && errno == ENOMEM);
    CHECK(locked_bytes() <= 256 << 10);
    _exit(0);
}

int main(void)
{
    pid_t child = fork();
    int status;
    CHECK(child >= 0);
    if (child == 0)
        run_into_limit();
    CHECK(waitpid(child, &status, 0) == child && status == 0);

    static char *keys[KEYS];
    for (int i = 0; i < KEYS; i++) {
        keys[i] = frusa_alloc(&heap, 32, 0);
        if (keys[i] == NULL && i == 0) {
            printf("this process may lock no memory (RLIMIT_MEMLOCK): refused with ENOMEM\n");
            return 0;
        }
        CHECK(keys[i] != NULL);
    }
    size_t locked_now = locked_bytes();
    CHECK(locked_now >= held(&heap) && held(&heap) > 0);
    for (int i = 0; i < KEYS; i++) {
        frusa_dealloc(&heap, keys[i], 32, 0);
    }
    frusa_destroy(&heap);
    CHECK(locked_bytes() == 0);
    printf("%d keys of 32 bytes: %.0f KiB locked, where a page each takes %.0f KiB; refused at the "
           "limit\n",
           KEYS, locked_now / KIB, KEYS * sysconf(_SC_PAGESIZE) / KIB);
    return 0;
}
