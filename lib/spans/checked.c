/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/checked.h"

#include "port/memory.h"
#include "port/tools.h"
#include "spans/give.h"
#include "spans/judge.h"
#include "spans/quarantine.h"

#define FRONT   FR_MIN_ALIGN
#define TRAILER sizeof(struct trailer)

#define CANARY           0xc5            /* around live objects */
#define PATTERN          FR_FREE_PATTERN /* the last byte tells whether the object had a front */
#define PATTERN_NO_FRONT 0xde

struct trailer {
    uint64_t size;
    uint64_t seal; /* hash << 8 | class << 1 | front, see seal_of */
};

/* A slot that an address was found in. */
struct found {
    struct fr_span *span;
    char *slot;
    size_t number;
    struct trailer *trailer;
    /* What the trailer says, where it is whole. */
    size_t size;
    size_t front;
    unsigned cls;
};

_Static_assert(FR_CLASS_BITS == 7, "the seal keeps 7 bits for a class");

/* Multiplicative mixing (the finaliser of S. Vigna's splitmix64). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t seal_of(const struct trailer *t, unsigned cls, int front)
{
    uint64_t facts = (uint64_t)cls << 1 | (front != 0);
    return mix((uint64_t)(uintptr_t)t ^ mix(t->size ^ facts)) << 8 | facts;
}

static int seal_holds(const struct trailer *t)
{
    unsigned cls = (unsigned)(t->seal & 0xff) >> 1;
    return cls < FR_CLASS_COUNT && t->seal == seal_of(t, cls, t->seal & 1);
}

static unsigned sealed_class(const struct trailer *t)
{
    return (unsigned)(t->seal & 0xff) >> 1;
}

static size_t sealed_front(const struct trailer *t)
{
    return t->seal & 1 ? FRONT : 0;
}

static int all_are(const void *from, const void *to, unsigned char value)
{
    for (const unsigned char *at = from; at < (const unsigned char *)to; at++)
        if (*at != value)
            return 0;
    return 1;
}

static struct trailer *trailer_of(const struct fr_span *s, char *slot)
{
    return (struct trailer *)(void *)(slot + s->object_size - TRAILER);
}

/* The physical class for a layout; FR_CLASS_NONE when its slot would be too large. */
static unsigned physical_class(size_t size, size_t align, unsigned *cls, size_t *front)
{
    *cls = fr_class_of_layout(size, align);
    *front = align <= FR_MIN_ALIGN ? FRONT : 0;
    size_t bytes = fr_class_size(*cls) + *front + TRAILER;
    if (align > FR_MIN_ALIGN)
        bytes = fr_align_up(bytes, align);
    return bytes > FR_CHECKED_MAX_SIZE ? FR_CLASS_NONE : fr_class_of_size(bytes);
}

int fr_checked_is_large(size_t size, size_t align)
{
    unsigned cls;
    size_t front;
    return physical_class(size, align, &cls, &front) == FR_CLASS_NONE;
}

size_t fr_checked_slot_bytes(size_t size, size_t align)
{
    unsigned cls;
    size_t front;
    return fr_class_size(physical_class(size, align, &cls, &front));
}

static fr_atomic *live_word(struct fr_span *s, size_t slot)
{
    return &s->taken[s->words + slot / FR_WORD_BITS];
}

static size_t live_bit(size_t slot)
{
    return (size_t)1 << (slot % FR_WORD_BITS);
}

static int is_live(struct fr_span *s, size_t slot)
{
    return (fr_load_relaxed(live_word(s, slot)) & live_bit(slot)) != 0;
}

static void set_live(struct fr_span *s, size_t slot, int live)
{
    fr_atomic *word = live_word(s, slot);
    size_t value;
    do
        value = fr_load_relaxed(word);
    while (!fr_cas_full(word, value, live ? value | live_bit(slot) : value & ~live_bit(slot)));
}

/* Writes trailer and canaries of an object at `p`. */
static void seal(struct fr_span *s, char *slot, char *p, size_t size, unsigned cls)
{
    struct trailer *t = trailer_of(s, slot);
    memset(slot, CANARY, (size_t)(p - slot));
    memset(p + size, CANARY, (size_t)((char *)t - (p + size)));
    t->size = size;
    t->seal = seal_of(t, cls, p != slot);
}

/* Opens or closes (`act`) for the library what surrounds an object of `size` bytes at p. */
static void around(const struct fr_span *s, const char *slot, const char *p, size_t size,
                   void (*act)(const void *, size_t))
{
    if (!fr_heap_is_watched(s->heap))
        return;
    act(slot, (size_t)(p - slot));
    act(p + size, (size_t)(slot + s->object_size - (p + size)));
}

