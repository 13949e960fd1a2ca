/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Layer base: what the others stand on and the system does not offer: locks with ranks, lists, bit
 * ranges, size classes, reports of misuse. This file: calls to an instance's fallback, and what is
 * held from it.
 *
 * Every call of a fallback goes through here, with no lock held (asserted in debug builds). A
 * block is booked against the limit before it is asked for and unbooked when it was refused:
 *
 *   held = sum of the sizes of all blocks handed out, plus those being asked for
 *   no booking takes held beyond the limit, when there is one
 *
 * Held is above the limit only after the limit was lowered. Blocks that go back bring it down.
 *
 * A block counts as handed out from the return of the call that asked for it to the beginning of
 * the call that gives it back. So `granted` never exceeds what the fallback has handed out, and
 * neither does the peak.
 */
#ifndef FR_FALLBACK_H
#define FR_FALLBACK_H

#include <frusa.h>

#include "port/atomic.h"

/* Ranges of one call of the fallback at most. They lie on the stack of whoever calls, which may be
 * a coroutine's or a kernel's: 1 KiB. Longer vectors would save little: the system call's own cost
 * is spread over the ranges. */
#define FR_BATCH_RANGES 64

/* What a block holds, for the statistics. */
enum fr_purpose { FR_FOR_SPANS, FR_FOR_METADATA, FR_FOR_LARGE, FR_FOR_KEPT, FR_PURPOSE_COUNT };

/* An instance's fallback; the counters are read at any time by anybody. */
struct fr_backing {
    /* a copy, constant while the instance lives */
    struct frusa_fallback_ops ops;
    /* Instead of ops.alloc, for blocks that may be hardly used: none of their memory is to be
     * resident before it is touched. NULL: not offered. Constant. */
    void *(*alloc_sparse)(void *ctx, size_t size, size_t align);
    fr_atomic limit; /* bytes, 0: none */
    /* bytes handed out, and being asked for */
    fr_atomic held;
    /* bytes handed out, not being given back */
    fr_atomic held_for[FR_PURPOSE_COUNT];
    fr_atomic granted; /* their sum */
    fr_atomic peak;    /* high-water mark of `granted` */
    /* what `held_for` was then; beside running threads a little later */
    fr_atomic peak_for[FR_PURPOSE_COUNT];
    fr_atomic allocs;   /* blocks handed out */
    fr_atomic failures; /* requests that the fallback refused, or served with memory of no use */
    fr_atomic deallocs; /* blocks given back */
    /* address of a function, 0: none; see fr_fallback_set_wake */
    fr_atomic wake;
};

/*
 * Has `wake` called for each block that is booked from now on, before it is asked for, with no lock
 * held; NULL: nobody any more. Each booking either shows in `held` to whoever reads it after this
 * call, or calls `wake`.
 */
void fr_fallback_set_wake(struct fr_backing *b, void (*wake)(struct fr_backing *));

/* Bookings from now on keep to `limit` bytes; 0: no limit. What is held already stays. */
void fr_fallback_set_limit(struct fr_backing *b, size_t limit);

/* Non-zero when more is held than the limit allows. */
int fr_fallback_is_over_limit(const struct fr_backing *b);

/* Checks a caller's table: non-zero when complete and without unknown flags or reserved entries. */
int fr_fallback_ops_valid(const struct frusa_fallback_ops *ops);

/*
 * Asks for a block; NULL when the limit is reached or the fallback refuses or hands out memory
 * that is misaligned or outside the page map's range (which then went straight back). *at_limit
 * (if not NULL) is set to 1 when it was the limit, else left alone.
 */
void *fr_fallback_alloc(struct fr_backing *b, size_t size, size_t align, enum fr_purpose purpose,
                        int *at_limit);

/* The same for a block that may be hardly used. */
void *fr_fallback_alloc_sparse(struct fr_backing *b, size_t size, size_t align,
                               enum fr_purpose purpose, int *at_limit);

/* Gives one block back. */
void fr_fallback_dealloc(struct fr_backing *b, void *ptr, size_t size, size_t align,
                         enum fr_purpose purpose);

/* Gives n blocks back, ascending, of one align; batched when the fallback offers that. */
void fr_fallback_dealloc_batch(struct fr_backing *b, const struct frusa_range *ranges, size_t n,
                               size_t align, enum fr_purpose purpose);

/* A block, or a part of one, serves another purpose from now on. */
void fr_fallback_repurpose(struct fr_backing *b, size_t size, enum fr_purpose from,
                           enum fr_purpose to);

/* Asks the fallback to purge n page-aligned ranges, ascending; returns the bytes purged, 0 when
 * that is not offered. */
size_t fr_fallback_purge(struct fr_backing *b, const struct frusa_range *ranges, size_t n);

/* Resizes a large block; NULL when not offered, refused or over the limit: the old block stands. */
void *fr_fallback_resize(struct fr_backing *b, void *ptr, size_t old_size, size_t align,
                         size_t new_size, int *at_limit);

#endif /* FR_FALLBACK_H */
