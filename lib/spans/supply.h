/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Where memory for spans and large objects comes from: what the heap holds already and does not
 * use, then the fallback.
 *
 *   1. a kept block that fits (kept.h)
 *   2. empty spans of any class, which become kept blocks and join with their neighbours until one
 *      fits. Each is moved once, so that costs a little for each time that a span becomes empty.
 *   3. the fallback. Before that, empty memory that could not serve is given back, as much as is
 *      about to be taken. So what is held grows by what is live, not by what lies idle beside it,
 *      but for a small share.
 *
 * Steps 2 and the giving back in 3 need a fallback whose blocks can be divided.
 */
#ifndef FR_SUPPLY_H
#define FR_SUPPLY_H

#include "spans/kept.h"
#include "spans/rhythm.h"

/* What is kept of large objects by default where the fallback's blocks can be divided. */
#define FR_KEPT_DEFAULT ((size_t)64 << 20)

/* Sets the bound on empty memory, kept blocks included; the largest number: none. */
void fr_supply_set_bound(struct fr_heap *h, size_t bytes);

/* What is needed, and what it is held for. */
struct fr_need {
    size_t bytes, align;
    enum fr_purpose purpose;
    int is_sparse; /* it may be hardly used */
};

/*
 * Memory for a span or a large object; 0 on failure, *at_limit as in fr_fallback_alloc. A block for
 * a large object may be longer than asked for. No lock may be held.
 */
int fr_supply_take(struct fr_heap *h, const struct fr_need *need, struct fr_block *out,
                   int *at_limit);

/* Before `bytes` are taken from the fallback in another way: empty memory that cannot serve goes
 * back. */
void fr_supply_make_room(struct fr_heap *h, size_t bytes);

/* Keeps the block of a large object that nobody can find any more, and takes over its descriptor;
 * 0: it is to go to the fallback. May call the fallback. */
int fr_supply_keep(struct fr_heap *h, struct fr_span *s);

/* Gives back empty memory, of kept blocks and of empty spans, until half of the bound is left;
 * returns the bytes. */
size_t fr_supply_trim(struct fr_heap *h);

/* Gives back kept blocks until *want bytes went back; lowers *want by that and returns it. When
 * there are not more than that, drains them. */
size_t fr_supply_give_kept(struct fr_heap *h, size_t *want);

#endif /* FR_SUPPLY_H */
