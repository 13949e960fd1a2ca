/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Memory of the bench itself, taken from the system and not from the allocator under test; and what
 * the kernel says about the process's memory. */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include <stddef.h>

/* Zeroed and touched, so that it costs no page fault later and is part of every baseline. */
void *bench_pages(size_t size);
void bench_pages_free(void *ptr, size_t size);

/* What /proc/self/smaps_rollup says, in KiB. */
struct bench_memory {
    size_t resident;  /* Rss less LazyFree: pages that MADV_FREE has let go count as returned */
    size_t huge;      /* AnonHugePages */
    size_t lazy_free; /* LazyFree */
};
struct bench_memory bench_memory_now(void);

#endif /* BENCH_MEMORY_H */
