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

/* ---- resizing ---- */

/* Room beyond its size that an object which grows gets, so that a loop of small steps moves it once
 * for each such part. Nothing of that is resident before it is touched. */
#define HEADROOM_SHARE 8
/* Shorter ends stay with an object that shrinks. */
#define TAIL_MIN ((size_t)64 << 10)

static void set_length(struct fr_heap *h, struct fr_span *s, size_t bytes, size_t room)
{
    fr_all_spans_guard(&h->all);
    s->bytes = bytes;
    s->room = room;
    fr_all_spans_unguard(&h->all);
}

/* A descriptor for a block of its own, as of an object that nobody can find any more. */
static struct fr_span *descriptor_of(struct fr_heap *h, char *base, size_t room, size_t align)
{
    struct fr_span *s = fr_meta_alloc_large_descriptor(h, NULL);
    if (!s)
        return NULL;
    fr_span_init(s, h, FR_CLASS_LARGE, base, room, align, 0, 1);
    s->room = room;
    return s;
}

/* The upper end of an object's block becomes a kept block; 0: the fallback is to cut it. */
static int keep_tail(struct fr_heap *h, struct fr_span *s, size_t bytes)
{
    size_t tail = s->room - bytes;
    if (!h->kept.divides || tail > fr_rhythm_kept_bound(h))
        return 0;
    struct fr_span *rest = descriptor_of(h, s->base + bytes, tail, FR_PAGE_SIZE);
    if (!rest)
        return 0;
    if (!fr_providers_cut(rest->base)) {
        fr_meta_free_descriptor(h, rest);
        return 0;
    }
    set_length(h, s, bytes, bytes);
    if (!fr_supply_keep(h, rest))
        give_back(h, rest);
    return 1;
}

/* Without the fallback: inside the block of the object, or with a kept block behind it. */
static int resize_here(struct fr_heap *h, struct fr_span *s, size_t bytes)
{
    size_t room = s->room;
    if (s->disguised)
        return 0;
    if (bytes > room) {
        if (!fr_kept_take_behind(h, s->base, s->base + room, bytes - room))
            return 0;
        fr_fallback_repurpose(&h->backing, bytes - room, FR_FOR_KEPT, FR_FOR_LARGE);
        set_length(h, s, bytes, bytes);
        return 1;
    }
    if (room - bytes >= TAIL_MIN && bytes < s->bytes)
        return keep_tail(h, s, bytes);
    set_length(h, s, bytes, room);
    return 1;
}

/* The old block of an object that was moved. */
static void leave_block(struct fr_heap *h, char *base, size_t room, size_t align)
{
    struct fr_span *s = descriptor_of(h, base, room, align);
    if (!s)
        fr_fallback_dealloc(&h->backing, base, room, align, FR_FOR_LARGE);
    else if (!fr_supply_keep(h, s))
        give_back(h, s);
}

/* A block and its length. */
struct place {
    char *base;
    size_t room;
};

/* The fallback changes the block's length. */
static int resize_block(struct fr_heap *h, struct place *at, size_t align, size_t room,
                        int *at_limit)
{
    void *p = fr_fallback_resize(&h->backing, at->base, at->room, align, room, at_limit);
    if (!p)
        return 0;
    at->base = realigned(h, p, room, align);
    at->room = room;
    return 1;
}

/* Another block takes the contents. */
static int move_block(struct fr_heap *h, struct place *at, size_t align, size_t room, size_t bytes)
{
    struct fr_need need = {room, align, FR_FOR_LARGE, 1};
    struct fr_block block;
    if (!fr_supply_take(h, &need, &block, NULL))
        return 0;
    memcpy(block.base, at->base, bytes);
    leave_block(h, at->base, at->room, align);
    at->base = block.base;
    at->room = block.bytes;
    return 1;
}

/* A longer or a shorter block, with the first of the old `bytes` in it. */
static int change_block(struct fr_heap *h, struct place *at, size_t align, size_t old_bytes,
                        size_t bytes, int *at_limit)
{
    size_t room = bytes;
    if (h->kept.divides && bytes > old_bytes && bytes < FR_SIZE_MAX / 2) {
        room += fr_align_down(bytes / HEADROOM_SHARE, FR_PAGE_SIZE);
        fr_supply_make_room(h, room - old_bytes);
        if (resize_block(h, at, align, room, NULL) || resize_block(h, at, align, bytes, NULL) ||
            move_block(h, at, align, room, old_bytes))
            return 1;
    }
    return resize_block(h, at, align, bytes, at_limit);
}

void *fr_large_resize(struct fr_heap *h, struct fr_span *s, size_t new_size, int *at_limit)
{
    size_t bytes = fr_large_bytes(new_size);
    struct place at = {fr_span_base(s), s->room};
    size_t old_size = fr_load_relaxed(&s->large_size);
    void *nodes;
    if (bytes && resize_here(h, s, bytes)) {
        fr_store_relaxed(&s->large_size, new_size);
        return s->base;
    }
    if (bytes == 0 || !h->backing.ops.resize || !fr_pagemap_reserve(&h->map, &nodes, at_limit))
        return NULL;
    /* The old entry goes before the call: the address may be handed out again while it runs. With
     * nodes in hand, neither the new entry nor the old one put back can fail. */
    fr_all_spans_remove(&h->all, s);
    fr_pagemap_clear(&h->map, at.base, 1, s->outer);
    fr_large_forget(s);
    int done = change_block(h, &at, fr_span_align(s), s->bytes, bytes, at_limit);
    if (done) {
        s->base = at.base;
        s->room = at.room;
        s->bytes = bytes;
        fr_store_relaxed(&s->large_size, new_size);
    }
    watch(s, fr_load_relaxed(&s->large_size), done && new_size < old_size ? new_size : old_size);
    fr_pagemap_set_reserved(&h->map, fr_span_base(s), fr_entry_make(s, FR_CLASS_LARGE), &s->outer,
                            nodes);
    fr_all_spans_add(&h->all, s, FR_LARGE_SPANS);
    fr_pagemap_trim_excess(&h->map);
    return done ? at.base : NULL;
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
