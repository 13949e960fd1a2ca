/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef FR_WALK_H
#define FR_WALK_H

#include "spans/heap.h"

/* frusa_walk without the emptying of caches. */
int fr_walk(struct fr_heap *h, int (*visit)(const struct frusa_span_info *, void *), void *arg);

#endif /* FR_WALK_H */
