/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/owned.h"

#include "base/bitrange.h"
#include "spans/slab.h"

static fr_atomic ids; /* given out so far */

size_t fr_owner_new_id(void)
{
    size_t id = fr_fetch_add_relaxed(&ids, 1) + 1;
    return id ? id : fr_owner_new_id();
}

static struct fr_span *span_of(struct fr_link *link)
{
    return FR_CONTAINER_OF(link, struct fr_span, in_owner);
}

static struct fr_link *first_of(const struct fr_keep *k)
{
    return *k->spans;
}

static fr_atomic *kept_word(struct fr_span *s, size_t word)
{
    return &s->taken[s->words + word];
}

/* ---- the ring of spans with kept objects, the one that came first in front ---- */

static void add(const struct fr_keep *k, struct fr_span *s)
{
    struct fr_link *first = first_of(k);
    fr_ring_add(&first, &s->in_owner);
    *k->spans = first;
}

static void drop(const struct fr_keep *k, struct fr_span *s)
{
    struct fr_link *first = first_of(k);
    fr_ring_remove(&first, &s->in_owner);
    *k->spans = first;
}

/* ---- what is kept ---- */

static void charge(const struct fr_keep *k, size_t n)
{
    k->owner->bytes += n * fr_class_size(k->cls);
    fr_store_u32_relaxed(k->objects, fr_load_u32_relaxed(k->objects) + (uint32_t)n);
}

static void discharge(const struct fr_keep *k, size_t n)
{
    k->owner->bytes -= n * fr_class_size(k->cls);
    fr_store_u32_relaxed(k->objects, fr_load_u32_relaxed(k->objects) - (uint32_t)n);
}

/* n objects of a span are not kept any more. */
static void leave(const struct fr_keep *k, struct fr_span *s, size_t n)
{
    discharge(k, n);
    s->kept -= (uint32_t)n;
    if (s->kept == 0)
        drop(k, s);
}

/* ---- back to the slab ---- */

static FR_COLD void note_twice(const struct fr_span *s, const void *p, struct fr_misuse *m)
{
    if (fr_misuse_note(m, FR_DOUBLE_FREE, p))
        fr_slab_note_late(s->heap, m);
}

/* Ends the keeping of a word's objects. Returns how many were still taken. */
static size_t give_word(struct fr_span *s, size_t word, struct fr_misuse *m)
{
    size_t mask = fr_load_relaxed(kept_word(s, word));
    if (mask == 0)
        return 0;
    fr_store_relaxed(kept_word(s, word), 0);
    size_t set = fr_span_untake(s, word, mask); /* [S.3] */
    if (FR_UNLIKELY(set != mask))
        note_twice(s, fr_span_object(s, word * FR_WORD_BITS + fr_ctz(mask & ~set)), m);
    return fr_popcount(set);
}

/* Gives all kept objects of a span back, which may end the span. Until then it stays [O.2]. */
static void give_span(const struct fr_keep *k, struct fr_span *s, struct fr_misuse *m)
{
    size_t n = 0;
    leave(k, s, s->kept);
    for (size_t word = 0; word < s->words; word++)
        n += give_word(s, word, m);
    if (n)
        fr_slab_unreserve(s, n);
    fr_bell_ring(&k->heap->bell);
}

void fr_owned_give_all(const struct fr_keep *k, struct fr_misuse *m)
{
    while (first_of(k))
        give_span(k, span_of(first_of(k)), m);
}

/* ---- keeping ---- */

/* Fewer kept objects of a span are not worth giving it back for: in a heap far above the bound
 * every object would be kept, and go soon after almost alone. */
#define WORTH_GIVING 16

/* Makes room for n objects at the cost of the span that has been there for longest, or of the next
 * ones. 0 when the class has none, or it is not worth it: the next call then tries another one. */
static int make_room(const struct fr_keep *k, size_t n, struct fr_misuse *m)
{
    while (k->owner->bytes + n * fr_class_size(k->cls) > k->owner->most) {
        struct fr_link *first = first_of(k);
        if (!first)
            return 0;
        if (span_of(first)->kept < WORTH_GIVING) {
            *k->spans = first->next;
            return 0;
        }
        give_span(k, span_of(first), m);
    }
    return 1;
}

/* The span of p, if it is of the class and the owner's [O.1]; else NULL. */
FR_INLINE struct fr_span *owned_span(const struct fr_heap *h, unsigned cls, size_t owner,
                                     const void *p)
{
    fr_entry e = fr_pagemap_get(&h->map, p);
    struct fr_span *s = fr_entry_span(e);
    return fr_entry_class(e) == cls && fr_load_relaxed(&s->owner) == owner ? s : NULL;
}

/* Keeps the object in a slot; 0 when it is not taken, or kept already. */
FR_INLINE int keep_slot(struct fr_span *s, size_t slot)
{
    fr_atomic *taken = &s->taken[slot / FR_WORD_BITS];
    fr_atomic *kept = taken + s->words;
    size_t bits = fr_load_relaxed(kept);
    if (FR_UNLIKELY(!((fr_load_relaxed(taken) & ~bits) >> slot % FR_WORD_BITS & 1)))
        return 0;
    fr_store_relaxed(kept, bits | (size_t)1 << slot % FR_WORD_BITS);
    return 1;
}

