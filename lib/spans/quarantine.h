/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The quarantine of a watched instance: objects that were given back wait until
 * FR_QUARANTINE_SLOTS more were, before their slots are handed out again, so that a use after free
 * meets a closed slot.
 *
 * A ring of slots, exchanged by compare-and-swap: whoever puts an object in takes the one before
 * it out and gives it to its slab. Statistics count what is in it as cached; reclaim and walk
 * empty it.
 */
#ifndef FR_QUARANTINE_H
#define FR_QUARANTINE_H

#include "spans/slab.h"

/* Takes a slot of a data span that is not live any more. */
void fr_quarantine_put(struct fr_heap *h, void *slot, struct fr_misuse *m);

/* Gives everything to the slabs. */
void fr_quarantine_empty(struct fr_heap *h, struct fr_misuse *m);

/* Objects of a class in it. */
size_t fr_quarantine_count(struct fr_heap *h, unsigned cls);

#endif /* FR_QUARANTINE_H */
