/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/slab.h"

#include "spans/judge.h"
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

/* Under the slab lock. Reserves up to n objects of a linked span; returns how many. */
static size_t reserve(struct fr_span *s, size_t n)
{
    size_t free_slots = s->capacity - fr_load_relaxed(&s->count);
    if (n > free_slots)
        n = free_slots;
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

size_t fr_slab_take(struct fr_heap *h, unsigned cls, size_t n, void **out, int *is_fresh)
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
        r[spans].n = reserve(s, n - got);
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

/* From full, or to none [S.4]. */
static FR_NOINLINE size_t lower_at_the_edge(struct fr_span *s, size_t n)
{
    struct fr_slab *slab = fr_slab_of(s);
    fr_lock_acquire(&slab->lock, FR_RANK_SLAB);
    size_t left = fr_span_lower_locked(s, n);
    fr_lock_release(&slab->lock, FR_RANK_SLAB);
    return left;
}

FR_INLINE size_t lower(struct fr_span *s, size_t n)
{
    size_t left = fr_span_lower(s, n);
    return FR_LIKELY(left != 0) ? left : lower_at_the_edge(s, n);
}

size_t fr_slab_unreserve(struct fr_span *s, size_t n)
{
    fr_atomic *used = &fr_slab_of(s)->used;
    size_t left = lower(s, n);
    fr_fetch_sub_relaxed(used, n); /* [S.5]: nothing of the span itself */
    return left;
}

/* What is noted here was freed at any time before. */
static void is_late(const struct fr_heap *h, struct fr_misuse *m)
{
    m->option = h->checking_option;
}

static FR_COLD void diagnose(struct fr_heap *h, unsigned cls, const void *p, struct fr_misuse *m)
{
    if (!fr_diagnose(h, p, m))
        return;
    m->freed_as = fr_class_size(cls);
    is_late(h, m);
}

/* The span of an object that is given back, NULL (noted in *m) when it is none of this class. */
FR_INLINE struct fr_span *span_for_give(struct fr_heap *h, unsigned cls, const void *p,
                                        struct fr_misuse *m)
{
    fr_entry e = fr_pagemap_get(&h->map, p);
    struct fr_span *s = fr_entry_span(e);
    if (FR_LIKELY(fr_entry_class(e) == cls && s && s->heap == h))
        return s;
    diagnose(h, cls, p, m);
    return NULL;
}

/* Some bits of the mask are not set: those objects had been given back before. */
static FR_COLD size_t give_some_twice(struct fr_span *s, size_t word, size_t mask,
                                      struct fr_misuse *m)
{
    size_t set = fr_span_untake(s, word, mask);
    if (set != mask && fr_misuse_note(m, FR_DOUBLE_FREE,
                                      fr_span_object(s, word * FR_WORD_BITS + fr_ctz(mask & ~set))))
        is_late(s->heap, m);
    return fr_popcount(set);
}

/* Clears the bits of a word [S.3], all of which should be set; 0 when they are not. */
FR_INLINE int give_bits(struct fr_span *s, size_t word, size_t mask)
{
    for (;;) {
        size_t value = fr_load_relaxed(&s->taken[word]);
        if (FR_UNLIKELY((value & mask) != mask))
            return 0;
        if (FR_LIKELY(fr_cas_release(&s->taken[word], value, value & ~mask)))
            return 1;
        fr_count(FR_EVENT_RETRY);
    }
}

/* The slot of an object within the word of `taken` that begins with the object at `first`; `slots`
 * or more when p is no object there. As fr_span_slot_exactly. */
FR_INLINE size_t slot_in_word(const struct fr_span *s, const char *first, size_t slots,
                              const char *p)
{
    size_t offset = (size_t)(p - first);
    if (offset >= slots * s->object_size)
        return slots;
    uint64_t product = (uint64_t)offset * s->reciprocal;
    int is_exact = (product & (((uint64_t)1 << FR_RECIPROCAL_SHIFT) - 1)) < s->reciprocal;
    return is_exact ? (size_t)(product >> FR_RECIPROCAL_SHIFT) : slots;
}

/* The rest of word_mates: from objects[1] on, which is near. */
static size_t more_mates(const struct fr_span *s, size_t slot, void *const *objects, size_t n,
                         size_t *run)
{
    size_t first = slot - slot % FR_WORD_BITS;
    const char *base = fr_span_object(s, first);
    size_t left = fr_span_slots(s) - first;
    size_t slots = left < FR_WORD_BITS ? left : FR_WORD_BITS;
    size_t mate = slot - first;
    size_t mask = (size_t)1 << mate;
    const char *next = (const char *)objects[0] + s->object_size;
    size_t i = 1;
    for (; i < n; i++) {
        const char *p = objects[i];
        mate = p == next ? mate + 1 : slot_in_word(s, base, slots, p);
        if (mate >= slots || mask >> mate & 1)
            break;
        mask |= (size_t)1 << mate;
        next = p + s->object_size;
    }
    *run = i;
    return mask;
}

/* The mask of `slot` and of the objects behind objects[0] that share its word, each once; *run is
 * how many objects that are. What was allocated together is often freed together, in whatever
 * order. */
FR_INLINE size_t word_mates(const struct fr_span *s, size_t slot, void *const *objects, size_t n,
                            size_t *run)
{
    size_t reach = (size_t)s->object_size * FR_WORD_BITS;
    if (n > 1 && (size_t)((char *)objects[1] - (char *)objects[0]) + reach < 2 * reach)
        return more_mates(s, slot, objects, n, run);
    *run = 1;
    return (size_t)1 << (slot % FR_WORD_BITS);
}

/* Gives objects[0] and its word mates back; returns how many objects that is, *taken is how many
 * of them were taken and *span (NULL: none) whose they are. */
FR_INLINE size_t give_run(struct fr_heap *h, unsigned cls, void *const *objects, size_t n,
                          struct fr_span **span, size_t *taken, struct fr_misuse *m)
{
    size_t run;
    size_t slot;
    struct fr_span *s = span_for_give(h, cls, objects[0], m);
    *span = NULL;
    *taken = 0;
    if (FR_UNLIKELY(!s))
        return 1;
    if (FR_UNLIKELY(!fr_span_slot_exactly(s, objects[0], &slot))) {
        if (fr_misuse_note(m, FR_INVALID_POINTER, objects[0]))
            is_late(h, m);
        return 1;
    }
    size_t mask = word_mates(s, slot, objects, n, &run);
    *span = s;
    *taken = run;
    if (FR_UNLIKELY(!give_bits(s, slot / FR_WORD_BITS, mask)))
        *taken = give_some_twice(s, slot / FR_WORD_BITS, mask, m);
    return run;
}

void fr_slab_give(struct fr_heap *h, unsigned cls, void *const *objects, size_t n,
                  struct fr_misuse *m)
{
    /* Counts are lowered once for a run of objects of one span. What is owed keeps that span
     * alive. (A table of what is owed to several spans was slower: its hits and misses are
     * mispredicted.) */
    struct fr_span *current = NULL;
    size_t owed = 0;
    size_t given = 0;
    for (size_t i = 0; i < n;) {
        struct fr_span *s;
        size_t taken;
        i += give_run(h, cls, objects + i, n - i, &s, &taken, m);
        if (FR_UNLIKELY(!s))
            continue;
        if (s != current) {
            if (owed)
                lower(current, owed);
            current = s;
            owed = 0;
        }
        owed += taken;
        given += taken;
    }
    if (owed)
        lower(current, owed);
    fr_fetch_sub_relaxed(&h->slabs[cls].used, given);
    fr_bell_ring(&h->bell);
}
