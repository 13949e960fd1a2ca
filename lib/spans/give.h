/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Giving objects back to their spans, in batches.
 */
#ifndef FR_GIVE_H
#define FR_GIVE_H

#include "base/misuse.h"
#include "spans/heap.h"

/*
 * Gives n objects of the class back. Objects that are none, or not taken, or of another class or
 * heap are noted in *m and left alone.
 */
void fr_slab_give(struct fr_heap *h, unsigned cls, void *const *objects, size_t n,
                  struct fr_misuse *m);

#endif /* FR_GIVE_H */
