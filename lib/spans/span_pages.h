/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Whole free pages inside a span, for purging.
 *
 * A page of a span is free when every slot that overlaps it is. A set of pages is a word, bit i
 * for the i-th page from the base; spans of more pages than a word has bits are not purged.
 * Where the pages of the system are larger, only whole ones of those are purged.
 * `purged` in the descriptor is the set of pages whose contents are given up.
 *
 * Guarantees (model: tests/model/purge.pml)
 *   [G.1] Pages are purged only while the purger has every slot that overlaps them, reserved and
 *         taken like any object.
 *   [G.2] The mark is set before the slots are released (release); whoever takes one of them later
 *         (acquire) sees the mark, and clears it. So a marked page is a free page, and no live
 *         object is ever counted as purged.
 *   [G.3] Only so many slots are claimed at a time that others of the class stay free: mutators
 *         need not grow because of a purge.
 */
#ifndef FR_SPAN_PAGES_H
#define FR_SPAN_PAGES_H

#include "base/bitrange.h"
#include "spans/span.h"

/* The slots [first, end) that overlap the pages [page, page + pages) of a span. */
struct fr_slot_run {
    size_t first;
    size_t end;
};
struct fr_slot_run fr_span_slots_of_pages(const struct fr_span *s, size_t page, size_t pages);

/* Takes the lowest run of adjacent pages off a non-empty set: its first page, its length in
 * *pages. */
size_t fr_pages_next_run(size_t *set, size_t *pages);

/* The set of `pages` adjacent pages from number `page` on. */
static inline size_t fr_pages_mask(size_t page, size_t pages)
{
    return fr_bits_mask(0, page, page + pages);
}

/* The free pages of a span that are not marked, as far as one look at its bits tells. Where the
 * pages of the system are larger, some of the pages in one may be marked already. */
size_t fr_span_free_pages(const struct fr_span *s);

/*
 * The part of `set` (of fr_span_free_pages), from its low end, whose slots number `most` or less;
 * their number in *slots.
 */
size_t fr_span_fitting_pages(const struct fr_span *s, size_t set, size_t most, size_t *slots);

/* Takes all slots of a run, or none: 0 when one was not free. The caller has reserved as many. */
int fr_span_take_run(struct fr_span *s, struct fr_slot_run run);

/* Releases the slots of a run that the caller took. The count is lowered by the caller, after
 * that. */
void fr_span_untake_run(struct fr_span *s, struct fr_slot_run run);

/* Adds pages to the marks [G.2]; returns how many were not marked before. */
size_t fr_span_mark(struct fr_span *s, size_t set);

/* Clears the marks of the pages that an object, just taken, overlaps, and of their neighbours in
 * the same pages of the system, which come back with them; returns how many there were. */
size_t fr_span_unmark(struct fr_span *s, const void *object);

#endif /* FR_SPAN_PAGES_H */
