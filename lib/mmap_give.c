/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How the mmap provider gives memory back: blocks for good, and pages of blocks that stay. Many small
 * ranges go to the system in one call, which is what makes this fast: most of the cost of a call is
 * the invalidation of cached translations on all processors, once for the whole vector.
 */
#include <string.h>

#include "mmap_provider.h"
#include "port/panic.h"

/* A vector of ranges of one chunk (NULL: of mappings of their own) on their way to the system. */
struct vector {
    struct fr_chunk *chunk;
    size_t n;
    struct frusa_range ranges[FR_DISCARD_MAX];
    size_t refused[FR_DISCARD_WORDS];
};

static size_t range_end(const struct frusa_range *range)
{
    return (size_t)range->ptr + range->size;
}

/* The range of whole pages that a block was handed out as. */
static struct frusa_range outward(const struct frusa_range *range)
{
    struct frusa_range whole = {range->ptr, fr_align_up(range->size, fr_page_size())};
    return whole;
}

/* The whole pages inside a range. */
static struct frusa_range inward(const struct frusa_range *range)
{
    size_t first = fr_align_up((size_t)range->ptr, fr_page_size());
    size_t end = fr_align_down(range_end(range), fr_page_size());
    struct frusa_range whole = {(char *)range->ptr + (first - (size_t)range->ptr),
                                end > first ? end - first : 0};
    return whole;
}

/* Fills the vector with leading ranges, rounded, neighbours joined; returns how many. */
static size_t collect(struct vector *v, const struct frusa_range *ranges, size_t n,
                      struct frusa_range (*rounded)(const struct frusa_range *))
{
    size_t i = 0;
    v->n = 0;
    for (; i < n; i++) {
        struct frusa_range range = rounded(&ranges[i]);
        if (v->n > 0 && range_end(&v->ranges[v->n - 1]) == (size_t)range.ptr) {
            v->ranges[v->n - 1].size += range.size;
        } else if (range.size > 0) {
            if (v->n == FR_DISCARD_MAX)
                break;
            v->ranges[v->n++] = range;
        }
    }
    return i;
}

static void granules_of(const struct fr_chunk *c, const struct frusa_range *range, size_t *first,
                        size_t *end)
{
    *first = fr_chunk_granule_of(c, range->ptr);
    *end = *first + range->size / c->granule;
}

/* The leading ranges that lie in the same chunk as the first, or all in none. */
static size_t group(const struct fr_chunk *c, const struct frusa_range *ranges, size_t n)
{
    size_t i = 1;
    while (i < n && (c ? (size_t)ranges[i].ptr < (size_t)(c->base + c->bytes)
                       : fr_mmap_chunk_of(ranges[i].ptr) == NULL))
        i++;
    return i;
}

struct fr_chunk *fr_mmap_chunk_of(const void *p)
{
    fr_mmap_lock();
    struct fr_chunk *c = fr_chunk_index_find(&fr_mmap_provider.index, p);
    fr_mmap_unlock();
    return c;
}

/*
 * Before pages of a huge page go, huge pages are no longer asked for in its block: else the kernel's
 * background thread makes the block resident again, all of it within a minute (measured). Of all blocks
 * between the outermost ones concerned, which takes one call. The caller holds the lock.
 */
static struct frusa_range retract_advice(const struct vector *v)
{
    struct fr_chunk *c = v->chunk;
    struct frusa_range blocks = {NULL, 0};
    size_t from = (size_t)-1;
    size_t to = 0;
    for (size_t i = 0; i < v->n; i++) {
        size_t first, end;
        granules_of(c, &v->ranges[i], &first, &end);
        fr_chunk_partial_blocks(c, first, end, &from, &to);
    }
    if (from < to) {
        fr_bits_clear(c->advised, from, to);
        blocks.ptr = c->base + from * FR_BLOCK_BYTES;
        blocks.size = (to - from) * FR_BLOCK_BYTES;
    }
    return blocks;
}

static void advise_small(struct frusa_range blocks)
{
    if (blocks.size > 0)
        fr_pages_advise(blocks.ptr, blocks.size, FR_PAGES_SMALL);
}

