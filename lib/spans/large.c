/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/large.h"

#include "port/memory.h"
#include "port/panic.h"
#include "providers/providers.h"
#include "spans/judge.h"
#include "spans/supply.h"
#include "spans/watch.h"

/* The instance's pool of watched objects, or none: memcheck searches pools for leaks only in
 * programs that use malloc too, so where no block of malloc's can be in the way there is none. */
static void *pool_of(struct fr_heap *h)
{
    return fr_default_ops && h->backing.ops.alloc == fr_default_ops->alloc ? NULL : h;
}

/* A watched object begins to exist, or is where it is now: the first `known` bytes are
 * initialised. The rest of the last page is unused: nothing may read or write it. */
static void watch(struct fr_span *s, size_t size, size_t known)
{
    if (!fr_heap_is_watched(s->heap))
        return;
    fr_watch_span(s);
    fr_tools_pool_put(pool_of(s->heap), s->base, size, known);
    s->base = (char *)~(uintptr_t)s->base;
    s->disguised = 1;
}

void fr_large_forget(struct fr_span *s)
{
    if (!s->disguised)
        return;
    s->base = fr_span_base(s);
    s->disguised = 0;
    fr_tools_pool_drop(pool_of(s->heap), s->base, fr_load_relaxed(&s->large_size));
    fr_unwatch_span(s);
    fr_tools_open(s->base, s->bytes);
}

size_t fr_large_bytes(size_t size)
{
    if (size > FR_SIZE_MAX - (FR_PAGE_SIZE - 1))
        return 0;
    return fr_align_up(size + (size == 0), FR_PAGE_SIZE);
}

/* Makes a block a large object; 0 when there is no room in the page map. */
static int publish(struct fr_heap *h, struct fr_span *s, const struct fr_block *block, size_t size,
                   size_t bytes, int *at_limit)
{
    fr_span_init(s, h, FR_CLASS_LARGE, block->base, bytes, block->align, 0, 1);
    fr_store_relaxed(&s->taken[0], ~(size_t)0); /* and the bits beyond the only slot */
    fr_store_relaxed(&s->large_size, size);
    s->room = block->bytes;
    if (!fr_pagemap_set(&h->map, block->base, 1, fr_entry_make(s, FR_CLASS_LARGE), &s->outer,
                        at_limit))
        return 0;
    watch(s, size, 0);
    fr_all_spans_add(&h->all, s, FR_LARGE_SPANS);
    return 1;
}

void *fr_large_alloc(struct fr_heap *h, size_t size, size_t bytes, size_t align, int *is_zeroed,
                     int *at_limit)
{
    struct fr_need need = {bytes, align < FR_PAGE_SIZE ? FR_PAGE_SIZE : align, FR_FOR_LARGE, 1};
    struct fr_block block;
    if (bytes == 0)
        return NULL;
    struct fr_span *s = fr_meta_alloc_large_descriptor(h, at_limit);
    if (!s)
        return NULL;
    if (fr_supply_take(h, &need, &block, at_limit)) {
        *is_zeroed = block.is_fresh && fr_heap_memory_is_zeroed(h);
        if (publish(h, s, &block, size, bytes, at_limit))
            return block.base;
        fr_fallback_dealloc(&h->backing, block.base, block.bytes, block.align, FR_FOR_LARGE);
    }
    s->cls = FR_CLASS_LARGE;
    fr_meta_free_descriptor(h, s);
    return NULL;
}

/* Takes a live large object out of the page map; NULL, noted in *m, when p is none of this heap. */
static struct fr_span *unmap_object(struct fr_heap *h, void *p, size_t check_bytes,
                                    struct fr_misuse *m)
{
    struct fr_found found;
    fr_pagemap_guard(&h->map);
    enum fr_misuse_kind kind = fr_judge(h, p, &found);
    if (kind == FR_MISUSE_NONE &&
        (found.cls != FR_CLASS_LARGE || (check_bytes && check_bytes != found.span->bytes)))
        kind = FR_LAYOUT_MISMATCH;
    size_t size = kind == FR_LAYOUT_MISMATCH ? fr_found_size(&found) : FR_UNKNOWN_SIZE;
    if (kind == FR_MISUSE_NONE)
        fr_pagemap_clear_guarded(&h->map, p, found.span->outer);
    fr_pagemap_unguard(&h->map);
    if (kind == FR_MISUSE_NONE)
        return found.span;
    fr_misuse_note_size(m, kind, p, size);
    return NULL;
}

