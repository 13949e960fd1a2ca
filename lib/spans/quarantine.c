/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/quarantine.h"

#include "spans/give.h"

/* Longer objects go to their slabs at once: the ring is to hold a few MiB at most. */
#define LONGEST ((size_t)32 << 10)

/* Puts p, or nothing, in the place of what is there. */
static void *exchange(fr_atomic *place, void *p)
{
    for (;;) {
        size_t old = fr_load_relaxed(place);
        if (fr_cas_full(place, old, (size_t)(uintptr_t)p))
            return (void *)(uintptr_t)old;
    }
}

static void give(struct fr_heap *h, void *slot, struct fr_misuse *m)
{
    if (slot)
        fr_slab_give(h, fr_entry_class(fr_pagemap_get(&h->map, slot)), &slot, 1, m);
}

void fr_quarantine_put(struct fr_heap *h, void *slot, struct fr_misuse *m)
{
    struct fr_quarantine *q = &h->quarantine;
    if (fr_class_size(fr_entry_class(fr_pagemap_get(&h->map, slot))) <= LONGEST) {
        size_t turn = fr_fetch_add_relaxed(&q->turn, 1) % FR_QUARANTINE_SLOTS;
        slot = exchange(&q->slots[turn], slot);
    }
    give(h, slot, m);
}

void fr_quarantine_empty(struct fr_heap *h, struct fr_misuse *m)
{
    if (!fr_heap_is_watched(h))
        return;
    for (unsigned i = 0; i < FR_QUARANTINE_SLOTS; i++)
        give(h, exchange(&h->quarantine.slots[i], NULL), m);
}

size_t fr_quarantine_count(struct fr_heap *h, unsigned cls)
{
    size_t n = 0;
    if (!fr_heap_is_watched(h))
        return 0;
    for (unsigned i = 0; i < FR_QUARANTINE_SLOTS; i++) {
        void *slot = fr_load_ptr_relaxed(&h->quarantine.slots[i]);
        n += slot && fr_entry_class(fr_pagemap_get(&h->map, slot)) == cls;
    }
    return n;
}
