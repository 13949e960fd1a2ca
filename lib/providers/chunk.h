/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A chunk: one piece of address space of the mmap provider, and the state of each of its granules.
 * Pure bookkeeping: nothing here calls the system or waits; the caller holds the provider's lock.
 *
 * A granule is a page of the operating system, a block is what one huge page covers. A granule is
 *
 *   used    used = 1, ahead = 0   handed out, or held by a call that populates or discards it
 *   ahead   used = 0, ahead = 1   free, resident and zero: populated in advance, or zeroed by hand
 *   clean   used = 0, ahead = 0   free, not resident: reads as zero
 *
 *   granules = used + ahead + clean
 *
 * `advised` holds, by block, whether huge pages are asked for; `torn`, how many granules of a
 * block went back to the system since it came in as a huge page, or FR_NOT_HUGE.
 */
#ifndef FR_CHUNK_H
#define FR_CHUNK_H

#include "base/runmap.h"

/* Alignment and unit of chunks, and the bytes of a block: the huge page of x86-64 and of arm64
 * with 4 KiB pages. Where huge pages are larger, asking for them has no effect. */
#define FR_BLOCK_BYTES ((size_t)2 << 20)

#define FR_CHUNK_BLOCKS_MAX 128 /* 256 MiB */
#define FR_NOT_HUGE         ((size_t)-1)

struct fr_chunk {
    char *base;            /* constant, a multiple of FR_BLOCK_BYTES */
    size_t bytes;          /* constant, a multiple of FR_BLOCK_BYTES */
    size_t granule;        /* bytes of a granule; constant */
    unsigned kind;         /* which runs it is for; constant, its owner's */
    struct fr_chunk *next; /* younger; kept by the index */
    struct fr_chunk *prev; /* older */
    /* ascending from the oldest to the youngest; kept by the index */
    size_t age;
    struct fr_runmap used; /* by granule */
    size_t *ahead;         /* by granule */
    size_t *advised;       /* by block */
    size_t *torn;          /* by block */
    size_t words[];        /* the four arrays */
};

/* How memory is made resident now, in granules. */
struct fr_growth {
    size_t batch; /* populate at least so much, in advance if the run is shorter */
    size_t most;  /* of a long run populate no more than this */
    int huge;     /* blocks that are all clean become huge pages */
};

/* A run that was taken, and what its taker has to do with it before it is handed out. */
struct fr_run {
    struct fr_chunk *chunk;
    size_t first, end; /* the granules asked for */
    /* [end, taken_end) is taken too, to be populated in advance */
    size_t taken_end;
    /* to be made resident; empty when both are equal */
    size_t populate, populate_end;
    /* blocks whose advice changes first; empty when equal */
    size_t advise, advise_end;
    int huge; /* the advice; also: the block of end - 1 may come in as a whole */
};

/* Bytes that the descriptor of a chunk needs. */
size_t fr_chunk_descriptor_bytes(size_t bytes, size_t granule);

/* Fills in a descriptor, whose memory is zero, for a chunk that is all clean. */
void fr_chunk_init(struct fr_chunk *c, char *base, size_t bytes, size_t granule, int is_advised);

/* Makes all granules clean again: for a chunk whose memory was discarded as a whole. */
void fr_chunk_reset(struct fr_chunk *c);

/* Non-zero when all granules are clean. */
int fr_chunk_is_clean(const struct fr_chunk *c);

/* Takes the lowest run of n granules at a multiple of `align` granules; 0 when there is none. */
int fr_chunk_take(struct fr_chunk *c, size_t n, size_t align, const struct fr_growth *growth,
                  struct fr_run *run);

/* Non-zero when such a run is free. */
int fr_chunk_has_room(struct fr_chunk *c, size_t n, size_t align);

/* Takes [first, end) if it is free. */
int fr_chunk_take_at(struct fr_chunk *c, size_t first, size_t end, const struct fr_growth *growth,
                     struct fr_run *run);

/* Frees what was taken beyond the run: as ahead below `resident_end`, as clean from there on. */
void fr_chunk_settle(const struct fr_run *run, size_t resident_end);

/* Widens a used range over the ahead granules on both sides, which become used. */
void fr_chunk_widen(struct fr_chunk *c, size_t *first, size_t *end);

/* Frees a used range, as ahead or as clean. */
void fr_chunk_give(struct fr_chunk *c, size_t first, size_t end, int is_ahead);

/* Blocks of a chunk about which something is to be done, as bits. */
struct fr_blocks {
    size_t words[FR_CHUNK_BLOCKS_MAX / FR_WORD_BITS];
};

/*
 * Notes that the used granules [first, end) are about to be discarded, and kept all the same
 * (is_purge) or freed. Of the blocks that lose a part of themselves, but not all, those that are
 * advised are added to *retract, and are not advised any more; and those that little is left of a
 * huge page in are added to *split, once.
 */
void fr_chunk_tear(struct fr_chunk *c, size_t first, size_t end, int is_purge,
                   struct fr_blocks *retract, struct fr_blocks *split);

static inline size_t fr_chunk_granules_per_block(const struct fr_chunk *c)
{
    return FR_BLOCK_BYTES / c->granule;
}

static inline char *fr_chunk_address(const struct fr_chunk *c, size_t granule)
{
    return c->base + granule * c->granule;
}

static inline size_t fr_chunk_granule_of(const struct fr_chunk *c, const void *p)
{
    return (size_t)((const char *)p - c->base) / c->granule;
}

/* Checks the invariants; for tests and debugging. */
int fr_chunk_is_valid(const struct fr_chunk *c);

#endif /* FR_CHUNK_H */
