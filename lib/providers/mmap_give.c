/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How the mmap provider gives memory back: blocks for good, and pages of blocks that stay. Many
 * small ranges go to the system in one call where that is allowed: most of the cost of a call is
 * the invalidation of cached translations on all processors, once for the whole vector.
 *
 * The stack of the caller may be a coroutine's: the vectors are short, and tests/malloc/stack.c
 * measures what all of this takes.
 */
#include <string.h>

#include "providers/mmap_state.h"
#include "base/fallback.h"
#include "port/panic.h"

/* Ranges on their way to the system. */
struct vector {
    size_t n;
    struct frusa_range ranges[FR_DISCARD_MAX];
    size_t refused[FR_DISCARD_WORDS];
};

/*
 * Blocks of a chunk that lose a part of themselves. Before, huge pages are no longer asked for,
 * else the kernel's background thread makes the whole block resident again within a minute
 * (measured). Afterwards the rest of a huge page of which little is left is split, else the memory
 * is not really free.
 */
struct torn {
    /* NULL: mappings of their own, about which nothing is known */
    struct fr_chunk *chunk;
    struct fr_blocks retract;
    struct fr_blocks split;
};

/* Blocks of a chunk that are split once a vector is purged. */
struct later {
    struct fr_chunk *chunk; /* NULL: mappings of their own */
    struct fr_blocks split;
};

/* So many chunks share a vector of pages to be purged. */
#define CHUNKS_MAX 8

/* A batch as long as this is probably followed by another that begins where it ends, so the block
 * at its end is left alone: the next batch takes the rest of it, or it is found torn the next
 * time. */
#define BATCH_GOES_ON (FR_BATCH_RANGES / 2)

static size_t range_end(const struct frusa_range *range)
{
    return (size_t)range->ptr + range->size;
}

/* The range of whole units (pages, granules) that a block was handed out as. */
static struct frusa_range outward(const struct frusa_range *range, size_t unit)
{
    struct frusa_range whole = {range->ptr, fr_align_up(range->size, unit)};
    return whole;
}

/* The whole units inside a range. */
static struct frusa_range inward(const struct frusa_range *range, size_t unit)
{
    size_t first = fr_align_up((size_t)range->ptr, unit);
    size_t end = fr_align_down(range_end(range), unit);
    struct frusa_range whole = {(char *)range->ptr + (first - (size_t)range->ptr),
                                end > first ? end - first : 0};
    return whole;
}

