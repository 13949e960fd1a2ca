/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "check.h"

#include "cache/registry.h"
#include "spans/kept.h"
#include "spans/slab_list.h"

/* Names the line of the first check that fails, to a debugger's breakpoint at least. */
static int fail(int line)
{
    static volatile int broken_at;
    broken_at = line;
    return broken_at == 0;
}

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return fail(__LINE__);                                                                 \
    } while (0)

static int entries_are_valid(const struct fr_span *s)
{
    fr_entry expected = fr_entry_make(s, s->cls);
    size_t bytes = s->cls == FR_CLASS_LARGE ? FR_PAGE_SIZE : s->bytes;
    for (size_t at = 0; at < bytes; at += FR_PAGE_SIZE)
        CHECK(fr_pagemap_get(&s->heap->map, fr_span_base(s) + at) == expected);
    return 1;
}

/* Of a data span of an instance that is not checked. */
static int kept_words_are_valid(const struct fr_span *s)
{
    size_t kept = 0;
    for (size_t word = 0; word < s->words; word++) {
        size_t bits = fr_load_relaxed(&s->taken[s->words + word]);
        CHECK((bits & ~fr_load_relaxed(&s->taken[word])) == 0);
        kept += fr_popcount(bits);
    }
    CHECK(kept == s->kept);
    return 1;
}

int fr_span_is_valid(const struct fr_span *s)
{
    size_t count = fr_load_relaxed(&s->count);
    CHECK(fr_is_aligned(s, FR_SPAN_ALIGN));
    CHECK(fr_is_aligned(fr_span_base(s), fr_span_align(s)));
    CHECK(s->bytes % FR_PAGE_SIZE == 0 && s->bytes > 0);
    CHECK(count <= s->capacity);
    CHECK(fr_span_taken_count(s) == count);
    CHECK(s->cls <= FR_CLASS_LARGE);
    if (s->cls == FR_CLASS_LARGE) {
        CHECK(s->capacity == 1 && count == 1);
    } else {
        CHECK(fr_span_slots(s) * s->object_size <= s->bytes);
        CHECK((s->bin == FR_BIN_NONE) == (count == s->capacity));
        CHECK(fr_load_relaxed(&s->fresh) <= fr_span_slots(s));
    }
    if (s->cls < FR_CLASS_COUNT && fr_heap_has_owners(s->heap) && !kept_words_are_valid(s))
        return 0;
    return entries_are_valid(s);
}

static int bin_is_valid(const struct fr_heap *h, unsigned cls, unsigned bin, size_t *linked)
{
    struct fr_link *first = bin == FR_BIN_EMPTY ? h->empties[cls].list : h->slabs[cls].bins[bin];
    struct fr_link *link = first;
    if (!first)
        return 1;
    do {
        struct fr_span *s = fr_span_of_slab_link(link);
        CHECK(link->next->prev == link && link->prev->next == link);
        CHECK(s->cls == cls && s->bin == bin);
        CHECK(fr_load_relaxed(&s->count) < s->capacity);
        CHECK((fr_load_relaxed(&s->count) == 0) == (bin == FR_BIN_EMPTY));
        ++*linked;
        link = link->next;
    } while (link != first);
    return 1;
}

int fr_slab_is_valid(struct fr_heap *h, unsigned cls)
{
    const struct fr_slab *slab = &h->slabs[cls];
    enum fr_span_kind kind = cls < FR_CLASS_COUNT ? FR_DATA_SPANS : FR_META_SPANS;
    size_t linked = 0;
    size_t partial = 0;
    size_t bytes = 0;
    size_t used = 0;
    size_t slots = 0;
    size_t empty = 0;
    for (unsigned bin = 0; bin <= FR_BIN_EMPTY; bin++)
        if (!bin_is_valid(h, cls, bin, &linked))
            return 0;
    for (struct fr_link *l = h->all.kinds[kind].next; l != &h->all.kinds[kind]; l = l->next) {
        struct fr_span *s = fr_span_of_all_link(l);
        if (s->cls != cls)
            continue;
        partial += fr_load_relaxed(&s->count) < s->capacity;
        bytes += s->bytes;
        empty += fr_load_relaxed(&s->count) == 0 ? s->bytes : 0;
        slots += s->capacity;
        used += fr_load_relaxed(&s->count);
    }
    CHECK(linked == partial);
    CHECK(bytes == fr_load_relaxed(&slab->held));
    CHECK(used == fr_load_relaxed(&slab->used));
    CHECK(slots == fr_load_relaxed(&slab->slots));
    CHECK(empty == fr_load_relaxed(&h->empties[cls].bytes));
    return 1;
}

