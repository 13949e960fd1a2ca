/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/end.h"

#include "spans/checked.h"
#include "spans/large.h"
#include "spans/release.h"
#include "spans/supply.h"

void fr_heap_end(struct fr_heap *h)
{
    static const enum fr_span_kind order[] = {FR_DATA_SPANS, FR_LARGE_SPANS, FR_META_SPANS};
    size_t all = (size_t)-1;
    fr_supply_give_kept(h, &all);
    fr_large_index_forget(&h->all.large);
    for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
        struct fr_link *list = NULL;
        struct fr_link *head = &h->all.kinds[order[k]];
        for (struct fr_link *link = head->next; link != head; link = link->next) {
            struct fr_span *s = fr_span_of_all_link(link);
            if (fr_heap_is_watched(h) && order[k] == FR_DATA_SPANS)
                fr_checked_forget(s);
            else
                fr_large_forget(s);
            fr_pagemap_clear(&h->map, s->base, order[k] == FR_LARGE_SPANS ? 1 : s->bytes, s->outer);
            s->in_slab.next = list;
            list = &s->in_slab;
        }
        fr_list_init(head);
        fr_release_retired(h, list, order[k], fr_release_passes(h));
    }
}
