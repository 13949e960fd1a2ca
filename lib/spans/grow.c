/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/grow.h"

#include "port/memory.h"
#include "port/probe.h"
#include "spans/recycle.h"
#include "spans/supply.h"
#include "spans/watch.h"

/* A watched span does not use slot 0: the descriptor's base would count as a reference to an
 * object there. */
static unsigned first_slot(const struct fr_heap *h, size_t slots)
{
    return fr_heap_is_watched(h) && slots > 1;
}

/* Makes a block a span, complete; NULL when there is no room for its descriptor or in the page
 * map. */
static struct fr_span *make_span(struct fr_heap *h, unsigned cls, const struct fr_block *block,
                                 size_t reserved, size_t *got, int *at_limit)
{
    size_t slots = block->bytes / fr_class_size(cls);
    struct fr_span *s = fr_meta_alloc_descriptor(h, slots, at_limit);
    if (!s)
        return NULL;
    if (fr_heap_is_checked(h))
        memset(block->base, FR_FREE_PATTERN, block->bytes);
    unsigned first = first_slot(h, slots);
    *got = reserved < slots - first ? reserved : slots - first;
    fr_span_init(s, h, cls, block->base, block->bytes, block->align, first, *got);
    if (!block->is_fresh)
        fr_store_relaxed(&s->fresh, slots);
    if (fr_heap_is_watched(h))
        fr_watch_span(s);
    if (fr_heap_publish(h, s, FR_DATA_SPANS, at_limit)) {
        fr_slab_link(s);
        return s;
    }
    if (fr_heap_is_watched(h))
        fr_unwatch_span(s);
    fr_meta_free_descriptor(h, s);
    return NULL;
}

/* One attempt over a block; when it fails the block goes back to the fallback. */
static struct fr_span *grow_over(struct fr_heap *h, unsigned cls, const struct fr_block *block,
                                 size_t reserved, size_t *got, int *at_limit)
{
    struct fr_span *s = make_span(h, cls, block, reserved, got, at_limit);
    if (!s)
        fr_fallback_dealloc(&h->backing, block->base, block->bytes, block->align, FR_FOR_SPANS);
    return s;
}

/* Larger objects may be written to in part; batches of smaller ones are going to be used. */
#define DENSE_MAX ((size_t)8 << 10)

/* One attempt at a length. */
static struct fr_span *grow_by(struct fr_heap *h, unsigned cls, size_t bytes, size_t reserved,
                               size_t *got, int *at_limit)
{
    struct fr_need need = {bytes, fr_class_span_align(cls), FR_FOR_SPANS,
                           fr_class_size(cls) > DENSE_MAX};
    struct fr_block block;
    int found = fr_supply_take(h, &need, &block, at_limit);
    return found ? grow_over(h, cls, &block, reserved, got, at_limit) : NULL;
}

/* The length of the shortest span. In a small heap one object will do. */
static size_t least_bytes(const struct fr_heap *h, unsigned cls)
{
    return fr_heap_is_small(h) ? fr_align_up(fr_class_size(cls), FR_PAGE_SIZE)
                               : fr_class_span_bytes_min(cls);
}

/* The length to try after a refusal. Each refusal may be slow, so it is the least at once, but not
 * in a small heap, where many short spans would leave more unused. */
static size_t shorter(const struct fr_heap *h, size_t bytes, size_t least)
{
    size_t half = fr_align_up(bytes / 2, FR_PAGE_SIZE);
    return fr_heap_is_small(h) && half > least ? half : least;
}

struct fr_span *fr_grow(struct fr_heap *h, unsigned cls, size_t reserved, size_t *got,
                        int *at_limit)
{
    size_t bytes = fr_class_span_bytes(cls, fr_load_relaxed(&h->slabs[cls].held));
    struct fr_block block;
    struct fr_span *s = NULL;
    fr_count(FR_EVENT_GROWTH);
    if (fr_recycle(h, cls, bytes, &block))
        s = grow_over(h, cls, &block, reserved, got, NULL);
    if (!s)
        s = grow_by(h, cls, bytes, reserved, got, at_limit);
    /* A fallback that is nearly exhausted, or a limit nearly reached, may have room for less. */
    size_t least = least_bytes(h, cls);
    while (!s && least < bytes) {
        bytes = shorter(h, bytes, least);
        s = grow_by(h, cls, bytes, reserved, got, at_limit);
    }
    FR_PROBE3(growth, &h->backing, fr_class_size(cls), s ? s->bytes : 0);
    return s;
}

void *fr_grow_alloc_one(struct fr_heap *h, unsigned cls, int *is_fresh, int *at_limit)
{
    void *object;
    size_t got;
    if (fr_slab_take(h, cls, 1, &object, is_fresh))
        return object;
    struct fr_span *s = fr_grow(h, cls, 1, &got, at_limit);
    if (!s)
        return NULL;
    fr_slab_take_reserved(h, s, 1, &object, is_fresh);
    return object;
}