/* Joins ahead neighbours to the ranges; returns the blocks whose advice is retracted. */
static struct frusa_range widen(struct vector *v)
{
    struct fr_chunk *c = v->chunk;
    fr_mmap_lock();
    for (size_t i = 0; i < v->n; i++) {
        size_t first, end;
        granules_of(c, &v->ranges[i], &first, &end);
        size_t before = end - first;
        if (!fr_runmap_is_taken(&c->used, first, end))
            fr_panic_raw("frusa: mmap: a block was given back that is not allocated");
        fr_chunk_widen(c, &first, &end);
        fr_mmap_provider.used[c->kind] += (end - first) - before;
        v->ranges[i].ptr = fr_chunk_address(c, first);
        v->ranges[i].size = (end - first) * c->granule;
    }
    struct frusa_range blocks = retract_advice(v);
    fr_mmap_unlock();
    return blocks;
}

/* Zeroes the blocks in refused ranges; the granules that those were widened by are zero. */
static void zero_refused(const struct vector *v, const struct frusa_range *blocks, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < v->n; i++) {
        for (; k < n && (size_t)blocks[k].ptr < range_end(&v->ranges[i]); k++)
            if (fr_bits_test(v->refused, i))
                memset(blocks[k].ptr, 0, outward(&blocks[k]).size);
    }
}

/* Frees the ranges; non-zero when the chunk is empty now and out of the index. */
static int free_ranges(const struct vector *v)
{
    fr_mmap_lock();
    for (size_t i = 0; i < v->n; i++) {
        size_t first, end;
        granules_of(v->chunk, &v->ranges[i], &first, &end);
        fr_chunk_give(v->chunk, first, end, fr_bits_test(v->refused, i));
        fr_mmap_provider.used[v->chunk->kind] -= end - first;
    }
    int removed = fr_mmap_remove_if_empty(v->chunk);
    fr_mmap_unlock();
    return removed;
}

/* Gives back n blocks of one chunk. */
static void give_back_runs(struct fr_chunk *c, const struct frusa_range *blocks, size_t n)
{
    struct vector v;
    size_t granules = 0;
    for (size_t i = 0; i < n; i++)
        granules += outward(&blocks[i]).size / c->granule;
    int removed = fr_mmap_remove_if_all(c, granules);
    v.chunk = c;
    for (size_t done = 0; done < n && !removed;) {
        size_t collected = collect(&v, blocks + done, n - done, outward);
        advise_small(widen(&v));
        fr_pages_discard(v.ranges, v.n, v.refused);
        zero_refused(&v, blocks + done, collected);
        removed = free_ranges(&v);
        done += collected;
    }
    if (removed)
        fr_mmap_unmap(c);
}

/* A mapping of its own goes at once; refused: at least its memory. */
static void give_back_own(const struct frusa_range *block)
{
    struct frusa_range all = outward(block);
    size_t refused[FR_DISCARD_WORDS];
    fr_fetch_sub_relaxed(&fr_mmap_provider.own_bytes, all.size);
    if (!fr_pages_unmap(all.ptr, all.size))
        fr_pages_discard(&all, 1, refused);
}

void fr_mmap_give_back(const struct frusa_range *blocks, size_t n)
{
    while (n > 0) {
        struct fr_chunk *c = fr_mmap_chunk_of(blocks[0].ptr);
        size_t together = c ? group(c, blocks, n) : 1;
        if (c)
            give_back_runs(c, blocks, together);
        else
            give_back_own(&blocks[0]);
        blocks += together;
        n -= together;
    }
}

size_t fr_mmap_purge(const struct frusa_range *ranges, size_t n)
{
    struct vector v;
    size_t bytes = 0;
    while (n > 0) {
        v.chunk = fr_mmap_chunk_of(ranges[0].ptr);
        size_t collected = collect(&v, ranges, group(v.chunk, ranges, n), inward);
        if (v.chunk) {
            fr_mmap_lock();
            struct frusa_range blocks = retract_advice(&v);
            fr_mmap_unlock();
            advise_small(blocks);
        }
        bytes += fr_pages_discard(v.ranges, v.n, v.refused);
        ranges += collected;
        n -= collected;
    }
    return bytes;
}
