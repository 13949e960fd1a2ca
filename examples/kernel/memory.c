/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A page allocator: one byte for each page, found by first fit from where the last search ended.
 * It knows runs of pages at multiples of their alignment and nothing of objects: those are
 * libfrusa's.
 */
#include "memory.h"

#include "machine.h"

#define PAGES_MAX (256u << 20 >> 12) /* more is left alone */

static unsigned char taken[PAGES_MAX]; /* by page, from `first` on */
static uint64_t first;                 /* physical */
static size_t pages;
static size_t free_pages;
static size_t next; /* where the next search begins */
static struct spinlock lock;

/* What the loader tells, version 1 (Xen's public/arch-x86/hvm/start_info.h). */
struct start_info {
    uint32_t magic, version, flags, modules;
    uint64_t module_list, command_line, rsdp, memory_map;
    uint32_t memory_map_entries, reserved;
};

struct memory_map_entry {
    uint64_t address, size;
    uint32_t type, reserved;
};

#define START_INFO_MAGIC 0x336ec578u
#define TYPE_RAM         1u

extern char kernel_end[]; /* kernel.ld */

/* Takes the longest stretch of memory above the kernel and below 4 GiB. */
static void consider(const struct memory_map_entry *entry)
{
    uint64_t lowest =
        ((uint64_t)(uintptr_t)kernel_end + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
    uint64_t from = entry->address > lowest ? entry->address : lowest;
    uint64_t end = entry->address + entry->size;
    if (end > (uint64_t)4 << 30)
        end = (uint64_t)4 << 30;
    from = (from + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
    if (entry->type != TYPE_RAM || end <= from || (end - from) / PAGE_BYTES <= pages)
        return;
    first = from;
    pages = (size_t)((end - from) / PAGE_BYTES);
}

void memory_init(uint32_t address)
{
    const struct start_info *info = memory_at(address);
    if (info->magic != START_INFO_MAGIC || info->version < 1)
        return; /* no memory: the first allocation fails */
    const struct memory_map_entry *map = memory_at(info->memory_map);
    for (uint32_t i = 0; i < info->memory_map_entries; i++)
        consider(&map[i]);
    if (pages > PAGES_MAX)
        pages = PAGES_MAX;
    free_pages = pages;
}

size_t memory_free_pages(void)
{
    spinlock_acquire(&lock);
    size_t n = free_pages;
    spinlock_release(&lock);
    return n;
}

static int run_is_free(size_t from, size_t n)
{
    for (size_t i = from; i < from + n; i++)
        if (taken[i])
            return 0;
    return 1;
}

/* With the lock held: marks a free run of n pages in [from, end); the page that it begins with, or
 * `pages` when there is none. */
static size_t take_run(size_t from, size_t end, size_t n, size_t align)
{
    for (size_t i = from; i < end && i + n <= pages; i++) {
        if ((first + i * PAGE_BYTES) % align != 0 || !run_is_free(i, n))
            continue;
        memset(&taken[i], 1, n);
        free_pages -= n;
        next = i + n;
        return i;
    }
    return pages;
}

/* libfrusa asks for multiples of 4096 bytes, at multiples of `align`, which is at least 4096. */
static void *pages_alloc(void *ctx, size_t size, size_t align)
{
    size_t n = size / PAGE_BYTES;
    (void)ctx;
    spinlock_acquire(&lock);
    size_t page = take_run(next, pages, n, align);
    if (page == pages)
        page = take_run(0, pages, n, align);
    spinlock_release(&lock);
    return page == pages ? NULL : memory_at(first + page * PAGE_BYTES);
}

static void pages_dealloc(void *ctx, void *ptr, size_t size, size_t align)
{
    size_t page = (size_t)((uintptr_t)ptr - DIRECT_MAP - first) / PAGE_BYTES;
    size_t n = size / PAGE_BYTES;
    (void)ctx;
    (void)align;
    spinlock_acquire(&lock);
    for (size_t i = page; i < page + n; i++) {
        if (i >= pages || !taken[i]) {
            serial_line("the page allocator was given a page that is not taken");
            machine_end(MACHINE_FAILED);
        }
        taken[i] = 0;
    }
    free_pages += n;
    spinlock_release(&lock);
}

const struct frusa_fallback_ops memory_fallback = {
    .alloc = pages_alloc,
    .dealloc = pages_dealloc,
};

/* ---- what the compiler calls; plain loops, that it must not turn into calls of themselves ---- */

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    void *at = to;
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(n) : : "memory");
    return to;
}

void *memmove(void *to, const void *from, size_t n)
{
    char *t = to;
    const char *f = from;
    if ((uintptr_t)t - (uintptr_t)f >= n)
        return memcpy(to, from, n);
    t += n - 1;
    f += n - 1;
    __asm__ volatile("std; rep movsb; cld" : "+D"(t), "+S"(f), "+c"(n) : : "memory");
    return to;
}

void *memset(void *to, int value, size_t n)
{
    void *at = to;
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(n) : "a"(value) : "memory");
    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;
    for (size_t i = 0; i < n; i++)
        if (x[i] != y[i])
            return x[i] - y[i];
    return 0;
}
