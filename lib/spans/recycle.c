/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/recycle.h"

#include "spans/slab_scan.h"

/* A span may be longer than what is asked for by this part of it. */
#define LONGER_SHARE 4
/* Classes that one look locks, at most. */
#define CLASSES_PER_LOOK 8
/* The pauses after looks that found nothing: 1, 2, 4 and so on, up to this many growths. */
#define PAUSE_MAX 64

/* Whether the class has empty spans of `bytes` together. */
static int has_empty(const struct fr_heap *h, unsigned cls, size_t bytes)
{
    return fr_load_relaxed(&h->empties[cls].bytes) >= bytes;
}

/* The longest span that a class can make of a block which is asked for with `bytes`. Each page of
 * a span with several objects has a bit in a word. */
static size_t longest(unsigned cls, size_t bytes)
{
    size_t most = bytes + bytes / LONGER_SHARE;
    size_t paged = FR_WORD_BITS * FR_PAGE_SIZE;
    if (bytes / fr_class_size(cls) == 1 && most < 2 * fr_class_size(cls))
        return most;
    return most < paged ? most : paged > bytes ? paged : bytes;
}

/* An empty span of another class that serves for this one. */
static struct fr_span *look(struct fr_heap *h, unsigned cls, size_t bytes)
{
    size_t most = longest(cls, bytes);
    size_t align = fr_class_span_align(cls);
    struct fr_span *s = NULL;
    unsigned looks = 0;
    for (unsigned other = 0; other < FR_CLASS_COUNT && !s && looks < CLASSES_PER_LOOK; other++) {
        if (fr_class_size(other) > most)
            break;
        if (other == cls || !has_empty(h, other, bytes))
            continue;
        looks++;
        s = fr_slab_retire_one(h, other, bytes, most, align);
    }
    return s;
}

/* A longer one. Objects so big that their spans hold few: what a buffer that grew has left
 * behind. */
static struct fr_span *look_for_longer(struct fr_heap *h, unsigned cls, size_t bytes)
{
    size_t most = longest(cls, bytes);
    struct fr_span *s = NULL;
    unsigned looks = 0;
    for (unsigned other = FR_CLASS_COUNT; other-- > 0 && !s && looks < CLASSES_PER_LOOK;) {
        if (fr_class_size(other) <= most)
            break;
        if (other == cls || !has_empty(h, other, most))
            continue;
        looks++;
        s = fr_slab_retire_one(h, other, most, (size_t)-1, FR_PAGE_SIZE);
    }
    return s;
}

/* Whether this growth looks: not during the pause. (Threads may miscount each other's pauses.) */
static int may_look(fr_atomic *pause)
{
    size_t left = fr_load_relaxed(pause);
    if (left > 0)
        fr_store_relaxed(pause, left - 1);
    return left == 0;
}

/* After looks that found nothing the pause doubles. */
static void pause_after(struct fr_heap *h, int found)
{
    size_t misses = found ? 0 : fr_load_relaxed(&h->recycle.misses) + 1;
    size_t pause = misses == 0 ? 0 : misses < FR_WORD_BITS ? (size_t)1 << (misses - 1) : PAUSE_MAX;
    fr_store_relaxed(&h->recycle.misses, misses);
    fr_store_relaxed(&h->recycle.pause, pause < PAUSE_MAX ? pause : PAUSE_MAX);
}

/* A retired span's memory; its descriptor goes. */
static struct fr_block block_of(struct fr_heap *h, struct fr_span *s)
{
    struct fr_block block = {s->base, s->bytes, fr_span_align(s), 0};
    fr_meta_free_descriptor(h, s);
    return block;
}

/* A span that is too long goes back to the fallback, which can cut what it needs from it. That
 * happens once for as many growths as it serves: whoever needs the long one again pays for its
 * pages. 0 when there is none. */
static int give_longer_back(struct fr_heap *h, unsigned cls, size_t bytes)
{
    if (!may_look(&h->recycle.longer_pause))
        return 1;
    struct fr_span *s = look_for_longer(h, cls, bytes);
    if (!s)
        return 0;
    struct fr_block block = block_of(h, s);
    fr_fallback_dealloc(&h->backing, block.base, block.bytes, block.align, FR_FOR_SPANS);
    fr_heap_settle(h, block.bytes);
    fr_store_relaxed(&h->recycle.longer_pause, block.bytes / bytes);
    return 1;
}

int fr_recycle(struct fr_heap *h, unsigned cls, size_t bytes, struct fr_block *out)
{
    /* A watched span's memory is closed. */
    if (fr_heap_is_watched(h) || bytes < FR_RECYCLE_MIN ||
        fr_load_relaxed(&h->empty_bytes) < bytes || !may_look(&h->recycle.pause))
        return 0;
    struct fr_span *s = look(h, cls, bytes);
    pause_after(h, s || give_longer_back(h, cls, bytes));
    if (!s)
        return 0;
    *out = block_of(h, s);
    fr_heap_settle(h, out->bytes);
    return 1;
}
