/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Policy without a call: how much empty memory an instance keeps for reuse when nobody asks for it back.
 *
 * The bytes of data spans whose count is 0 are counted (heap.h) when a count falls to 0, and uncounted when
 * it rises or the span is retired. Neither is one step with the change of the count, so the sum lags a little
 * behind; it may even wrap below 0 for a moment. Whoever made it exceed the bound gives back, after its
 * slow path and with no lock held, until half of the bound is left: so traffic that goes up and down by
 * less than that calls the fallback not at all. What caches hold is not empty in this sense, and no
 * cache is recalled: that has a bound of its own.
 */
#ifndef FR_RETAIN_H
#define FR_RETAIN_H

#include "cache/instance.h"

static inline int fr_retain_is_exceeded(const struct fr_heap *h)
{
    size_t empty = fr_load_relaxed(&h->empty);
    return empty > fr_load_relaxed(&h->retain) && empty <= (size_t)-1 / 2;
}

/* Retires and gives back empty spans; does nothing while a reclaim is in progress. Calls the fallback. */
void fr_retain_trim(struct fr_instance *inst);

/* For the end of every slow path that gives objects back to slabs; no lock held. */
static inline void fr_retain_check(struct fr_instance *inst)
{
    if (FR_UNLIKELY(fr_retain_is_exceeded(&inst->heap)))
        fr_retain_trim(inst);
}

#endif /* FR_RETAIN_H */
