/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Growth: memory (supply.h), or an empty span of another class (recycle.h), becomes a span of a
 * size class.
 *
 * Everything here may call the fallback: no lock held, no local buffer, no critical section.
 */
#ifndef FR_GROW_H
#define FR_GROW_H

#include "spans/slab.h"

/*
 * Makes a span of a data class, with up to `reserved` of its objects reserved for the caller (as
 * many as it has slots; *got tells). The span is complete: in the page map, on the list of all
 * spans and in its slab. The reservations keep it from being retired until the caller has taken
 * them with fr_slab_take_reserved. NULL on failure; *at_limit as in fr_fallback_alloc.
 */
struct fr_span *fr_grow(struct fr_heap *h, unsigned cls, size_t reserved, size_t *got,
                        int *at_limit);

/* One object of a data class, growing the slab when needed; NULL on failure. *is_fresh as in
 * fr_slab_take. */
void *fr_grow_alloc_one(struct fr_heap *h, unsigned cls, int *is_fresh, int *at_limit);

#endif /* FR_GROW_H */