/* objects[0] is kept, in `slot`. Keeps those behind it that follow each other in memory, up to the
 * end of their word of bits; returns how many these are, objects[0] included. What was allocated
 * together is often freed together. */
static FR_NOINLINE size_t keep_neighbours(struct fr_span *s, size_t slot, void *const *objects,
                                          size_t n)
{
    const size_t size = s->object_size;
    const char *next = (const char *)objects[0] + size;
    size_t most = FR_WORD_BITS - slot % FR_WORD_BITS;
    size_t run = 1;
    if (most > s->capacity - slot)
        most = s->capacity - slot;
    for (; run < n && run < most && objects[run] == next; run++)
        next += size;
    fr_atomic *taken = &s->taken[slot / FR_WORD_BITS];
    fr_atomic *kept = taken + s->words;
    size_t mask = fr_bits_mask(0, slot % FR_WORD_BITS + 1, slot % FR_WORD_BITS + run);
    size_t bits = fr_load_relaxed(kept);
    if ((fr_load_relaxed(taken) & ~bits & mask) != mask)
        return 1; /* the next look finds out which */
    fr_store_relaxed(kept, bits | mask);
    return run;
}

/* Keeps some leading ones of n objects that begin in the span; returns how many. 0: the first is no
 * object, not taken, or kept already. */
FR_INLINE size_t keep_run(struct fr_span *s, void *const *objects, size_t n)
{
    size_t slot;
    if (FR_UNLIKELY(!fr_span_slot_exactly(s, objects[0], &slot) || !keep_slot(s, slot)))
        return 0;
    if (n > 1 && (size_t)((char *)objects[1] - (char *)objects[0]) == s->object_size)
        return keep_neighbours(s, slot, objects, n);
    return 1;
}

/* An object in an owned span that keep_run left. Non-zero when it is kept already, which is
 * noted. What else is wrong with it, fr_slab_give says. */
static FR_COLD int is_kept(struct fr_span *s, const void *p, struct fr_misuse *m)
{
    size_t slot;
    if (!fr_span_slot_exactly(s, p, &slot) ||
        !(fr_load_relaxed(kept_word(s, slot / FR_WORD_BITS)) >> slot % FR_WORD_BITS & 1))
        return 0;
    note_twice(s, p, m);
    return 1;
}

/* n more objects of a span are kept. When no object of it is in use, the span goes back. */
FR_INLINE void kept_more(const struct fr_keep *k, struct fr_span *s, size_t n, struct fr_misuse *m)
{
    if (s->kept == 0)
        add(k, s);
    s->kept += (uint32_t)n;
    if (s->kept == fr_load_relaxed(&s->count))
        give_span(k, s, m);
}

size_t fr_owned_keep(const struct fr_keep *k, void **objects, size_t n, struct fr_misuse *m)
{
    const struct fr_heap *h = k->heap;
    const size_t owner = k->owner->id;
    const unsigned cls = k->cls;
    size_t left = 0;
    size_t dropped = 0;
    if (owner == 0 || !make_room(k, n, m))
        return n;
    charge(k, n);
    for (size_t i = 0; i < n;) {
        struct fr_span *s = owned_span(h, cls, owner, objects[i]);
        size_t run = s ? keep_run(s, objects + i, n - i) : 0;
        if (FR_LIKELY(run)) {
            kept_more(k, s, run, m);
            i += run;
        } else {
            if (s && is_kept(s, objects[i], m))
                dropped++;
            else
                objects[left++] = objects[i];
            i++;
        }
    }
    discharge(k, left + dropped);
    return left;
}

/* ---- taking ---- */

/* Takes up to n kept objects of a word; stores them below out[n]. Returns how many. */
static size_t take_in_word(struct fr_span *s, size_t word, size_t n, void **out)
{
    size_t kept = fr_load_relaxed(kept_word(s, word));
    char *first = fr_span_object(s, word * FR_WORD_BITS);
    size_t left = n;
    for (; kept && left; kept &= kept - 1)
        out[--left] = first + fr_ctz(kept) * s->object_size;
    fr_store_relaxed(kept_word(s, word), kept);
    return n - left;
}

/* From the end, as fr_span_take does. */
static size_t take_in_span(const struct fr_keep *k, struct fr_span *s, size_t n, void **out)
{
    size_t got = n < s->kept ? n : s->kept;
    size_t left = got;
    for (size_t word = 0; left; word++)
        left -= take_in_word(s, word, left, out);
    leave(k, s, got);
    return got;
}

size_t fr_owned_take(const struct fr_keep *k, size_t n, void **out)
{
    size_t got = 0;
    while (got < n && first_of(k))
        got += take_in_span(k, span_of(first_of(k)->prev), n - got, out + got);
    return got;
}
