/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Layer pagemap: address -> span and class. It knows descriptors of spans as addresses only.
 * Nothing below asks it.
 *
 * A radix tree over the pages of the address space. An entry packs the descriptor's address, a
 * multiple of FR_SPAN_ALIGN, with the class number plus 1 below it, so that an unsized free finds
 * its class without a look into the descriptor. 0: no span there; its class, by the same
 * calculation, is beyond all others.
 *
 * There are two of them, and port/system.h says which one a build has: the hosted one is shared by
 * all instances of the process (pagemap_process.h), the freestanding one belongs to an instance
 * (pagemap_instance.h). Callers name the instance's map always; the shared one has no use for it.
 *
 * Instances stack: a block that one takes from its fallback may be an object of another one, or
 * lie in one. Then the entries of the inner span hide those of the outer one, which come back with
 * the clearing: outer spans outlive inner ones.
 *
 * Who may change an entry
 *   outer -> span   the thread that obtained the span's memory, before the span is on any list
 *   span -> outer   the thread that retired the span, before its memory goes to the fallback
 * both under the page map's lock; lookups of one's own objects take no lock.
 *
 * Guarantees
 *   [P.1] While an object of a span is live, the entries of its pages do not change. (An object
 *         that holds spans of another instance is not given back before they are.) Whoever may use
 *         the object learnt of it from the program after its allocation, hence after the entries
 *         were stored: relaxed loads suffice for its own objects.
 *   [P.2] A stranger, who holds an address of unknown standing, looks it up under the page map's
 *         lock: as entries are cleared under it and descriptors are freed only after that, a
 *         descriptor that it finds stays readable until it unlocks. So do the descriptors of the
 *         outer spans around it, which its `outer` leads to.
 *   [P.3] Setting never fails half-way: either all nodes are there, or no entry was stored.
 *   [P.4] A page of a shared leaf is discarded with no lock held, and only while it is marked. The
 *         mark is set and taken away under the lock, and set only where no entry is. Whoever
 *         stores an entry does so under the lock, where no mark is, and waits otherwise: no store
 *         is lost to a discard.
 */
#ifndef FR_PAGEMAP_H
#define FR_PAGEMAP_H

#include "base/fallback.h"
#include "port/address.h"
#include "port/atomic.h"
#include "port/compiler.h"
#include "base/lock.h"
#include "port/system.h"
#include "base/sizeclass.h"

struct fr_span;

#define FR_SPAN_ALIGN ((size_t)1 << FR_CLASS_BITS) /* of descriptors; leaves the class its bits */

typedef uintptr_t fr_entry; /* descriptor | class */

_Static_assert(FR_CLASS_LARGE + 1 < FR_SPAN_ALIGN,
               "every class plus 1 must fit below a descriptor's address");
_Static_assert(FRUSA_INLINE_CLASS_MASK_ == FR_SPAN_ALIGN - 1, "as inline paths read entries");

static inline fr_entry fr_entry_make(const struct fr_span *span, unsigned cls)
{
    return (uintptr_t)span | (cls + 1);
}

static inline struct fr_span *fr_entry_span(fr_entry e)
{
    return (struct fr_span *)(e & ~(fr_entry)(FR_SPAN_ALIGN - 1));
}

static inline unsigned fr_entry_class(fr_entry e)
{
    return (unsigned)(e & FRUSA_INLINE_CLASS_MASK_) - 1;
}

/*
 * struct fr_pagemap, and
 *
 *   fr_pagemap_get(map, p)    the entry of any address; 0 where there is none
 *   fr_pagemap_root_for_inline()   the root that inline paths in programs read; NULL: none do
 *   fr_pagemap_guard(map),    for [P.2]: look up between these, and dereference the descriptor only
 *   fr_pagemap_unguard(map)   between these
 */
#include FR_PAGEMAP_HEADER

/* Fills in a map all of whose bytes are zero; `backing` is where its nodes come from, if it has
 * its own. */
void fr_pagemap_init(struct fr_pagemap *map, struct fr_backing *backing);

/*
 * Stores `entry` for every page of a range, and what the first one had before in *outer: 0, or the
 * span around the range. Returns 0 when there is no memory for a node. [P.3] May call the
 * fallback; *at_limit as in fr_fallback_alloc.
 */
int fr_pagemap_set(struct fr_pagemap *map, const void *base, size_t bytes, fr_entry entry,
                   fr_entry *outer, int *at_limit);

/* Clears the entries of a range, but for what `outer` has there. [P.2] */
void fr_pagemap_clear(struct fr_pagemap *map, const void *base, size_t bytes, fr_entry outer);

/* The same for one page, with fr_pagemap_guard held. */
void fr_pagemap_clear_guarded(struct fr_pagemap *map, const void *page, fr_entry outer);

/*
 * Nodes in hand, so that a later set of one page cannot fail, wherever it lies: 0 when there is no
 * memory for them. Kept nodes are taken first, so taking and using usually costs no call.
 */
int fr_pagemap_reserve(struct fr_pagemap *map, void **nodes, int *at_limit);

/* Sets one page with the reserved nodes, and keeps what is left of them. */
void fr_pagemap_set_reserved(struct fr_pagemap *map, const void *page, fr_entry entry,
                             fr_entry *outer, void *nodes);

/*
 * Gives back what holds no entry: nodes to the instance's fallback, whose bytes are returned;
 * pages of shared leaves to the system. No lock is held. Another thread may be giving back the
 * same pages and still be at it.
 */
size_t fr_pagemap_trim(struct fr_pagemap *map);

/* The same when many pages of shared leaves hold no entry: for callers that have cleared some. No
 * lock is held. */
void fr_pagemap_trim_excess(struct fr_pagemap *map);

/* Bytes that the map holds from the instance's fallback, and those of them that hold entries. */
size_t fr_pagemap_held(const struct fr_pagemap *map);
size_t fr_pagemap_in_use(const struct fr_pagemap *map);

/* For tests and debugging: the counters of every node agree with its entries. Takes the guard. */
int fr_pagemap_is_valid(struct fr_pagemap *map);

#endif /* FR_PAGEMAP_H */
