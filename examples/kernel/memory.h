/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Memory: where it is, the page allocator, and the four functions that compilers and libfrusa
 * call. */
#ifndef KERNEL_MEMORY_H
#define KERNEL_MEMORY_H

#include <frusa.h>

#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES 4096

/* Where the memory of the machine appears in the upper half (boot.S). */
#define DIRECT_MAP 0xffff800000000000u

static inline void *memory_at(uint64_t physical)
{
    return (void *)(DIRECT_MAP + physical);
}

/* Finds the memory to hand out, by the loader's start information (a physical address). */
void memory_init(uint32_t start_info);

/* Pages that are free now. */
size_t memory_free_pages(void);

/* The page allocator as libfrusa sees it. */
extern const struct frusa_fallback_ops memory_fallback;

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);

#endif /* KERNEL_MEMORY_H */
