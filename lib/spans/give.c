/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/give.h"

#include "base/count.h"
#include "spans/judge.h"
#include "spans/slab.h"

static FR_COLD void diagnose(struct fr_heap *h, unsigned cls, const void *p, struct fr_misuse *m)
{
    if (!fr_diagnose(h, p, m))
        return;
    m->freed_as = fr_class_size(cls);
    fr_slab_note_late(h, m);
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
        fr_slab_note_late(s->heap, m);
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
            fr_slab_note_late(h, m);
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
                fr_slab_lower(current, owed);
            current = s;
            owed = 0;
        }
        owed += taken;
        given += taken;
    }
    if (owed)
        fr_slab_lower(current, owed);
    if (given)
        fr_fetch_sub_relaxed(&h->slabs[cls].used, given);
    fr_bell_ring(&h->bell);
}
