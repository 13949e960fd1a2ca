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
 * What is to be done about blocks that lose a part of themselves. Before: huge pages are no longer asked
 * for, else the kernel's background thread makes the whole block resident again within a minute
 * (measured). Afterwards: what is left of the huge page is split, else the memory is not really free.
 */
struct torn_blocks {
    struct fr_blocks retract;
    struct fr_blocks split;
};

/*
 * A batch as long as this is probably followed by another that begins where it ends, so the block at its
 * end is left alone: the next batch takes the rest of it, or it is found torn the next time.
 */
#define BATCH_GOES_ON 128

/* Notes what the vector tears. The caller holds the lock. */
static void tear(const struct vector *v, int is_purge, int goes_on, struct torn_blocks *torn)
{
    static const struct torn_blocks none;
    size_t per_block = fr_chunk_granules_per_block(v->chunk);
    *torn = none;
    for (size_t i = 0; i < v->n; i++) {
        size_t first, end;
        granules_of(v->chunk, &v->ranges[i], &first, &end);
        if (goes_on && i == v->n - 1)
            end = fr_align_down(end, per_block);
        fr_chunk_tear(v->chunk, first, end, is_purge, &torn->retract, &torn->split);
    }
}

static void retract_advice(void *p, size_t size)
{
    fr_pages_advise(p, size, FR_PAGES_SMALL);
}

/* Calls `act` for every run of blocks. */
static void for_blocks(const struct fr_chunk *c, const struct fr_blocks *blocks,
                       void (*act)(void *p, size_t size))
{
    size_t count = c->bytes / FR_BLOCK_BYTES;
    size_t b = fr_bits_next_set(blocks->words, 0, count);
    while (b < count) {
        size_t end = fr_bits_next_clear(blocks->words, b, count);
        act(c->base + b * FR_BLOCK_BYTES, (end - b) * FR_BLOCK_BYTES);
        b = fr_bits_next_set(blocks->words, end, count);
    }
}

/* Gives the memory of a vector whose granules are used back to the system. */
static size_t discard(struct vector *v, const struct torn_blocks *torn)
{
    for_blocks(v->chunk, &torn->retract, retract_advice);
    size_t bytes = fr_pages_discard(v->ranges, v->n, v->refused);
    for_blocks(v->chunk, &torn->split, fr_pages_split);
    return bytes;
}

/* Joins ahead neighbours to the ranges. */
static void widen(struct vector *v, int goes_on, struct torn_blocks *torn)
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
    tear(v, 0, goes_on, torn);
    fr_mmap_unlock();
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
    struct torn_blocks torn;
    size_t granules = 0;
    for (size_t i = 0; i < n; i++)
        granules += outward(&blocks[i]).size / c->granule;
    int removed = fr_mmap_remove_if_all(c, granules);
    v.chunk = c;
    for (size_t done = 0; done < n && !removed;) {
        size_t collected = collect(&v, blocks + done, n - done, outward);
        widen(&v, n >= BATCH_GOES_ON, &torn);
        discard(&v, &torn);
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
    struct torn_blocks torn;
    size_t bytes = 0;
    while (n > 0) {
        v.chunk = fr_mmap_chunk_of(ranges[0].ptr);
        size_t collected = collect(&v, ranges, group(v.chunk, ranges, n), inward);
        if (v.chunk) {
            fr_mmap_lock();
            tear(&v, 1, n >= BATCH_GOES_ON, &torn);
            fr_mmap_unlock();
            bytes += discard(&v, &torn);
        } else {
            bytes += fr_pages_discard(v.ranges, v.n, v.refused);
        }
        ranges += collected;
        n -= collected;
    }
    return bytes;
}
