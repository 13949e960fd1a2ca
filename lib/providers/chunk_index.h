/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * All chunks of the mmap provider: by address in a sorted array, found in O(log n), and by age in
 * a list. Searches for room go from the oldest on: the oldest chunk holds what the program made
 * first and keeps, so it is the one to be filled, and the youngest the one that drains. (The
 * kernel hands out descending addresses, so first fit by address across chunks would do the
 * opposite.)
 *
 *   count <= capacity; entries ascending and disjoint; bytes = sum of the chunks' bytes
 *
 * The caller holds the provider's lock, and provides the memory of a larger array.
 */
#ifndef FR_CHUNK_INDEX_H
#define FR_CHUNK_INDEX_H

#include <frusa.h>

#include "providers/chunk.h"

struct fr_chunk_entry {
    char *base, *end;
    struct fr_chunk *chunk;
};

/* Entries that need no memory of their own: chunks for about a hundred MiB. */
#define FR_CHUNK_INDEX_INITIAL 8

struct fr_chunk_index {
    struct fr_chunk_entry *entries; /* NULL: `initial` */
    size_t capacity;                /* of entries */
    size_t count;
    size_t bytes;
    size_t inserted; /* chunks ever */
    struct fr_chunk *oldest, *youngest;
    struct fr_chunk_entry initial[FR_CHUNK_INDEX_INITIAL];
};

/* An index is empty when all its bytes are zero. */

/* Non-zero when one more chunk fits. */
int fr_chunk_index_has_room(const struct fr_chunk_index *index);

/* The entries that it has room for. */
size_t fr_chunk_index_capacity(const struct fr_chunk_index *index);

/* Moves the entries to an array with room for `capacity`, if that is more than before. Returns the
 * array that is no longer needed, the former one or this one, as a range of bytes; NULL: none. */
struct frusa_range fr_chunk_index_move(struct fr_chunk_index *index, struct fr_chunk_entry *entries,
                                       size_t capacity);

/* Adds a chunk as the youngest; there must be room. */
void fr_chunk_index_insert(struct fr_chunk_index *index, struct fr_chunk *c);

void fr_chunk_index_remove(struct fr_chunk_index *index, struct fr_chunk *c);

/* The chunk that an address lies in, or NULL. */
struct fr_chunk *fr_chunk_index_find(const struct fr_chunk_index *index, const void *p);

/* Checks the invariants, of all chunks too; for tests and debugging. */
int fr_chunk_index_is_valid(const struct fr_chunk_index *index);

#endif /* FR_CHUNK_INDEX_H */
