/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Kept blocks: memory from the fallback that serves nothing now, warm for the next request that it
 * fits. Large objects that were given back become kept blocks, and so do empty spans when growth
 * of another kind needs memory (supply.h).
 *
 * A fallback whose blocks can be divided (fr_providers_divide) has its kept blocks joined with
 * neighbours and cut to what is needed. Blocks of other fallbacks go out whole, to large objects
 * that need nearly as much, because they have to come back as they were.
 *
 * A block is found by size in bins, by address in a tree, and by age in a list; all three are
 * covered by the lock of all spans. The block's record lies in the descriptor of the span that it
 * was before.
 *
 *   kept.bytes = sum of all kept blocks = what is held for FR_FOR_KEPT
 *   kept blocks are part of the heap's empty_bytes
 *   no two kept blocks that may be joined touch each other
 *
 * A reclaim leaves nothing behind. fr_kept_drain counts a drain and takes every block off under one
 * hold of the lock. Who retires empty spans to keep them reads the number of drains before. A block
 * that comes in after another drain has begun is refused, and goes to the fallback. The reclaim
 * retires every empty span before it drains. Cutting and joining happen within one hold, so a kept
 * block, or what is left of one, is never out of a reclaim's sight.
 */
#ifndef FR_KEPT_H
#define FR_KEPT_H

#include "spans/meta.h"

/* A block from the fallback that is held for spans or for a large object. */
struct fr_block {
    void *base;
    size_t bytes;
    size_t align;
    int is_fresh; /* its memory is as it came from the fallback */
};

void fr_kept_init(struct fr_heap *h);

/* How often all kept blocks were taken off to be given back. */
size_t fr_kept_drains(const struct fr_heap *h);

/*
 * Keeps the block of a span that nobody can find any more, and takes over its descriptor. `drains`
 * is as read before the span was retired; the memory must be held for FR_FOR_KEPT. Returns 0, with
 * nothing done, when there was a drain since. No lock is held.
 */
int fr_kept_add(struct fr_heap *h, struct fr_span *s, size_t bytes, size_t drains);

/*
 * Takes a block for `bytes` at `align`, the smallest of a few that fit, cut where the fallback
 * allows that. It stays held for FR_FOR_KEPT. 0: none fits. May call the fallback for a
 * descriptor; no lock is held.
 */
int fr_kept_take(struct fr_heap *h, size_t bytes, size_t align, struct fr_block *out);

/* Takes `bytes` from the kept block that begins at `end`, which joins the block of `inside`. 0:
 * there is none, or it is too short. */
int fr_kept_take_behind(struct fr_heap *h, const void *inside, char *end, size_t bytes);

/*
 * Takes off blocks, least recently used first, until *want bytes were found; lowers *want by that.
 * They are held for FR_FOR_SPANS and withdrawn, as fr_release_retired takes them. A big block is
 * cut to what is wanted where the fallback allows that.
 */
struct fr_link *fr_kept_evict(struct fr_heap *h, size_t *want);

/* The same for all of them, *bytes in all. */
struct fr_link *fr_kept_drain(struct fr_heap *h, size_t *bytes);

/* Non-zero when the least recently used block has not been used for some seconds. */
int fr_kept_is_stale(const struct fr_heap *h);

/* Non-zero when the address lies in a kept block. */
int fr_kept_owns(struct fr_heap *h, const void *p);

/* For tests and debugging. Takes the lock. */
int fr_kept_is_valid(struct fr_heap *h);

#endif /* FR_KEPT_H */
