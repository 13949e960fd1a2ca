/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "slab.h"

/* Spans that one hold of the slab lock moves between bins while it looks for a full one, or that one
 * hold of a scan visits: bounds the hold to about a microsecond. */
#define MOVES_PER_HOLD 8
#define SCAN_PER_HOLD  32

struct reservation {
    struct fr_span *span;
    size_t n;
};

static struct fr_span *span_of_link(struct fr_link *link)
{
    return FR_CONTAINER_OF(link, struct fr_span, in_slab);
}

static unsigned bin_for(const struct fr_span *s, size_t count)
{
    unsigned bin = (unsigned)(count * FR_BIN_COUNT / s->capacity);
    return bin < FR_BIN_COUNT ? bin : FR_BIN_COUNT - 1;
}

/* Under the slab lock. Appends to the bin's circular list: its first member is bins[bin]. */
static void bin_append(struct fr_slab *slab, struct fr_span *s, unsigned bin)
{
    struct fr_link **head = &slab->bins[bin];
    s->bin = (uint8_t)bin;
    if (*head) {
        fr_list_insert_after((*head)->prev, &s->in_slab);
    } else {
        fr_list_init(&s->in_slab);
        *head = &s->in_slab;
    }
}

/* Under the slab lock. */
static void bin_remove(struct fr_slab *slab, struct fr_span *s)
{
    struct fr_link **head = &slab->bins[s->bin];
    if (*head == &s->in_slab)
        *head = s->in_slab.next == &s->in_slab ? NULL : s->in_slab.next;
    fr_list_remove(&s->in_slab);
    s->bin = FR_BIN_NONE;
}

/* Under the slab lock. The fullest span, roughly, with a free slot; NULL when all are full. */
static struct fr_span *fullest(struct fr_slab *slab)
{
    unsigned moves = 0;
    for (unsigned bin = FR_BIN_COUNT; bin-- > 0;) {
        while (slab->bins[bin]) {
            struct fr_span *s = span_of_link(slab->bins[bin]);
            unsigned now = bin_for(s, fr_load_relaxed(&s->count));
            if (now >= bin || ++moves > MOVES_PER_HOLD)
                return s;
            bin_remove(slab, s);
            bin_append(slab, s, now);
        }
    }
    return NULL;
}

/* Under the slab lock. Raises a linked span's count by up to n [S.1]; returns by how much. */
static size_t reserve(struct fr_slab *slab, struct fr_span *s, size_t n)
{
    size_t free_slots = s->capacity - fr_load_relaxed(&s->count);
    if (n > free_slots)
        n = free_slots;
    size_t count = fr_fetch_add_acquire(&s->count, n) + n;
    if (count == s->capacity) {
        bin_remove(slab, s); /* [S.6] */
    } else if (bin_for(s, count) > s->bin) {
        bin_remove(slab, s);
        bin_append(slab, s, bin_for(s, count));
    }
    return n;
}

size_t fr_slab_take(struct fr_heap *h, unsigned cls, size_t n, void **out, int *is_fresh)
{
    struct fr_slab *slab = &h->slabs[cls];
    struct reservation r[FR_RESERVE_SPANS];
    size_t got = 0;
    unsigned spans = 0;

    fr_lock_acquire(&slab->lock, FR_RANK_SLAB);
    while (spans < FR_RESERVE_SPANS && got < n) {
        struct fr_span *s = fullest(slab);
        if (!s)
            break;
        r[spans].span = s;
        r[spans].n = reserve(slab, s, n - got);
        got += r[spans++].n;
    }
    fr_fetch_add_relaxed(&slab->used, got);
    fr_lock_release(&slab->lock, FR_RANK_SLAB);

    for (unsigned i = 0; i < spans; i++) {
        struct fr_span *s = r[i].span;
        size_t fresh = fr_span_take(s, r[i].n, out);
        if (is_fresh)
            *is_fresh = fr_span_slot_of(s, out[0]) >= fresh;
        out += r[i].n;
    }
    return got;
}

void fr_slab_link(struct fr_heap *h, struct fr_span *s)
{
    struct fr_slab *slab = &h->slabs[s->cls];
    size_t count = fr_load_relaxed(&s->count);
    fr_lock_acquire(&slab->lock, FR_RANK_SLAB);
    s->seen = slab->scan;
    fr_fetch_add_relaxed(&slab->used, count);
    if (count < s->capacity)
        bin_append(slab, s, bin_for(s, count));
    fr_lock_release(&slab->lock, FR_RANK_SLAB);
}

/* Lowers a span's count by n; relinks it when it was full. [S.4], [S.5] */
static void lower(struct fr_slab *slab, struct fr_span *s, size_t n)
{
    if (FR_LIKELY(fr_span_lower(s, n)))
        return;
    fr_lock_acquire(&slab->lock, FR_RANK_SLAB);
    size_t capacity = s->capacity;
    if (fr_fetch_sub_release(&s->count, n) == capacity)
        bin_append(slab, s, bin_for(s, capacity - n));
    fr_lock_release(&slab->lock, FR_RANK_SLAB);
}

enum fr_misuse_kind fr_slab_diagnose(struct fr_heap *h, const void *p)
{
    enum fr_misuse_kind kind = FR_LAYOUT_MISMATCH;
    fr_pagemap_guard();
    fr_entry e = fr_pagemap_get(p);
    struct fr_span *s = fr_entry_span(e);
    unsigned cls = fr_entry_class(e);
    if (!s || (cls >= FR_META_FIRST && cls < FR_CLASS_LARGE))
        kind = FR_INVALID_POINTER;
    else if (cls == FR_CLASS_LARGE && s->base != (const char *)p)
        kind = FR_INVALID_POINTER;
    else if (s->heap != h)
        kind = FR_WRONG_INSTANCE;
    else if (cls < FR_CLASS_COUNT && fr_span_object(s, fr_span_slot_of(s, p)) != (const char *)p)
        kind = FR_INVALID_POINTER;
    fr_pagemap_unguard();
    return kind;
}

