/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Pages of the system at an alignment of any size, for the fallbacks of this directory. */
#ifndef PAGES_H
#define PAGES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* libfrusa asks for multiples of 4096 bytes; the pages of the system may be larger. */
static inline size_t pages_round(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (size + page - 1) / page * page;
}

/*
 * Maps `size` bytes at a multiple of `align`, with `margin` bytes on either side, all of them with
 * the protection `prot`. Returns the address behind the first margin, NULL when the system refuses.
 * mmap promises no more than pages, so this maps more, then unmaps what is too much. pages_unmap
 * takes the block back.
 */
static inline void *pages_map(size_t size, size_t align, size_t margin, int prot)
{
    size = pages_round(size), align = pages_round(align);
    size_t mapped = size + 2 * margin + align;
    char *start = mmap(NULL, mapped, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    size_t before = (align - ((uintptr_t)start + margin) % align) % align;
    if (before != 0)
        munmap(start, before);
    munmap(start + before + 2 * margin + size, align - before);
    return start + before + margin;
}

static inline void pages_unmap(void *block, size_t size, size_t margin)
{
    munmap((char *)block - margin, pages_round(size) + 2 * margin);
}

#endif /* PAGES_H */