/* The spans in which a cache keeps objects of a class; adds their bytes. */
static int kept_is_valid(const struct frusa_cache *c, unsigned cls, size_t *bytes)
{
    struct fr_link *first = c->fast.magazines[cls].kept;
    size_t objects = 0;
    for (struct fr_link *link = first; link;) {
        const struct fr_span *s = FR_CONTAINER_OF(link, struct fr_span, in_owner);
        CHECK(s->kept != 0 && s->cls == cls && fr_load_relaxed(&s->owner) == c->owner.id);
        CHECK(link->next->prev == link);
        objects += s->kept;
        link = link->next == first ? NULL : link->next;
    }
    CHECK(objects == fr_load_u32_relaxed(&c->info[cls].kept));
    *bytes += objects * fr_class_size(cls);
    return 1;
}

static int caches_are_valid(struct fr_instance *inst)
{
    size_t cached[FR_CACHED_CLASSES] = {0};
    for (struct fr_link *link = inst->registry.caches.next; link != &inst->registry.caches;
         link = link->next) {
        struct frusa_cache *c = fr_cache_of_link(link);
        size_t capacity = 0;
        size_t kept = 0;
        CHECK(fr_load_relaxed(&c->fast.busy) == 0 && fr_load_relaxed(&c->state) == 0);
        for (unsigned cls = 0; cls < FR_CACHED_CLASSES; cls++) {
            const struct frusa_inline_magazine_ *mag = &c->fast.magazines[cls];
            size_t lo = fr_load_relaxed(&mag->lo);
            size_t top = fr_load_relaxed(&mag->top);
            size_t hi = fr_load_relaxed(&mag->hi);
            CHECK(lo <= top && top <= hi && (top - lo) % sizeof(void *) == 0);
            CHECK((lo != 0) == (c->info[cls].capacity != 0));
            CHECK(hi - lo == c->info[cls].capacity * sizeof(void *));
            capacity += c->info[cls].capacity * fr_class_size(cls);
            cached[cls] += fr_cache_objects(c, cls);
            if (!kept_is_valid(c, cls, &kept))
                return 0;
        }
        CHECK(capacity + c->budget + c->owner.most == inst->thread_cache_max);
        CHECK(kept == c->owner.bytes && kept <= c->owner.most);
    }
    for (unsigned cls = 0; cls < FR_CACHED_CLASSES; cls++)
        CHECK(cached[cls] <= fr_load_relaxed(&inst->heap.slabs[cls].used));
    return 1;
}

/* held = all spans + record and headers, by purpose. */
static int books_are_valid(const struct fr_instance *inst)
{
    const struct fr_heap *h = &inst->heap;
    static const enum fr_purpose purpose[] = {FR_FOR_SPANS, FR_FOR_METADATA, FR_FOR_LARGE};
    size_t total = 0;
    for (unsigned kind = 0; kind < FR_SPAN_KINDS; kind++) {
        size_t bytes = 0;
        if (kind == FR_META_SPANS)
            bytes = fr_registry_record_bytes(inst) + fr_pagemap_held(&h->map);
        for (struct fr_link *l = h->all.kinds[kind].next; l != &h->all.kinds[kind]; l = l->next) {
            struct fr_span *s = fr_span_of_all_link(l);
            CHECK(l->next->prev == l);
            CHECK(s->heap == h);
            CHECK(kind != FR_LARGE_SPANS ||
                  fr_large_index_find(&h->all.large, fr_span_base(s)) == s);
            if (!fr_span_is_valid(s))
                return 0;
            bytes += kind == FR_LARGE_SPANS ? s->room : s->bytes;
        }
        CHECK(fr_load_relaxed(&h->backing.held_for[purpose[kind]]) == bytes);
        total += bytes;
    }
    CHECK(fr_load_relaxed(&h->kept.bytes) == fr_load_relaxed(&h->backing.held_for[FR_FOR_KEPT]));
    total += fr_load_relaxed(&h->kept.bytes);
    CHECK(fr_load_relaxed(&h->backing.held) == total);
    CHECK(fr_load_relaxed(&h->backing.granted) == total);
    return 1;
}

int fr_instance_is_valid(frusa_t *f)
{
    return fr_heap_is_valid(f) && fr_pagemap_is_valid(&fr_instance_of(f)->heap.map);
}

int fr_heap_is_valid(frusa_t *f)
{
    struct fr_instance *inst = fr_instance_of(f);
    size_t empty = 0;
    if (!fr_instance_is_ready(inst))
        return 1;
    if (!fr_kept_is_valid(&inst->heap) || !books_are_valid(inst) || !caches_are_valid(inst))
        return 0;
    for (unsigned cls = 0; cls < FR_CLASS_COUNT + FR_META_COUNT; cls++)
        if (!fr_slab_is_valid(&inst->heap, cls))
            return 0;
    for (unsigned cls = 0; cls < FR_CLASS_COUNT; cls++)
        empty += fr_load_relaxed(&inst->heap.empties[cls].bytes);
    CHECK(empty + fr_load_relaxed(&inst->heap.kept.bytes) ==
          fr_load_relaxed(&inst->heap.empty_bytes));
    return 1;
}
