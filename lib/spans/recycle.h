/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Growth from within: an empty span of one class becomes memory for another one.
 *
 * Without that a program which allocates much of one size, frees it and goes on with another size
 * holds both, until it is asked to reclaim. Memory that is taken over is resident already, too.
 * Looks that find nothing make the next growths go without.
 */
#ifndef FR_RECYCLE_H
#define FR_RECYCLE_H

#include "spans/kept.h"

/* Spans shorter than this are not worth a look. */
#define FR_RECYCLE_MIN ((size_t)16 << 10)

/* An empty span's memory, fit for a span of `bytes` and a little more of class `cls`; 0 when none
 * is found. It stays booked for spans, and its contents are what its objects left. No lock may be
 * held. */
int fr_recycle(struct fr_heap *h, unsigned cls, size_t bytes, struct fr_block *out);

#endif /* FR_RECYCLE_H */