/* Opens or closes all of a slot. */
static void whole(const struct fr_span *s, const char *slot, void (*act)(const void *, size_t))
{
    if (fr_heap_is_watched(s->heap))
        act(slot, s->object_size);
}

static void fill_free(struct fr_span *s, char *slot, size_t front)
{
    memset(slot, PATTERN, s->object_size);
    if (!front)
        slot[s->object_size - 1] = (char)PATTERN_NO_FRONT;
}

/* A slot that was free: notes a write since then. */
static void verify_free(struct fr_span *s, char *slot, struct fr_misuse *m)
{
    unsigned char last = (unsigned char)slot[s->object_size - 1];
    if (all_are(slot, slot + s->object_size - 1, PATTERN) &&
        (last == PATTERN || last == PATTERN_NO_FRONT))
        return;
    fr_misuse_note(m, FR_WRITE_AFTER_FREE, slot + (last == PATTERN_NO_FRONT ? 0 : FRONT));
}

void *fr_checked_alloc(struct fr_heap *h, size_t size, size_t align, int *at_limit,
                       struct fr_misuse *m)
{
    unsigned cls;
    size_t front;
    unsigned physical = physical_class(size, align, &cls, &front);
    char *slot = fr_grow_alloc_one(h, physical, NULL, at_limit);
    if (!slot) {
        fr_quarantine_empty(h, m);
        slot = fr_grow_alloc_one(h, physical, NULL, at_limit);
    }
    if (!slot)
        return NULL;
    struct fr_span *s = fr_entry_span(fr_pagemap_get(&h->map, slot));
    whole(s, slot, fr_tools_open);
    verify_free(s, slot, m);
    if (m->kind != FR_MISUSE_NONE) {
        whole(s, slot, fr_tools_close);
        return NULL; /* the slot stays taken: nobody gets it any more */
    }
    seal(s, slot, slot + front, size, cls);
    set_live(s, fr_span_slot_of(s, slot), 1);
    whole(s, slot, fr_tools_close);
    if (fr_heap_is_watched(h))
        fr_tools_allocated(slot + front, size);
    return slot + front;
}

/* Reads the trailer of a live slot; 0 when it is damaged. */
static int read_trailer(struct found *f)
{
    int watched = fr_heap_is_watched(f->span->heap);
    if (watched)
        fr_tools_open(f->trailer, TRAILER);
    int whole_trailer = seal_holds(f->trailer);
    f->size = (size_t)f->trailer->size;
    f->front = sealed_front(f->trailer);
    f->cls = sealed_class(f->trailer);
    if (watched)
        fr_tools_close(f->trailer, TRAILER);
    return whole_trailer;
}

/* Under the guard: the live object at `p`; its kind of misuse when it is none. */
static enum fr_misuse_kind find_live(struct fr_heap *h, const void *p, struct found *f)
{
    struct fr_found found;
    enum fr_misuse_kind kind = fr_judge(h, p, &found);
    if (kind != FR_MISUSE_NONE)
        return kind;
    f->size = fr_found_size(&found);
    if (found.cls == FR_CLASS_LARGE)
        return FR_LAYOUT_MISMATCH;
    f->span = found.span;
    f->number = found.slot;
    f->slot = fr_span_object(f->span, f->number);
    f->trailer = trailer_of(f->span, f->slot);
    size_t front = (size_t)((const char *)p - f->slot);
    if (front != 0 && front != FRONT)
        return FR_INVALID_POINTER;
    if (!is_live(f->span, f->number))
        return f->number < fr_load_relaxed(&f->span->fresh) ? FR_DOUBLE_FREE : FR_INVALID_POINTER;
    return read_trailer(f) ? FR_MISUSE_NONE : FR_OVERFLOW;
}

static int claim_holds(const struct fr_heap *h, const struct fr_claim *claim, const struct found *f)
{
    if (!claim->known)
        return 1;
    if (claim->size > h->managed_max || claim->align > h->managed_max)
        return 0;
    /* Its class as a layout, or as a slot: frusa_good_size tells the latter. */
    return fr_class_of_layout(claim->size, claim->align) == f->cls ||
           (!fr_checked_is_large(claim->size, claim->align) &&
            fr_checked_slot_bytes(claim->size, claim->align) == f->span->object_size);
}

