/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The bound on empty memory: how much an instance keeps for reuse when nobody asks for it back.
 *
 * Bytes of empty data spans are counted under the slab locks, those of kept blocks (kept.h) under
 * the lock of all spans, so the sum is exact. The thread that makes the sum exceed the bound gives
 * back until half of the bound is left, at the end of its slow path and with no lock held. So
 * traffic that goes up and down by less than half of the bound never calls the fallback. Programs
 * that do so by more, in a steady rhythm, get a higher bound for a while (rhythm.h). What caches
 * hold does not count: caches have a bound of their own, and no cache is recalled for this.
 *
 * Every path that may give objects to slabs ends with fr_retain_check, so the bound holds whenever
 * nobody is inside.
 */
#ifndef FR_RETAIN_H
#define FR_RETAIN_H

#include "cache/instance.h"
#include "spans/rhythm.h"

void fr_retain_init(struct fr_instance *inst);

/* Sets the bound, and gives back what exceeds it. Calls the fallback. */
void fr_retain_set(struct fr_instance *inst, size_t bytes);

/* Gives back empty spans until half of the bound is left. Calls the fallback. */
void fr_retain_trim(struct fr_instance *inst);

/* For the end of every slow path that gives objects back to slabs; no lock held. */
static inline void fr_retain_check(struct fr_instance *inst)
{
    if (FR_UNLIKELY(fr_load_relaxed(&inst->heap.empty_bytes) > fr_rhythm_bound(&inst->heap)))
        fr_retain_trim(inst);
}

#endif /* FR_RETAIN_H */