/* Adds leading ranges, rounded, joined where they touch each other; returns how many. */
static size_t add(struct vector *v, const struct frusa_range *ranges, size_t n,
                  struct frusa_range (*rounded)(const struct frusa_range *, size_t), size_t unit)
{
    size_t start = v->n;
    size_t i = 0;
    for (; i < n; i++) {
        struct frusa_range range = rounded(&ranges[i], unit);
        if (v->n > start && range_end(&v->ranges[v->n - 1]) == (size_t)range.ptr) {
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

/* Notes what the ranges from number `start` on, of one chunk, tear. The caller holds the lock. */
static void note_torn(const struct vector *v, size_t start, int is_purge, int goes_on,
                      struct torn *torn)
{
    struct fr_chunk *c = torn->chunk;
    static const struct fr_blocks none;
    torn->retract = none;
    torn->split = none;
    for (size_t i = start; i < v->n; i++) {
        size_t first, end;
        granules_of(c, &v->ranges[i], &first, &end);
        if (goes_on && i == v->n - 1)
            end = fr_align_down(end, fr_chunk_granules_per_block(c));
        fr_chunk_tear(c, first, end, is_purge, &torn->retract, &torn->split);
    }
}

/* Joins ahead neighbours to the ranges. */
static void widen(struct vector *v, int goes_on, struct torn *torn)
{
    struct fr_chunk *c = torn->chunk;
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
    note_torn(v, 0, 0, goes_on, torn);
    fr_mmap_unlock();
}

/* Zeroes the blocks in refused ranges; the granules that those were widened by are zero. */
static void zero_refused(const struct vector *v, const struct frusa_range *blocks, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < v->n; i++) {
        for (; k < n && (size_t)blocks[k].ptr < range_end(&v->ranges[i]); k++)
            if (fr_bits_test(v->refused, i))
                memset(blocks[k].ptr, 0, outward(&blocks[k], fr_page_size()).size);
    }
}

/* Frees the ranges; non-zero when the chunk is empty now and out of the index. */
static int free_ranges(struct fr_chunk *c, const struct vector *v)
{
    fr_mmap_lock();
    for (size_t i = 0; i < v->n; i++) {
        size_t first, end;
        granules_of(c, &v->ranges[i], &first, &end);
        fr_chunk_give(c, first, end, fr_bits_test(v->refused, i));
        fr_mmap_provider.used[c->kind] -= end - first;
    }
    fr_mmap_note_room(c);
    int removed = fr_mmap_remove_if_empty(c);
    fr_mmap_unlock();
    return removed;
}

/* Gives back n blocks of one chunk. */
static void give_back_runs(struct fr_chunk *c, const struct frusa_range *blocks, size_t n)
{
    struct vector v;
    struct torn torn = {.chunk = c};
    size_t granules = 0;
    for (size_t i = 0; i < n; i++)
        granules += outward(&blocks[i], c->granule).size / c->granule;
    int removed = fr_mmap_remove_if_all(c, granules);
    for (size_t done = 0; done < n && !removed;) {
        v.n = 0;
        size_t added = add(&v, blocks + done, n - done, outward, c->granule);
        widen(&v, n >= BATCH_GOES_ON, &torn);
        for_blocks(c, &torn.retract, retract_advice);
        fr_pages_discard(v.ranges, v.n, v.refused);
        for_blocks(c, &torn.split, fr_pages_split);
        zero_refused(&v, blocks + done, added);
        removed = free_ranges(c, &v);
        done += added;
    }
    if (removed)
        fr_mmap_unmap(c);
}

/* A mapping of its own goes at once; refused: at least its memory. */
static void give_back_own(const struct frusa_range *block)
{
    struct frusa_range all = outward(block, fr_page_size());
    size_t refused[FR_DISCARD_WORDS];
    fr_fetch_sub_relaxed(&fr_mmap_provider.own_bytes, all.size);
    fr_fetch_sub_relaxed(&fr_mmap_provider.own_count, 1);
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

void fr_mmap_empty(const struct frusa_range *pages)
{
    size_t refused[FR_DISCARD_WORDS];
    fr_pages_discard(pages, 1, refused);
    if (fr_bits_test(refused, 0))
        memset(pages->ptr, 0, pages->size);
}

/* Adds leading ranges of one chunk, and retracts the advice for what they tear; returns how
 * many. */
static size_t add_purged(struct vector *v, const struct frusa_range *ranges, size_t n,
                         struct later *later)
{
    struct torn torn = {.chunk = fr_mmap_chunk_of(ranges[0].ptr)};
    size_t start = v->n;
    size_t added = add(v, ranges, group(torn.chunk, ranges, n), inward, fr_page_size());
    if (torn.chunk) {
        fr_mmap_lock();
        note_torn(v, start, 1, n >= BATCH_GOES_ON, &torn);
        fr_mmap_unlock();
        for_blocks(torn.chunk, &torn.retract, retract_advice);
        later->split = torn.split;
    }
    later->chunk = torn.chunk;
    return added;
}

size_t fr_mmap_purge(const struct frusa_range *ranges, size_t n)
{
    struct vector v;
    struct later later[CHUNKS_MAX];
    size_t bytes = 0;
    while (n > 0) {
        size_t chunks = 0;
        v.n = 0;
        while (n > 0 && chunks < CHUNKS_MAX && v.n < FR_DISCARD_MAX) {
            size_t added = add_purged(&v, ranges, n, &later[chunks++]);
            ranges += added;
            n -= added;
        }
        bytes += fr_pages_discard(v.ranges, v.n, v.refused);
        for (size_t k = 0; k < chunks; k++)
            if (later[k].chunk)
                for_blocks(later[k].chunk, &later[k].split, fr_pages_split);
    }
    return bytes;
}
