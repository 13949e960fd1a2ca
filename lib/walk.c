/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "walk.h"

static int walk_kind(struct fr_all_spans *all, enum fr_span_kind kind,
                     int (*visit)(const struct frusa_span_info *, void *), void *arg)
{
    struct frusa_span_info row;
    struct fr_walker walker;
    int stop = 0;
    fr_walk_begin(all, &walker, kind);
    while (!stop && fr_walk_next(all, &walker, &row)) {
        fr_lock_assert_none();
        stop = visit(&row, arg);
    }
    fr_walk_end(all, &walker);
    return stop;
}

int fr_walk(struct fr_heap *h, int (*visit)(const struct frusa_span_info *, void *), void *arg)
{
    int stop = walk_kind(&h->all, FR_DATA_SPANS, visit, arg);
    return stop ? stop : walk_kind(&h->all, FR_LARGE_SPANS, visit, arg);
}
