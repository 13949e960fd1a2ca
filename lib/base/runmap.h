/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A map of granules, taken and free, with a first-fit search for runs: what the shipped fallbacks
 * that manage a piece of memory themselves have in common. First fit by address keeps low addresses
 * dense, so that the high ones drain.
 *
 * A search would walk every run that is too short. So the map is cut into groups, and each group
 * has an upper bound on the length of the free runs that begin in it. A search passes a group
 * whose bound is too low. A search that finds nothing in a group makes its bound exact; a run that
 * becomes longer raises the bound of its group.
 *
 * Invariants, all executed by fr_runmap_is_valid:
 *
 *   used = number of set bits among the first `bits`
 *   every bit below `hint` is set
 *   no free run is longer than the bound of the group that it begins in, nor longer than `longest`
 *   the bits from `bits` to the end of the last word are clear, and no run reaches them
 *
 * The caller holds the lock that covers the map; nothing here waits, allocates or calls out.
 */
#ifndef FR_RUNMAP_H
#define FR_RUNMAP_H

#include "base/bitrange.h"

struct fr_runmap {
    size_t *words;  /* a set bit: taken */
    size_t *bounds; /* by group; behind the bits */
    size_t bits;    /* granules */
    size_t used;    /* taken granules */
    size_t hint;    /* the search starts here */
    size_t longest; /* an upper bound on the length of all free runs */
};

#define FR_RUNMAP_NONE ((size_t)-1)

/* Granules in a group. */
#define FR_RUNMAP_GROUP ((size_t)512)

/* Words that a map of `bits` granules needs. */
static inline size_t fr_runmap_words(size_t bits)
{
    return fr_bits_words(bits) + (bits + FR_RUNMAP_GROUP - 1) / FR_RUNMAP_GROUP;
}

/* Makes a map of `bits` free granules over fr_runmap_words(bits) words, of which those for the
 * bits are zero. */
void fr_runmap_init(struct fr_runmap *map, size_t *words, size_t bits);

/*
 * Returns the first granule of the lowest free run of `n` whose number plus `phase` is a multiple
 * of `align` (a power of two; n is not 0), or FR_RUNMAP_NONE. Takes nothing.
 */
size_t fr_runmap_find(struct fr_runmap *map, size_t n, size_t align, size_t phase);

/* Non-zero when all of [from, end) is free (taken). */
int fr_runmap_is_free(const struct fr_runmap *map, size_t from, size_t end);
int fr_runmap_is_taken(const struct fr_runmap *map, size_t from, size_t end);

/* Takes a free range. */
void fr_runmap_take(struct fr_runmap *map, size_t from, size_t end);

/* Frees a taken range. */
void fr_runmap_give(struct fr_runmap *map, size_t from, size_t end);

/* Checks the invariants; for tests and debugging. */
int fr_runmap_is_valid(const struct fr_runmap *map);

#endif /* FR_RUNMAP_H */
