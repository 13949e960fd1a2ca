/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The lists of all spans of an instance, by kind, and walks over them.
 *
 * A walk shows one row at a time, with no lock held. Its cursor stands on the span to visit next.
 * Whoever takes a span off its list moves the cursors that stand on it.
 */
#ifndef FR_ALL_SPANS_H
#define FR_ALL_SPANS_H

#include "base/lock.h"
#include "spans/large_index.h"
#include "spans/span.h"

/* The kinds of spans, each with a list of its own. */
enum fr_span_kind { FR_DATA_SPANS, FR_META_SPANS, FR_LARGE_SPANS, FR_SPAN_KINDS };

/* A walk in progress, on the walker's stack. */
struct fr_walker {
    struct fr_link *head;   /* of the list */
    struct fr_link *cursor; /* the next to visit */
    struct fr_walker *next;
    const void *thread; /* fr_thread_id of the walker */
};

struct fr_all_spans {
    fr_lock lock; /* rank FR_RANK_SPANS; covers the rest */
    struct fr_link kinds[FR_SPAN_KINDS];
    struct fr_large_index large; /* the large ones of them */
    struct fr_walker *walkers;
};

static inline void fr_all_spans_guard(struct fr_all_spans *all)
{
    fr_lock_acquire(&all->lock, FR_RANK_SPANS);
}

static inline void fr_all_spans_unguard(struct fr_all_spans *all)
{
    fr_lock_release(&all->lock, FR_RANK_SPANS);
}

void fr_all_spans_init(struct fr_all_spans *all);

void fr_all_spans_add(struct fr_all_spans *all, struct fr_span *s, enum fr_span_kind kind);
void fr_all_spans_remove(struct fr_all_spans *all, struct fr_span *s);

/* Non-zero when the address lies in a large object. */
int fr_all_spans_have_large(struct fr_all_spans *all, const void *p);

/* Begins a walk over one kind; fr_walk_end ends it, in any case. */
void fr_walk_begin(struct fr_all_spans *all, struct fr_walker *w, enum fr_span_kind kind);
void fr_walk_end(struct fr_all_spans *all, struct fr_walker *w);

/*
 * Goes on to the next span that is not retired, and fills in its row; 0 at the end of the list. A
 * retired span is on the list only until reclaim, or growth of another class, takes it off.
 */
int fr_walk_next(struct fr_all_spans *all, struct fr_walker *w, struct frusa_span_info *row);

/* In the child of a fork: forgets the walks of other threads, whose stacks do not exist there. */
void fr_all_spans_drop_walkers(struct fr_all_spans *all);

static inline struct fr_span *fr_span_of_all_link(struct fr_link *link)
{
    return FR_CONTAINER_OF(link, struct fr_span, in_all);
}

#endif /* FR_ALL_SPANS_H */
