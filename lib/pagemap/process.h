/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The page map of hosted builds, shared by all instances of the process: two levels, so that a
 * lookup is two dependent loads. The root is in .bss, leaves come from the operating system when
 * first needed and stay mapped; pages of them that have lost their entries go back to the system
 * in batches (leaf.h). Included by pagemap.h alone.
 */
#ifndef FR_PAGEMAP_PROCESS_H
#define FR_PAGEMAP_PROCESS_H

#define FR_MAP_BITS      FRUSA_INLINE_PAGES_LOG2_
#define FR_MAP_LEAF_BITS FRUSA_INLINE_LEAF_LOG2_
#define FR_MAP_ROOT_BITS FRUSA_INLINE_ROOT_LOG2_

_Static_assert(FR_MAP_BITS + FR_PAGE_SHIFT == FR_ADDRESS_BITS, "all addresses have their entry");

/* An instance's part of it: none. */
struct fr_pagemap {
    char unused;
};

extern fr_atomic fr_pagemap_root[(size_t)1 << (sizeof(void *) == 8 ? 18 : 10)];
extern fr_lock fr_pagemap_lock;

FR_INLINE fr_entry fr_pagemap_get(const struct fr_pagemap *map, const void *p)
{
    (void)map;
    return frusa_inline_entry_(fr_pagemap_root, p);
}

static inline const fr_atomic *fr_pagemap_root_for_inline(void)
{
    return fr_pagemap_root;
}

static inline void fr_pagemap_guard(struct fr_pagemap *map)
{
    (void)map;
    fr_lock_acquire(&fr_pagemap_lock, FR_RANK_PAGEMAP);
}

static inline void fr_pagemap_unguard(struct fr_pagemap *map)
{
    (void)map;
    fr_lock_release(&fr_pagemap_lock, FR_RANK_PAGEMAP);
}

/* The thread that forks: waits until nobody discards pages of the map, and closes the gate for its
 * lock. Otherwise a set of the forking thread could wait for a thread that waits at the gate. */
void fr_pagemap_before_fork(void);

/* In the child: frees the lock, and takes back what another thread was discarding. */
void fr_pagemap_after_fork(void);

#endif /* FR_PAGEMAP_PROCESS_H */
