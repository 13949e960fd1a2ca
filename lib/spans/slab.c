/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/slab.h"

#include "spans/slab_list.h"

/* Spans that one hold of the slab lock moves between bins while it looks for a full one: bounds
 * the hold to about a microsecond. */
#define MOVES_PER_HOLD 8

struct reservation {
    struct fr_span *span;
    size_t n;
};

/* Under the slab lock. The fullest span, roughly, with a free slot: of the fullest bin, else of
 * the empties, the one that came last. So a few spans take all the traffic, and the others drain
 * and stay purged. NULL when all are full. */
static struct fr_span *fullest(struct fr_slab *slab, const struct fr_empties *empties)
{
    unsigned moves = 0;
    for (unsigned bin = FR_BIN_COUNT; bin-- > 0;) {
        while (slab->bins[bin]) {
            struct fr_span *s = fr_span_of_slab_link(slab->bins[bin]->prev);
            unsigned now = fr_bin_for(s, fr_load_relaxed(&s->count));
            if (now >= bin || ++moves > MOVES_PER_HOLD)
                return s;
            fr_bin_remove(s);
            fr_bin_add(s, now);
        }
    }
    return empties->list ? fr_span_of_slab_link(empties->list->prev) : NULL;
}

/* Under the slab lock. Reserves up to n objects of a linked span; returns how many. A cache that
 * takes them becomes the owner where it may [O.1]. */
static size_t reserve(struct fr_span *s, size_t n, size_t owner)
{
    size_t free_slots = s->capacity - fr_load_relaxed(&s->count);
    if (n > free_slots)
        n = free_slots;
    if (owner && (s->bin == FR_BIN_EMPTY || fr_load_relaxed(&s->owner) == 0))
        fr_store_relaxed(&s->owner, owner);
    fr_span_raise(s, n);
    return n;
}

void fr_slab_take_reserved(struct fr_heap *h, struct fr_span *s, size_t n, void **out,
                           int *is_fresh)
{
    size_t fresh = fr_span_take(s, n, out);
    if (is_fresh)
        *is_fresh = fr_span_slot_of(s, out[0]) >= fresh;
    if (FR_UNLIKELY(fr_load_relaxed(&s->purged) != 0)) /* [G.2] */
        fr_heap_unmark_purged(h, s, out, n);
}

void fr_slab_adopt(struct fr_span *s, size_t owner)
{
    struct fr_slab *slab = fr_slab_of(s);
    fr_lock_acquire(&slab->lock, FR_RANK_SLAB);
    if (fr_load_relaxed(&s->owner) == 0) /* [O.1] */
        fr_store_relaxed(&s->owner, owner);
    fr_lock_release(&slab->lock, FR_RANK_SLAB);
}

size_t fr_slab_take_for(struct fr_heap *h, unsigned cls, size_t owner, size_t n, void **out,
                        int *is_fresh)
{
    struct fr_slab *slab = &h->slabs[cls];
    struct reservation r[FR_RESERVE_SPANS];
    size_t got = 0;
    unsigned spans = 0;

    fr_lock_acquire(&slab->lock, FR_RANK_SLAB);
    while (spans < FR_RESERVE_SPANS && got < n) {
        struct fr_span *s = fullest(slab, &h->empties[cls]);
        if (!s)
            break;
        r[spans].span = s;
        r[spans].n = reserve(s, n - got, owner);
        got += r[spans++].n;
    }
    fr_lock_release(&slab->lock, FR_RANK_SLAB);

    for (unsigned i = 0; i < spans; i++) {
        fr_slab_take_reserved(h, r[i].span, r[i].n, out, is_fresh);
        out += r[i].n;
    }
    return got;
}

void fr_slab_link(struct fr_span *s)
{
    struct fr_slab *slab = fr_slab_of(s);
    size_t count = fr_load_relaxed(&s->count);
    fr_lock_acquire(&slab->lock, FR_RANK_SLAB);
    s->seen = slab->scan;
    fr_fetch_add_relaxed(&slab->slots, s->capacity);
    fr_fetch_add_relaxed(&slab->used, count);
    fr_span_file(s, count);
    fr_lock_release(&slab->lock, FR_RANK_SLAB);
    fr_bell_ring(&s->heap->bell);
}

size_t fr_slab_lower_at_the_edge(struct fr_span *s, size_t n)
{
    struct fr_slab *slab = fr_slab_of(s);
    fr_lock_acquire(&slab->lock, FR_RANK_SLAB);
    size_t left = fr_span_lower_locked(s, n);
    fr_lock_release(&slab->lock, FR_RANK_SLAB);
    return left;
}

size_t fr_slab_unreserve(struct fr_span *s, size_t n)
{
    fr_atomic *used = &fr_slab_of(s)->used;
    size_t left = fr_slab_lower(s, n);
    fr_fetch_sub_relaxed(used, n); /* [S.5]: nothing of the span itself */
    return left;
}
