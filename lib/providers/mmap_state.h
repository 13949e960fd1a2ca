/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the files of the mmap provider share; its algorithm and its guarantees are in fallback_mmap.c. */
#ifndef FR_MMAP_PROVIDER_H
#define FR_MMAP_PROVIDER_H

#include "providers/chunk_index.h"
#include "base/lock.h"
#include "port/pages.h"

#define FR_KIB ((size_t)1024)
#define FR_MIB (FR_KIB * FR_KIB)

/*
 * Runs of both kinds live in chunks of their own. Short ones hold the core's metadata and what it needs
 * little of; they stay when the long ones around them go. Apart, the long ones come back in whole
 * blocks, without splitting huge pages.
 */
enum fr_run_kind { FR_SHORT_RUNS, FR_LONG_RUNS, FR_RUN_KINDS };

/* Runs of this many bytes are long: the core's spans when they are full. */
#define FR_LONG_RUN_MIN (64 * FR_KIB)

static inline enum fr_run_kind fr_run_kind_of(size_t bytes)
{
    return bytes < FR_LONG_RUN_MIN ? FR_SHORT_RUNS : FR_LONG_RUNS;
}

struct fr_mmap_provider {
    fr_lock lock;
    struct fr_chunk_index index; /* covered by the lock, the chunks in it too */
    size_t used[FR_RUN_KINDS];   /* granules, by the kind of the chunk; covered by the lock */
    size_t grown;                /* how often a chunk was added; covered by the lock */
    size_t pending;              /* granules being populated ahead; covered by the lock */
    fr_atomic own_bytes;         /* mappings of their own */
    fr_atomic huge_mode;         /* one of FRUSA_HUGE_* */
};

extern struct fr_mmap_provider fr_mmap_provider;

static inline void fr_mmap_lock(void)
{
    fr_lock_acquire(&fr_mmap_provider.lock, FR_RANK_PROVIDER);
}

static inline void fr_mmap_unlock(void)
{
    fr_lock_release(&fr_mmap_provider.lock, FR_RANK_PROVIDER);
}

/* Bytes in use by runs of a kind, which decide how it grows. The caller holds the lock. */
size_t fr_mmap_heap_bytes(enum fr_run_kind kind);

/* Non-zero when runs of a kind get huge pages now. The caller holds the lock. */
int fr_mmap_wants_huge(enum fr_run_kind kind);

/*
 * Adds a chunk with room for a run of `size` bytes, unless another thread has added one since the provider's
 * `grown` was read. Returns non-zero when a new search makes sense.
 */
int fr_mmap_grow(size_t size, size_t grown);

/* Takes a chunk that has just become empty out of the index unless it is to be kept; non-zero when it did.
 * The caller holds the lock, and then unmaps the chunk without it. */
int fr_mmap_remove_if_empty(struct fr_chunk *c);

/* Takes a chunk out of the index, unless it may be kept, when `granules`, which the caller has and gives
 * back, are all that is used of it; non-zero when it did. The caller unmaps it. */
int fr_mmap_remove_if_all(struct fr_chunk *c, size_t granules);

/* Unmaps the empty chunk that is kept; returns non-zero when there was one. */
int fr_mmap_drop_kept(void);

/* Unmaps a chunk that is in no index; in the eyes of the caller it is gone. */
void fr_mmap_unmap(struct fr_chunk *c);

/* The chunk that a block lies in, NULL: it has a mapping of its own. The block's owner asks. */
struct fr_chunk *fr_mmap_chunk_of(const void *p);

/* Gives n blocks, or parts of blocks, back to the system: ascending. */
void fr_mmap_give_back(const struct frusa_range *ranges, size_t n);

/* Discards the whole pages in n ranges of blocks that stay; returns the bytes discarded. */
size_t fr_mmap_purge(const struct frusa_range *ranges, size_t n);

#endif /* FR_MMAP_PROVIDER_H */