/* The object before is live and its trailer is gone: then it, not this one, was overrun. */
static char *overrun_neighbour(const struct found *f)
{
    if (f->number == 0 || !is_live(f->span, f->number - 1))
        return NULL;
    struct found before = *f;
    before.slot = f->slot - f->span->object_size;
    before.trailer = trailer_of(f->span, before.slot);
    return read_trailer(&before) ? NULL : before.slot + FRONT;
}

/* Notes damage around a live object; 0 when there is some. */
static int canaries_hold(const struct found *f, const char *p, struct fr_misuse *m)
{
    around(f->span, f->slot, p, f->size, fr_tools_open);
    int behind = all_are(p + f->size, f->trailer, CANARY);
    int before = all_are(f->slot, p, CANARY);
    around(f->span, f->slot, p, f->size, fr_tools_close);
    if (!behind) {
        fr_misuse_note_size(m, FR_OVERFLOW, p, f->size);
        return 0;
    }
    if (before)
        return 1;
    char *neighbour = overrun_neighbour(f);
    if (neighbour)
        fr_misuse_note(m, FR_OVERFLOW, neighbour);
    else
        fr_misuse_note_size(m, FR_UNDERFLOW, p, f->size);
    return 0;
}

/* Under the guard: find_live, the claim and the canaries. 0 with misuse noted. */
static int validate(struct fr_heap *h, const void *p, const struct fr_claim *claim, struct found *f,
                    struct fr_misuse *m)
{
    enum fr_misuse_kind kind = find_live(h, p, f);
    if (kind == FR_MISUSE_NONE && (size_t)((const char *)p - f->slot) != f->front)
        kind = FR_INVALID_POINTER;
    if (kind == FR_MISUSE_NONE && !claim_holds(h, claim, f))
        kind = FR_LAYOUT_MISMATCH;
    if (kind != FR_MISUSE_NONE) {
        fr_misuse_note_size(m, kind, p, kind == FR_LAYOUT_MISMATCH ? f->size : FR_UNKNOWN_SIZE);
        return 0;
    }
    return canaries_hold(f, p, m);
}

void fr_checked_dealloc(struct fr_heap *h, void *p, const struct fr_claim *claim,
                        struct fr_misuse *m)
{
    struct found f;
    fr_pagemap_guard(&h->map);
    int valid = validate(h, p, claim, &f, m);
    if (valid)
        set_live(f.span, f.number, 0);
    fr_pagemap_unguard(&h->map);
    if (!valid)
        return;
    void *slot = f.slot;
    if (!fr_heap_is_watched(h)) {
        fill_free(f.span, f.slot, f.front);
        fr_slab_give(h, f.span->cls, &slot, 1, m);
        return;
    }
    fr_tools_freed(p, f.size);
    fr_tools_open(f.slot, f.span->object_size);
    fill_free(f.span, f.slot, f.front);
    fr_tools_close(f.slot, f.span->object_size);
    fr_quarantine_put(h, slot, m);
}

void fr_checked_forget(struct fr_span *s)
{
    struct found f = {.span = s};
    for (size_t slot = 0; slot < fr_span_slots(s); slot++) {
        f.slot = fr_span_object(s, slot);
        f.trailer = trailer_of(s, f.slot);
        if (is_live(s, slot) && read_trailer(&f))
            fr_tools_freed(f.slot + f.front, f.size);
    }
}

size_t fr_checked_size(struct fr_heap *h, const void *p, const struct fr_claim *claim,
                       struct fr_misuse *m)
{
    struct found f;
    fr_pagemap_guard(&h->map);
    size_t size = validate(h, p, claim, &f, m) ? f.size : 0;
    fr_pagemap_unguard(&h->map);
    return size;
}

int fr_checked_resize(struct fr_heap *h, void *p, size_t align, size_t new_size)
{
    struct found f;
    struct fr_misuse ignored = FR_NO_MISUSE;
    struct fr_claim any = {0, 0, 0};
    int done = 0;
    fr_pagemap_guard(&h->map);
    if (validate(h, p, &any, &f, &ignored) && new_size <= h->managed_max &&
        fr_class_of_layout(new_size, align) == f.cls) {
        size_t kept = new_size < f.size ? new_size : f.size;
        around(f.span, f.slot, p, kept, fr_tools_open);
        seal(f.span, f.slot, p, new_size, f.cls);
        around(f.span, f.slot, p, kept, fr_tools_close);
        if (fr_heap_is_watched(h))
            fr_tools_resized(p, f.size, new_size);
        done = 1;
    }
    fr_pagemap_unguard(&h->map);
    return done;
}
