/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What an address that a program gives back, or asks about, really is.
 *
 * The page map knows the span. Whether the object is live, and whether a claimed layout fits, is
 * for the caller to find out. The caller holds the page map's guard, or knows that the object is
 * live [P.2].
 */
#ifndef FR_JUDGE_H
#define FR_JUDGE_H

#include "base/misuse.h"
#include "spans/heap.h"

struct fr_found {
    struct fr_span *span;
    unsigned cls; /* a size class, or FR_CLASS_LARGE */
    size_t slot;  /* in a span of a size class */
};

/*
 * FR_MISUSE_NONE, with *found filled in, when p is where an object of this heap begins. In a
 * checked heap an object of a size class does not begin where its slot does: there p may be
 * anywhere in the span. Otherwise the kind of misuse; then *found holds what could be found, span
 * NULL: nothing.
 */
enum fr_misuse_kind fr_judge(const struct fr_heap *h, const void *p, struct fr_found *found);

/* Bytes of the object that was found: of a large one as it was asked for, of others the size
 * class. */
size_t fr_found_size(const struct fr_found *found);

/* Notes what is wrong with giving p back as an object of a layout, when something is; returns 1 if
 * that was noted. Takes the page map's guard. */
int fr_diagnose(struct fr_heap *h, const void *p, struct fr_misuse *m);

#endif /* FR_JUDGE_H */
