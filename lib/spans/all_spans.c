/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/all_spans.h"

#include "port/memory.h"
#include "port/tls.h"

void fr_all_spans_init(struct fr_all_spans *all)
{
    for (unsigned i = 0; i < FR_SPAN_KINDS; i++)
        fr_list_init(&all->kinds[i]);
}

void fr_all_spans_add(struct fr_all_spans *all, struct fr_span *s, enum fr_span_kind kind)
{
    fr_all_spans_guard(all);
    fr_list_insert_after(&all->kinds[kind], &s->in_all);
    if (kind == FR_LARGE_SPANS)
        fr_large_index_add(&all->large, s);
    fr_all_spans_unguard(all);
}

void fr_all_spans_remove(struct fr_all_spans *all, struct fr_span *s)
{
    fr_all_spans_guard(all);
    for (struct fr_walker *w = all->walkers; w; w = w->next)
        if (w->cursor == &s->in_all)
            w->cursor = s->in_all.next;
    fr_list_remove(&s->in_all);
    if (s->cls == FR_CLASS_LARGE)
        fr_large_index_remove(&all->large, s);
    fr_all_spans_unguard(all);
}

int fr_all_spans_have_large(struct fr_all_spans *all, const void *p)
{
    fr_all_spans_guard(all);
    int have = fr_large_index_find(&all->large, p) != NULL;
    fr_all_spans_unguard(all);
    return have;
}

void fr_walk_begin(struct fr_all_spans *all, struct fr_walker *w, enum fr_span_kind kind)
{
    fr_all_spans_guard(all);
    w->head = &all->kinds[kind];
    w->cursor = w->head->next;
    w->thread = fr_thread_id();
    w->next = all->walkers;
    all->walkers = w;
    fr_all_spans_unguard(all);
}

void fr_walk_end(struct fr_all_spans *all, struct fr_walker *w)
{
    struct fr_walker **at = &all->walkers;
    fr_all_spans_guard(all);
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    fr_all_spans_unguard(all);
}

/* Under the lock: the span is on the list, so its descriptor stays. 0: the span is retired. */
static int fill_row(const struct fr_span *s, struct frusa_span_info *row)
{
    size_t count = fr_load_relaxed(&s->count);
    if (count & FR_RETIRED)
        return 0;
    memset(row, 0, sizeof(*row));
    row->address = fr_span_base(s);
    row->large = s->cls == FR_CLASS_LARGE;
    row->bytes = row->large ? s->room : s->bytes;
    row->object_size = row->large ? s->bytes : s->object_size;
    row->slots = s->capacity;
    row->live = count;
    row->purged = fr_popcount(fr_load_relaxed(&s->purged)) * FR_PAGE_SIZE;
    return 1;
}

int fr_walk_next(struct fr_all_spans *all, struct fr_walker *w, struct frusa_span_info *row)
{
    int found = 0;
    fr_all_spans_guard(all);
    while (!found && w->cursor != w->head) {
        struct fr_span *s = fr_span_of_all_link(w->cursor);
        w->cursor = w->cursor->next;
        found = fill_row(s, row);
    }
    fr_all_spans_unguard(all);
    return found;
}

void fr_all_spans_drop_walkers(struct fr_all_spans *all)
{
    for (struct fr_walker **at = &all->walkers; *at;)
        if ((*at)->thread == fr_thread_id())
            at = &(*at)->next;
        else
            *at = (*at)->next;
}
