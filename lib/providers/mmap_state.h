/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the files of the mmap provider share; its algorithm and its guarantees are in
 * mmap.c. */
#ifndef FR_MMAP_PROVIDER_H
#define FR_MMAP_PROVIDER_H

#include "providers/chunk_index.h"
#include "base/lock.h"
#include "port/pages.h"

#define FR_KIB ((size_t)1024)
#define FR_MIB (FR_KIB * FR_KIB)

/*
 * Runs of each kind live in chunks of their own. Short ones hold the core's metadata and what it
 * needs little of; they stay when the long ones around them go. Apart, the long ones come back in
 * whole blocks, without splitting huge pages. Big ones are blocks that would have mappings of
 * their own if there were not so many of those. Their granule is a block, so that their chunks
 * hold few, and their memory is small pages, so that the end of the last granule costs address
 * space only. Sparse ones may be hardly used, so nothing is populated, and no huge page is asked
 * for, in their chunks.
 */
enum fr_run_kind { FR_SHORT_RUNS, FR_LONG_RUNS, FR_BIG_RUNS, FR_SPARSE_RUNS, FR_RUN_KINDS };

/* Runs of this many bytes are long: the core's spans when they are full. */
#define FR_LONG_RUN_MIN (64 * FR_KIB)

static inline enum fr_run_kind fr_run_kind_of(size_t bytes)
{
    return bytes < FR_LONG_RUN_MIN ? FR_SHORT_RUNS : FR_LONG_RUNS;
}

/* The bytes of a granule in the chunks of a kind. */
static inline size_t fr_mmap_granule(enum fr_run_kind kind)
{
    return kind == FR_BIG_RUNS ? FR_BLOCK_BYTES : fr_page_size();
}

/* From this on no chunk is bigger, unless a single run is. A map of 256 MiB is searched in about
 * 0.5 us. On 32-bit systems address space is scarce. */
#define FR_CHUNK_MAX (sizeof(void *) >= 8 ? FR_CHUNK_BLOCKS_MAX * FR_BLOCK_BYTES : 16 * FR_MIB)

/* Sizes of runs by powers of two. */
#define FR_RUN_CLASSES (sizeof(size_t) * 8)

/* Where searches begin: no chunk of the kind that is older than `chunk` has room for `n` granules
 * at a multiple of `step`. NULL: nothing is known. */
struct fr_search_hint {
    struct fr_chunk *chunk;
    size_t n, step;
};

struct fr_mmap_provider {
    fr_lock lock;
    struct fr_chunk_index index; /* covered by the lock, the chunks in it too */
    /* granules, by the kind of the chunk; covered by the lock */
    size_t used[FR_RUN_KINDS];
    /* covered by the lock */
    struct fr_search_hint hints[FR_RUN_KINDS][FR_RUN_CLASSES];
    size_t pending;      /* granules being populated ahead; covered by the lock */
    fr_atomic own_bytes; /* in mappings of their own */
    fr_atomic own_count; /* mappings of their own */
    fr_atomic huge_mode; /* one of FRUSA_HUGE_* */
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

static inline int fr_mmap_is_never_huge(void)
{
    return fr_load_relaxed(&fr_mmap_provider.huge_mode) == FRUSA_HUGE_NEVER;
}

/* Takes the lowest run of n granules at a multiple of `step` in the oldest chunk of a kind that
 * has one; 0 when there is none. The caller holds the lock. */
int fr_mmap_search(enum fr_run_kind kind, size_t n, size_t step, const struct fr_growth *growth,
                   struct fr_run *run);

/* For tests and debugging. The caller holds the lock. */
int fr_mmap_hints_are_true(void);

/* To be called after granules of a chunk were freed, under the same hold of the lock. */
void fr_mmap_note_room(struct fr_chunk *c);

/* Takes a chunk out of the index. The caller holds the lock. */
void fr_mmap_remove(struct fr_chunk *c);

/* Maps a chunk of a kind, of `least` bytes or more (a multiple of a block), which is in no index
 * yet. NULL when the system refuses. */
struct fr_chunk *fr_mmap_map_chunk(enum fr_run_kind kind, size_t least);

/* Takes the lock with room in the index for one more chunk. Returns 0, without the lock, when the
 * system refuses the memory for that. */
int fr_mmap_lock_with_room(void);

/* Takes a chunk that has just become empty out of the index unless it is to be kept; non-zero when
 * it did. The caller holds the lock, and then unmaps the chunk without it. */
int fr_mmap_remove_if_empty(struct fr_chunk *c);

/* Takes a chunk out of the index, unless it may be kept, when `granules`, which the caller has and
 * gives back, are all that is used of it; non-zero when it did. The caller unmaps it. */
int fr_mmap_remove_if_all(struct fr_chunk *c, size_t granules);

/* Unmaps the empty chunk that is kept; returns non-zero when there was one. */
int fr_mmap_drop_kept(void);

/* Unmaps a chunk that is in no index; in the eyes of the caller it is gone. */
void fr_mmap_unmap(struct fr_chunk *c);

/* The chunk that a block lies in, NULL: it has a mapping of its own. The block's owner asks. */
struct fr_chunk *fr_mmap_chunk_of(const void *p);

/* Gives n blocks, or parts of blocks, back to the system: ascending. */
void fr_mmap_give_back(const struct frusa_range *ranges, size_t n);

/* Gives the pages of a range back to the system; they stay the block's, and read as zero. */
void fr_mmap_empty(const struct frusa_range *pages);

/* Discards the whole pages in n ranges of blocks that stay; returns the bytes discarded. */
size_t fr_mmap_purge(const struct frusa_range *ranges, size_t n);

#endif /* FR_MMAP_PROVIDER_H */