/* The span of an object that is given back, NULL (noted in *m) when it is none of this class. */
static struct fr_span *span_for_give(struct fr_heap *h, unsigned cls, const void *p,
                                     struct fr_misuse *m)
{
    fr_entry e = fr_pagemap_get(p);
    struct fr_span *s = fr_entry_span(e);
    if (FR_LIKELY(fr_entry_class(e) == cls && s && s->heap == h))
        return s;
    fr_misuse_note(m, fr_slab_diagnose(h, p), p);
    return NULL;
}

/* Clears the bits of a word; returns how many were set. One that was not had been given back before. */
static size_t give_bits(struct fr_span *s, size_t word, size_t mask, struct fr_misuse *m)
{
    if (mask == 0)
        return 0;
    size_t set = fr_span_untake(s, word, mask);
    if (FR_UNLIKELY(set != mask))
        fr_misuse_note(m, FR_DOUBLE_FREE,
                       fr_span_object(s, word * FR_WORD_BITS + fr_ctz(mask & ~set)));
    return fr_popcount(set);
}

/*
 * Gives the run of objects back that starts at objects[0] and stays in span s: bits word by word, the
 * count once. The objects' own reservations keep the span alive until the lowering [S.3]. Returns the
 * length of the run; *given grows by the objects that were really taken.
 */
static size_t give_run(struct fr_slab *slab, struct fr_span *s, void *const *objects, size_t n,
                       size_t *given, struct fr_misuse *m)
{
    size_t i = 0;
    size_t lowered = 0;
    size_t word = 0;
    size_t mask = 0;
    for (; i < n && (size_t)((char *)objects[i] - s->base) < s->bytes; i++) {
        size_t slot = fr_span_slot_of(s, objects[i]);
        size_t bit = (size_t)1 << (slot % FR_WORD_BITS);
        if (FR_UNLIKELY(slot >= fr_span_slots(s) || fr_span_object(s, slot) != objects[i])) {
            fr_misuse_note(m, FR_INVALID_POINTER, objects[i]);
            continue;
        }
        if (slot / FR_WORD_BITS != word || (mask & bit)) {
            lowered += give_bits(s, word, mask, m);
            mask = 0;
            word = slot / FR_WORD_BITS;
        }
        mask |= bit;
    }
    lowered += give_bits(s, word, mask, m);
    if (lowered)
        lower(slab, s, lowered);
    *given += lowered;
    return i;
}

void fr_slab_give(struct fr_heap *h, unsigned cls, void *const *objects, size_t n,
                  struct fr_misuse *m)
{
    struct fr_slab *slab = &h->slabs[cls];
    size_t given = 0;
    for (size_t i = 0; i < n;) {
        struct fr_span *s = span_for_give(h, cls, objects[i], m);
        i += s ? give_run(slab, s, objects + i, n - i, &given, m) : 1;
    }
    fr_fetch_sub_relaxed(&slab->used, given);
}

/*
 * Under the slab lock. Visits up to SCAN_PER_HOLD spans of a bin that this scan has not met: retires the
 * empty ones, rotates the others to the end of the list, where newcomers go too. So the spans that
 * were there when the scan began come first, and a head that was met ends the bin. Returns non-zero
 * when the bin is done.
 */
static int scan_bin(struct fr_slab *slab, unsigned bin, struct fr_link **found, size_t *want)
{
    for (unsigned i = 0; i < SCAN_PER_HOLD && *want; i++) {
        struct fr_link *head = slab->bins[bin];
        if (!head || span_of_link(head)->seen == slab->scan)
            return 1;
        struct fr_span *s = span_of_link(head);
        s->seen = slab->scan;
        if (fr_load_relaxed(&s->count) == 0 && fr_cas_acquire(&s->count, 0, FR_RETIRED)) {
            bin_remove(slab, s); /* [S.7] */
            s->in_slab.next = *found;
            *found = &s->in_slab;
            *want -= s->bytes < *want ? s->bytes : *want;
        } else {
            slab->bins[bin] = head->next;
        }
    }
    return *want == 0;
}

/* Takes the spans of one hold out of sight: nobody can find them through the heap any more. */
static void drop(struct fr_heap *h, struct fr_slab *slab, struct fr_link *found,
                 struct fr_link **retired)
{
    while (found) {
        struct fr_link *next = found->next;
        struct fr_span *s = span_of_link(found);
        fr_pagemap_clear(s->base, s->bytes);
        fr_heap_list_remove(h, s);
        fr_fetch_sub_relaxed(&slab->held, s->bytes);
        found->next = *retired;
        *retired = found;
        found = next;
    }
}

void fr_slab_retire_empty(struct fr_heap *h, unsigned cls, struct fr_link **retired, size_t *want)
{
    struct fr_slab *slab = &h->slabs[cls];
    if (fr_load_relaxed(&slab->held) == 0)
        return;
    fr_lock_acquire(&slab->lock, FR_RANK_SLAB);
    slab->scan++;
    fr_lock_release(&slab->lock, FR_RANK_SLAB);
    /* From the fullest down: a span that mutators move meanwhile goes to a bin still to come. */
    for (unsigned bin = FR_BIN_COUNT; bin-- > 0 && *want;) {
        int done;
        do {
            struct fr_link *found = NULL;
            fr_lock_acquire(&slab->lock, FR_RANK_SLAB);
            done = scan_bin(slab, bin, &found, want);
            fr_lock_release(&slab->lock, FR_RANK_SLAB);
            drop(h, slab, found, retired);
        } while (!done);
    }
}
