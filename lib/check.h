/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The invariants of span.h, slab.h, pagemap.h and cache.h as functions, for tests and debugging.
 * They return 1 when everything holds and are exact only while no thread is inside the instance. A
 * debugger finds the line of a broken one by a breakpoint on `fail` in check.c.
 */
#ifndef FR_CHECK_H
#define FR_CHECK_H

#include "cache/instance.h"

/* Geometry, count and bits of one span, and its entries in the page map. */
int fr_span_is_valid(const struct fr_span *s);

/* Lists, bins and counters of one slab. */
int fr_slab_is_valid(struct fr_heap *h, unsigned cls);

/* All of an instance: spans, slabs, caches, and the books of the fallback. */
int fr_heap_is_valid(frusa_t *f);

/* The same, and all of the page map, which takes a few milliseconds. */
int fr_instance_is_valid(frusa_t *f);

#endif /* FR_CHECK_H */
