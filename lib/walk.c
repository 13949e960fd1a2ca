/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The walk over all spans. The spans lock is held while one row is read, never while it is shown: a
 * cursor registered with the heap is moved on by whoever takes its span off the list.
 */
#include "walk.h"

#include "port/memory.h"
#include "port/tls.h"

/*
 * Under the spans lock: the span is on the list, so its descriptor stays. 0: it is retired, and only waits to be
 * taken off the list: reclaim has it already, or growth of another class.
 */
static int fill_row(const struct fr_span *s, struct frusa_span_info *row)
{
    size_t count = fr_load_relaxed(&s->count);
    if (count & FR_RETIRED)
        return 0;
    memset(row, 0, sizeof(*row));
    row->address = fr_span_base(s);
    row->bytes = s->bytes;
    row->large = s->cls == FR_CLASS_LARGE;
    row->object_size = row->large ? s->bytes : s->object_size;
    row->slots = s->capacity;
    row->live = count;
    row->purged = fr_popcount(fr_load_relaxed(&s->purged)) * FR_PAGE_SIZE;
    return 1;
}

static int walk_list(struct fr_heap *h, struct fr_link *head,
                     int (*visit)(const struct frusa_span_info *, void *), void *arg)
{
    struct frusa_span_info row;
    struct fr_walker self;
    int stop = 0;
    fr_lock_acquire(&h->spans_lock, FR_RANK_SPANS);
    self.cursor = head->next;
    self.thread = fr_thread_id();
    self.next = h->walkers;
    h->walkers = &self;
    while (!stop && self.cursor != head) {
        struct fr_link *link = self.cursor;
        self.cursor = link->next;
        if (!fill_row(FR_CONTAINER_OF(link, struct fr_span, in_all), &row))
            continue;
        fr_lock_release(&h->spans_lock, FR_RANK_SPANS);
        fr_lock_assert_none();
        stop = visit(&row, arg);
        fr_lock_acquire(&h->spans_lock, FR_RANK_SPANS);
    }
    struct fr_walker **at = &h->walkers;
    while (*at != &self)
        at = &(*at)->next;
    *at = self.next;
    fr_lock_release(&h->spans_lock, FR_RANK_SPANS);
    return stop;
}

int fr_walk(struct fr_heap *h, int (*visit)(const struct frusa_span_info *, void *), void *arg)
{
    int stop = walk_list(h, &h->spans[FR_DATA_SPANS], visit, arg);
    return stop ? stop : walk_list(h, &h->spans[FR_LARGE_SPANS], visit, arg);
}
