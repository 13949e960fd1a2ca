/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How much idle memory a heap keeps: a bound that was set, and something beyond it for programs
 * whose use comes and goes in a steady rhythm.
 *
 * A program that needs 100 MiB again and again would give a part of it back and take it from the
 * system each time, when the bound is 64 MiB. So memory that goes back because of the bound is
 * counted, and memory that is taken within seconds after that. Each time that memory goes back
 * after an eighth of the bound was missed is a turn. From the second turn on, what was missed is
 * added to the bound. So idle memory never comes to more than what the program has used a moment
 * before. What was added halves whenever it was not used for some seconds.
 *
 * Bounds below FR_RHYTHM_LEAST stay as they were set. Threads may miscount each other's bytes.
 */
#ifndef FR_RHYTHM_H
#define FR_RHYTHM_H

#include "spans/heap.h"

#define FR_RHYTHM_LEAST ((size_t)16 << 20)

/* Sets the bound on all idle memory, and on kept blocks. */
void fr_rhythm_set(struct fr_heap *h, size_t bound, size_t kept_bound);

/* What may be kept now, of all kinds and of kept blocks. */
static inline size_t fr_rhythm_bound(const struct fr_heap *h)
{
    return fr_load_relaxed(&h->rhythm.bound);
}

size_t fr_rhythm_kept_bound(const struct fr_heap *h);

/* Memory went back because of the bound; memory was taken from the fallback. */
void fr_rhythm_given(struct fr_heap *h, size_t bytes);
void fr_rhythm_taken(struct fr_heap *h, size_t bytes);

/* Lowers the bound when its time has come; non-zero when it did. */
int fr_rhythm_fade(struct fr_heap *h);

#endif /* FR_RHYTHM_H */
