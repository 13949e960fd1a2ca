/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/meta.h"

#include "port/memory.h"
#include "spans/give.h"

static char *spare_block(struct fr_heap *h, size_t number)
{
    char *first = h->spare.room + (size_t)(-(uintptr_t)h->spare.room & (FR_SPAN_ALIGN - 1));
    return first + number * FR_SPARE_BLOCK_BYTES;
}

/* A block in the record of a small heap; NULL: there is none that is long enough. */
static void *take_spare(struct fr_heap *h, size_t bytes)
{
    size_t taken;
    size_t number;
    if (!fr_heap_is_small(h) || bytes > FR_SPARE_BLOCK_BYTES)
        return NULL;
    do {
        taken = fr_load_relaxed(&h->spare.taken);
        number = fr_ctz(~taken);
        if (number >= FR_SPARE_BLOCKS)
            return NULL;
    } while (!fr_cas_acquire(&h->spare.taken, taken, taken | (size_t)1 << number));
    return memset(spare_block(h, number), 0, FR_SPARE_BLOCK_BYTES);
}

/* 0: the block is none of those. */
static int give_spare(struct fr_heap *h, const void *block)
{
    size_t offset = (uintptr_t)block - (uintptr_t)spare_block(h, 0);
    size_t taken;
    if (offset >= FR_SPARE_BLOCKS * FR_SPARE_BLOCK_BYTES)
        return 0;
    do
        taken = fr_load_relaxed(&h->spare.taken);
    while (!fr_cas_release(&h->spare.taken, taken,
                           taken & ~((size_t)1 << offset / FR_SPARE_BLOCK_BYTES)));
    return 1;
}

/* A new metadata span, linked, with one block reserved. */
static struct fr_span *grow_meta(struct fr_heap *h, unsigned cls, int *at_limit)
{
    size_t bytes = FR_META_SPAN_BYTES(cls);
    void *base = fr_fallback_alloc(&h->backing, bytes, FR_PAGE_SIZE, FR_FOR_METADATA, at_limit);
    if (!base)
        return NULL;
    struct fr_span *s = base;
    memset(s, 0, fr_span_descriptor_bytes(FR_META_SLOTS, 0));
    fr_span_init(s, h, cls, base, bytes, FR_PAGE_SIZE, 1, 1);
    if (!fr_heap_publish(h, s, FR_META_SPANS, at_limit)) {
        fr_fallback_dealloc(&h->backing, base, bytes, FR_PAGE_SIZE, FR_FOR_METADATA);
        return NULL;
    }
    fr_slab_link(s);
    return s;
}

void *fr_meta_alloc(struct fr_heap *h, size_t bytes, int *at_limit)
{
    unsigned cls = fr_meta_class_of(bytes);
    void *block = take_spare(h, bytes);
    int is_fresh = 0;
    if (block)
        return block;
    if (!fr_slab_take(h, cls, 1, &block, &is_fresh)) {
        struct fr_span *s = grow_meta(h, cls, at_limit);
        if (!s)
            return NULL;
        fr_slab_take_reserved(h, s, 1, &block, &is_fresh);
    }
    if (!is_fresh || !fr_heap_memory_is_zeroed(h))
        memset(block, 0, fr_meta_size(cls));
    return block;
}

void fr_meta_free(struct fr_heap *h, void *block, size_t bytes)
{
    struct fr_misuse none = FR_NO_MISUSE;
    if (give_spare(h, block))
        return;
    fr_slab_give(h, fr_meta_class_of(bytes), &block, 1, &none);
}

/* A large object has one bit, and nobody keeps it. */
static size_t large_descriptor_bytes(void)
{
    return fr_span_descriptor_bytes(1, 0);
}

/* Live bits, or kept bits; small heaps do without the latter. */
static int has_second_words(const struct fr_heap *h)
{
    return fr_heap_is_checked(h) || fr_heap_has_owners(h);
}

struct fr_span *fr_meta_alloc_descriptor(struct fr_heap *h, size_t slots, int *at_limit)
{
    return fr_meta_alloc(h, fr_span_descriptor_bytes(slots, has_second_words(h)), at_limit);
}

struct fr_span *fr_meta_alloc_large_descriptor(struct fr_heap *h, int *at_limit)
{
    return fr_meta_alloc(h, large_descriptor_bytes(), at_limit);
}

void fr_meta_free_descriptor(struct fr_heap *h, struct fr_span *s)
{
    if (s->cls == FR_CLASS_LARGE)
        fr_meta_free(h, s, large_descriptor_bytes());
    else if (!fr_class_is_meta(s->cls))
        fr_meta_free(h, s, fr_span_descriptor_bytes(fr_span_slots(s), has_second_words(h)));
}
