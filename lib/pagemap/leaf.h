/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A leaf of the shared page map: entries, and the books about its pages behind them. A page here
 * is one of the operating system's, which holds the entries of many pages of the address space.
 *
 * A leaf stays mapped for good, because readers take no lock. Its pages do not stay resident:
 *
 *   in use       has entries; the books count them
 *   idle         had entries, has none now, and may be resident: noted for fr_leaf_trim
 *   discarding   fr_leaf_trim is giving it back to the system, with no lock held [P.4]
 *
 * A reader sees 0 in a page without entries, whether the page is resident, being discarded or gone.
 *
 * Everything here is for callers that hold the page map's lock, except fr_leaf_new, fr_leaf_drop
 * and fr_leaf_trim.
 */
#ifndef FR_LEAF_H
#define FR_LEAF_H

#include "pagemap/pagemap.h"

#define FR_LEAF_ENTRIES ((uintptr_t)1 << FR_MAP_LEAF_BITS)

/* A leaf of entries that are all 0; NULL when there is no memory. */
fr_atomic *fr_leaf_new(void);

/* Unmaps a leaf that was never linked. */
void fr_leaf_drop(fr_atomic *leaf);

/* Stores `entry` from `first` to `last`. Where `entry` is not 0, none of their pages is being
 * discarded. [P.4] */
void fr_leaf_store(fr_atomic *leaf, uintptr_t first, uintptr_t last, fr_entry entry);

/* Non-zero when one of the entries from `first` to `last` lies in a page that is being
 * discarded. */
int fr_leaf_is_discarding(fr_atomic *leaf, uintptr_t first, uintptr_t last);

/* Idle pages of all leaves. At FR_LEAF_IDLE_MAX of them, fr_pagemap_trim_excess trims: discarding
 * that many costs little for each, and they are a mebibyte where pages have 4 KiB. */
extern fr_atomic fr_leaf_idle_pages;
#define FR_LEAF_IDLE_MAX 256

/* Gives the idle pages of all leaves back to the system. The caller holds no lock. */
void fr_leaf_trim(void);

/* Non-zero while some pages are being discarded. */
int fr_leaf_discards(void);

/* In the child of a fork: takes back what a thread that does not exist here was discarding. */
void fr_leaf_after_fork(void);

/* For tests and debugging: the books agree with the entries. */
int fr_leaf_is_valid(fr_atomic *leaf);

#endif /* FR_LEAF_H */
