/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The page map: address -> span and class.
 *
 * A radix tree of two levels over the pages of the address space, shared by all instances of the
 * process: the root is in .bss, leaves come from the operating system when first needed and stay. An
 * entry packs the descriptor's address, a multiple of FR_SPAN_ALIGN, with the class number below it, so
 * that an unsized free finds its class in two dependent loads. 0: no span there.
 *
 * Instances stack: a block that one takes from its fallback may be an object of another one, or lie in
 * one. Then the entries of the inner span hide those of the outer one, which come back with the clearing:
 * outer spans outlive inner ones.
 *
 * Who may change an entry
 *   outer -> span   the thread that obtained the span's memory, before the span is on any list
 *   span -> outer   the thread that retired the span, before its memory goes to the fallback
 * both under the page map's lock; lookups of one's own objects take no lock.
 *
 * Guarantees
 *   [P.1] While an object of a span is live, the entries of its pages do not change. (An object that holds
 *         spans of another instance is not given back before they are.) Whoever may use the
 *         object learnt of it from the program after its allocation, hence after the entries were
 *         stored: relaxed loads suffice for its own objects.
 *   [P.2] A stranger, who holds an address of unknown standing, looks it up under the page map's lock:
 *         as entries are cleared under it and descriptors are freed only after that, a descriptor that
 *         it finds stays readable until it unlocks.
 *   [P.3] Setting never fails half-way: either all leaves are there, or no entry was stored.
 */
#ifndef FR_PAGEMAP_H
#define FR_PAGEMAP_H

#include "port/address.h"
#include "port/atomic.h"
#include "port/compiler.h"
#include "port/lock.h"
#include "sizeclass.h"

struct fr_span;

#define FR_SPAN_ALIGN ((size_t)1 << FR_CLASS_BITS) /* of descriptors; leaves the class its bits */

#define FR_MAP_BITS      (FR_ADDRESS_BITS - FR_PAGE_SHIFT)
#define FR_MAP_LEAF_BITS (FR_MAP_BITS / 2)
#define FR_MAP_ROOT_BITS (FR_MAP_BITS - FR_MAP_LEAF_BITS)

typedef uintptr_t fr_entry; /* descriptor | class */

extern fr_atomic fr_pagemap_root[(size_t)1 << (sizeof(void *) == 8 ? 18 : 10)];
extern fr_lock fr_pagemap_lock;

static inline fr_entry fr_entry_make(const struct fr_span *span, unsigned cls)
{
    return (uintptr_t)span | cls;
}

static inline struct fr_span *fr_entry_span(fr_entry e)
{
    return (struct fr_span *)(e & ~(fr_entry)(FR_SPAN_ALIGN - 1));
}

static inline unsigned fr_entry_class(fr_entry e)
{
    return (unsigned)(e & (FR_SPAN_ALIGN - 1));
}

/* The entry of any address; 0 where there is none. */
FR_INLINE fr_entry fr_pagemap_get(const void *p)
{
    uintptr_t page = (uintptr_t)p >> FR_PAGE_SHIFT;
    if (FR_UNLIKELY(page >> FR_MAP_BITS))
        return 0;
    fr_atomic *leaf = fr_load_ptr_acquire(&fr_pagemap_root[page >> FR_MAP_LEAF_BITS]);
    if (FR_UNLIKELY(!leaf))
        return 0;
    return fr_load_relaxed(&leaf[page & (((uintptr_t)1 << FR_MAP_LEAF_BITS) - 1)]);
}

/*
 * Stores `entry` for every page of a range, and what the first one had before in *outer: 0, or the span around
 * the range. Returns 0 when there is no memory for a leaf. [P.3]
 */
int fr_pagemap_set(const void *base, size_t bytes, fr_entry entry, fr_entry *outer);

/* Clears the entries of a range, but for what `outer` has there. [P.2] */
void fr_pagemap_clear(const void *base, size_t bytes, fr_entry outer);

/* The same for one page, with fr_pagemap_guard held. */
void fr_pagemap_clear_guarded(const void *page, fr_entry outer);

/*
 * A leaf in hand, so that a later set of one page cannot fail: NULL when there is no memory for it. The
 * process keeps one spare, so taking and putting back usually costs no system call.
 */
void *fr_pagemap_spare_take(void);
void fr_pagemap_spare_put(void *spare);

/* Sets one page, with a spare leaf if one is missing; returns what is left of the spare. */
void *fr_pagemap_set_with(const void *page, fr_entry entry, fr_entry *outer, void *spare);

/* For [P.2]: look up between these, and dereference the descriptor only between these. */
static inline void fr_pagemap_guard(void)
{
    fr_lock_acquire(&fr_pagemap_lock, FR_RANK_PAGEMAP);
}

static inline void fr_pagemap_unguard(void)
{
    fr_lock_release(&fr_pagemap_lock, FR_RANK_PAGEMAP);
}

/* For tests and debugging: the counters of every leaf agree with its entries. Takes the guard. */
int fr_pagemap_is_valid(void);

#endif /* FR_PAGEMAP_H */
