/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/grow.h"

#include "port/memory.h"

#include "spans/recycle.h"

#include "spans/watch.h"

static unsigned reserved_or_all(unsigned capacity, size_t reserved)
{
    return reserved < capacity ? (unsigned)reserved : capacity;
}

/* Registers a span that is filled in; 0 when the page map has no room. */
static int publish(struct fr_heap *h, struct fr_span *s, enum fr_span_kind kind, int *at_limit)
{
    if (!fr_pagemap_set(&h->map, s->base, s->bytes, fr_entry_make(s, s->cls), &s->outer, at_limit))
        return 0;
    fr_fetch_add_relaxed(&h->slabs[s->cls].held, s->bytes);
    fr_heap_list_add(h, s, kind);
    return 1;
}

/* A metadata span with one block reserved. */
static struct fr_span *grow_meta(struct fr_heap *h, unsigned cls, int *at_limit)
{
    size_t bytes = FR_META_SPAN_BYTES(cls);
    void *base = fr_fallback_alloc(&h->backing, bytes, FR_PAGE_SIZE, FR_FOR_METADATA, at_limit);
    if (!base)
        return NULL;
    struct fr_span *s = base;
    memset(s, 0, fr_span_descriptor_bytes(FR_META_SLOTS, 0));
    fr_span_init(s, h, cls, base, bytes, FR_PAGE_SIZE, 1);
    if (publish(h, s, FR_META_SPANS, at_limit))
        return s;
    fr_fallback_dealloc(&h->backing, base, bytes, FR_PAGE_SIZE, FR_FOR_METADATA);
    return NULL;
}

void *fr_meta_alloc(struct fr_heap *h, size_t bytes, int *at_limit)
{
    unsigned cls = fr_meta_class_of(bytes);
    void *block;
    int is_fresh = 0;
    if (!fr_slab_take(h, cls, 1, &block, &is_fresh)) {
        struct fr_span *s = grow_meta(h, cls, at_limit);
        if (!s)
            return NULL;
        fr_slab_link(h, s);
        /* Others may have used and freed the first slots since it is linked. */
        size_t fresh = fr_slab_take_reserved(h, s, 1, &block);
        is_fresh = fr_span_slot_of(s, block) >= fresh;
    }
    if (!is_fresh || !fr_heap_memory_is_zeroed(h))
        memset(block, 0, fr_meta_size(cls));
    return block;
}

void fr_meta_free(struct fr_heap *h, void *block, size_t bytes)
{
    struct fr_misuse none = {FR_MISUSE_NONE, NULL};
    fr_slab_give(h, fr_meta_class_of(bytes), &block, 1, &none);
}

/* One attempt at a length. */
static struct fr_span *grow_by(struct fr_heap *h, unsigned cls, size_t bytes, size_t reserved,
                               int *at_limit)
{
    size_t slots = bytes / fr_class_size(cls);
    size_t align = fr_class_span_align(cls);
    size_t descriptor_bytes = fr_span_descriptor_bytes(slots, fr_heap_is_checked(h));
    struct fr_span *s = fr_meta_alloc(h, descriptor_bytes, at_limit);
    if (!s)
        return NULL;
    void *base = fr_fallback_alloc(&h->backing, bytes, align, FR_FOR_SPANS, at_limit);
    if (base) {
        if (fr_heap_is_checked(h))
            memset(base, FR_FREE_PATTERN, bytes);
        fr_span_init(s, h, cls, base, bytes, align, reserved_or_all((unsigned)slots, reserved));
        if (fr_heap_is_watched(h))
            fr_watch_span(s);
        if (publish(h, s, FR_DATA_SPANS, at_limit))
            return s;
        if (fr_heap_is_watched(h))
            fr_unwatch_span(s);
        fr_fallback_dealloc(&h->backing, base, bytes, align, FR_FOR_SPANS);
    }
    fr_meta_free(h, s, descriptor_bytes);
    return NULL;
}

/* The same from an empty span of another class; NULL when there is none, or no room for a descriptor. */
static struct fr_span *grow_within(struct fr_heap *h, unsigned cls, size_t bytes, size_t reserved)
{
    struct fr_block block;
    if (!fr_recycle(h, cls, bytes, &block))
        return NULL;
    size_t slots = block.bytes / fr_class_size(cls);
    size_t descriptor_bytes = fr_span_descriptor_bytes(slots, fr_heap_is_checked(h));
    struct fr_span *s = fr_meta_alloc(h, descriptor_bytes, NULL);
    if (s) {
        if (fr_heap_is_checked(h))
            memset(block.base, FR_FREE_PATTERN, block.bytes);
        fr_span_init(s, h, cls, block.base, block.bytes, block.align,
                     reserved_or_all((unsigned)slots, reserved));
        fr_store_relaxed(&s->fresh, slots); /* its memory is not as it came from the fallback */
        if (publish(h, s, FR_DATA_SPANS, NULL))
            return s;
        fr_meta_free(h, s, descriptor_bytes);
    }
    fr_fallback_dealloc(&h->backing, block.base, block.bytes, block.align, FR_FOR_SPANS);
    return NULL;
}

struct fr_span *fr_grow(struct fr_heap *h, unsigned cls, size_t reserved, int *at_limit)
{
    size_t bytes = fr_class_span_bytes(cls, fr_load_relaxed(&h->slabs[cls].held));
    fr_count(FR_EVENT_GROWTH);
    struct fr_span *s = grow_within(h, cls, bytes, reserved);
    if (!s)
        s = grow_by(h, cls, bytes, reserved, at_limit);
    /* A fallback that is nearly exhausted, or a limit nearly reached, may have room for less. */
    size_t least = fr_class_span_bytes_min(cls);
    if (!s && least < bytes)
        s = grow_by(h, cls, least, reserved, at_limit);
    return s;
}

void *fr_grow_alloc_one(struct fr_heap *h, unsigned cls, int *is_fresh, int *at_limit)
{
    void *object;
    if (fr_slab_take(h, cls, 1, &object, is_fresh))
        return object;
    struct fr_span *s = fr_grow(h, cls, 1, at_limit);
    if (!s)
        return NULL;
    fr_slab_link(h, s);
    size_t fresh = fr_slab_take_reserved(h, s, 1, &object);
    if (is_fresh)
        *is_fresh = fr_span_slot_of(s, object) >= fresh;
    return object;
}
