/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The end of a heap. */
#ifndef FR_END_H
#define FR_END_H

#include "spans/heap.h"

/* Gives every span, large object and kept block back, whatever lives in it. Nobody else uses the
 * heap any more. */
void fr_heap_end(struct fr_heap *h);

#endif /* FR_END_H */