/* The block of an object that nobody can find any more goes to the fallback. */
static void give_back(struct fr_heap *h, struct fr_span *s)
{
    struct fr_block block = {s->base, s->room, fr_span_align(s), 0};
    fr_meta_free_descriptor(h, s);
    fr_heap_leave(h, block.bytes);
    fr_fallback_dealloc(&h->backing, block.base, block.bytes, block.align, FR_FOR_LARGE);
    fr_heap_settle(h, block.bytes);
}

void fr_large_free(struct fr_heap *h, void *ptr, size_t check_bytes, struct fr_misuse *m)
{
    struct fr_span *s = unmap_object(h, ptr, check_bytes, m);
    if (!s)
        return;
    fr_all_spans_remove(&h->all, s);
    fr_large_forget(s);
    if (!fr_supply_keep(h, s))
        give_back(h, s);
    fr_pagemap_trim_excess(&h->map);
}

/* A fallback's resize must keep the alignment, and the range of addresses. Memory that does not is
 * moved once more; where that fails, misaligned memory is better than none, but what the page map
 * cannot hold cannot be kept, and the old block is gone. */
static void *realigned(struct fr_heap *h, void *p, size_t bytes, size_t align)
{
    int in_range = fr_address_in_range(p, bytes);
    if (fr_is_aligned(p, align) && in_range)
        return p;
    void *better = fr_fallback_alloc(&h->backing, bytes, align, FR_FOR_LARGE, NULL);
    if (!better && !in_range)
        fr_panic_raw("frusa: the fallback's resize returned memory that cannot be mapped");
    if (!better)
        return p;
    memcpy(better, p, bytes);
    fr_fallback_dealloc(&h->backing, p, bytes, align, FR_FOR_LARGE);
    return better;
}

void *fr_large_resize(struct fr_heap *h, struct fr_span *s, size_t new_size, int *at_limit)
{
    size_t bytes = fr_large_bytes(new_size);
    size_t align = fr_span_align(s);
    void *old = fr_span_base(s);
    size_t old_room = s->room;
    size_t old_size = fr_load_relaxed(&s->large_size);
    void *nodes;
    if (bytes == 0 || !h->backing.ops.resize || !fr_pagemap_reserve(&h->map, &nodes, at_limit))
        return NULL;
    /* The old entry goes before the call: the address may be handed out again while it runs. With
     * nodes in hand, neither the new entry nor the old one put back can fail. */
    fr_all_spans_remove(&h->all, s);
    fr_pagemap_clear(&h->map, old, 1, s->outer);
    fr_large_forget(s);
    void *p = fr_fallback_resize(&h->backing, old, old_room, align, bytes, at_limit);
    if (p) {
        p = realigned(h, p, bytes, align);
        s->base = p;
        s->bytes = bytes;
        s->room = bytes;
        fr_store_relaxed(&s->large_size, new_size);
    }
    watch(s, fr_load_relaxed(&s->large_size), p && new_size < old_size ? new_size : old_size);
    fr_pagemap_set_reserved(&h->map, fr_span_base(s), fr_entry_make(s, FR_CLASS_LARGE), &s->outer,
                            nodes);
    fr_all_spans_add(&h->all, s, FR_LARGE_SPANS);
    fr_pagemap_trim_excess(&h->map);
    return p;
}

void fr_large_set_size(struct fr_span *s, size_t new_size)
{
    size_t old_size = fr_load_relaxed(&s->large_size);
    if (fr_heap_is_watched(s->heap))
        fr_tools_pool_resize(pool_of(s->heap), fr_span_base(s), old_size, new_size);
    fr_store_relaxed(&s->large_size, new_size);
}

int fr_large_owns(struct fr_heap *h, const void *p)
{
    return fr_all_spans_have_large(&h->all, p);
}
