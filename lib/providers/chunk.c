/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "providers/chunk.h"

#include "port/compiler.h"

/*
 * A huge page is split when at most this part of it is left. Splitting costs 0.2 ms and up to 10
 * us more for each page left (measured under a hypervisor that traps the invalidation of
 * translations), so this bounds its cost by what it frees. Where more is left the kernel frees the
 * rest by itself when memory runs short.
 */
#define SPLIT_LEFT_SHARE 16

size_t fr_chunk_descriptor_bytes(size_t bytes, size_t granule)
{
    size_t blocks = bytes / FR_BLOCK_BYTES;
    size_t granules = bytes / granule;
    size_t words =
        fr_runmap_words(granules) + fr_bits_words(granules) + fr_bits_words(blocks) + blocks;
    return sizeof(struct fr_chunk) + words * sizeof(size_t);
}

void fr_chunk_init(struct fr_chunk *c, char *base, size_t bytes, size_t granule, int is_advised)
{
    size_t granules = bytes / granule;
    c->base = base;
    c->bytes = bytes;
    c->granule = granule;
    fr_runmap_init(&c->used, c->words, granules);
    c->ahead = c->words + fr_runmap_words(granules);
    c->advised = c->ahead + fr_bits_words(granules);
    c->torn = c->advised + fr_bits_words(bytes / FR_BLOCK_BYTES);
    if (is_advised)
        fr_bits_set(c->advised, 0, bytes / FR_BLOCK_BYTES);
    for (size_t i = 0; i < bytes / FR_BLOCK_BYTES; i++)
        c->torn[i] = FR_NOT_HUGE;
}

void fr_chunk_reset(struct fr_chunk *c)
{
    fr_bits_clear(c->used.words, 0, c->used.bits);
    fr_bits_clear(c->ahead, 0, c->used.bits);
    fr_runmap_init(&c->used, c->used.words, c->used.bits);
}

int fr_chunk_is_clean(const struct fr_chunk *c)
{
    return c->used.used == 0 && fr_bits_next_set(c->ahead, 0, c->used.bits) == c->used.bits;
}

static int block_is_clean(const struct fr_chunk *c, size_t block)
{
    size_t first = block * fr_chunk_granules_per_block(c);
    size_t end = first + fr_chunk_granules_per_block(c);
    return fr_runmap_is_free(&c->used, first, end) && fr_bits_next_set(c->ahead, first, end) == end;
}

/* Finds the clean blocks under the part of the run that is to be populated: [*from, *end). */
static void clean_blocks(const struct fr_chunk *c, const struct fr_run *run, size_t *from,
                         size_t *end)
{
    size_t per_block = fr_chunk_granules_per_block(c);
    *from = *end = 0;
    for (size_t b = run->populate / per_block; b <= (run->end - 1) / per_block; b++) {
        if (!block_is_clean(c, b))
            continue;
        if (*end == 0)
            *from = b;
        *end = b + 1;
    }
}

/* Small pages: in advance up to the batch, over clean neighbours in the same block. */
static void plan_small(const struct fr_chunk *c, const struct fr_growth *growth, struct fr_run *run)
{
    size_t wanted = run->end - run->populate;
    if (wanted > growth->most)
        run->populate_end = run->populate + growth->most;
    if (wanted >= growth->batch)
        return;
    size_t limit = fr_align_up(run->end, fr_chunk_granules_per_block(c));
    if (limit > run->populate + growth->batch)
        limit = run->populate + growth->batch;
    limit = fr_bits_next_set(c->used.words, run->end, limit);
    limit = fr_bits_next_set(c->ahead, run->end, limit);
    run->populate_end = run->taken_end = limit;
}

/* Decides, before the run is taken, what is to be populated and how. */
static void plan(const struct fr_chunk *c, const struct fr_growth *growth, struct fr_run *run)
{
    size_t per_block = fr_chunk_granules_per_block(c);
    size_t from, end;
    run->taken_end = run->end;
    run->populate = fr_bits_next_clear(c->ahead, run->first, run->end);
    run->populate_end = run->end;
    run->advise = run->advise_end = 0;
    run->huge = 0;
    if (run->populate == run->end)
        return;
    clean_blocks(c, run, &from, &end);
    run->huge = growth->huge && end * per_block >= run->end && from * per_block >= run->first;
    size_t wrong = run->huge ? fr_bits_next_clear(c->advised, from, end)
                             : fr_bits_next_set(c->advised, from, end);
    if (wrong < end) {
        run->advise = from;
        run->advise_end = end;
    }
    if (run->huge)
        run->populate_end = run->taken_end = end * per_block;
    else
        plan_small(c, growth, run);
}

static void take(struct fr_chunk *c, struct fr_run *run)
{
    size_t per_block = fr_chunk_granules_per_block(c);
    fr_bits_clear(c->ahead, run->first, run->taken_end);
    fr_runmap_take(&c->used, run->first, run->taken_end);
    if (!run->huge) {
        fr_bits_clear(c->advised, run->advise, run->advise_end);
        return;
    }
    fr_bits_set(c->advised, run->advise, run->advise_end);
    for (size_t b = (run->populate + per_block - 1) / per_block; b < run->taken_end / per_block;
         b++)
        c->torn[b] = 0;
}

int fr_chunk_take_at(struct fr_chunk *c, size_t first, size_t end, const struct fr_growth *growth,
                     struct fr_run *run)
{
    if (!fr_runmap_is_free(&c->used, first, end))
        return 0;
    run->chunk = c;
    run->first = first;
    run->end = end;
    plan(c, growth, run);
    take(c, run);
    return 1;
}

static size_t find(struct fr_chunk *c, size_t n, size_t align)
{
    size_t phase = (size_t)c->base / c->granule & (align - 1);
    return fr_runmap_find(&c->used, n, align, phase);
}

int fr_chunk_has_room(struct fr_chunk *c, size_t n, size_t align)
{
    return find(c, n, align) != FR_RUNMAP_NONE;
}

int fr_chunk_take(struct fr_chunk *c, size_t n, size_t align, const struct fr_growth *growth,
                  struct fr_run *run)
{
    size_t first = find(c, n, align);
    return first != FR_RUNMAP_NONE && fr_chunk_take_at(c, first, first + n, growth, run);
}

void fr_chunk_settle(const struct fr_run *run, size_t resident_end)
{
    struct fr_chunk *c = run->chunk;
    if (resident_end < run->end)
        resident_end = run->end;
    if (resident_end > run->taken_end)
        resident_end = run->taken_end;
    if (run->end < resident_end)
        fr_chunk_give(c, run->end, resident_end, 1);
    if (resident_end < run->taken_end)
        fr_chunk_give(c, resident_end, run->taken_end, 0);
}

void fr_chunk_widen(struct fr_chunk *c, size_t *first, size_t *end)
{
    size_t from = fr_bits_after_last_clear(c->ahead, 0, *first);
    size_t to = fr_bits_next_clear(c->ahead, *end, c->used.bits);
    if (from < *first)
        fr_runmap_take(&c->used, from, *first);
    if (to > *end)
        fr_runmap_take(&c->used, *end, to);
    fr_bits_clear(c->ahead, from, to);
    *first = from;
    *end = to;
}

void fr_chunk_give(struct fr_chunk *c, size_t first, size_t end, int is_ahead)
{
    fr_runmap_give(&c->used, first, end);
    if (is_ahead)
        fr_bits_set(c->ahead, first, end);
}

/* Non-zero when no granule of the block is used outside [first, end). */
static int is_all_used_of(const struct fr_chunk *c, size_t block, size_t first, size_t end)
{
    size_t start = block * fr_chunk_granules_per_block(c);
    size_t stop = start + fr_chunk_granules_per_block(c);
    size_t before = first > start ? first : start;
    size_t after = end < stop ? end : stop;
    return fr_bits_next_set(c->used.words, start, before) == before &&
           fr_bits_next_set(c->used.words, after, stop) == stop;
}

static void tear_block(struct fr_chunk *c, size_t block, size_t granules, struct fr_blocks *retract,
                       struct fr_blocks *split)
{
    if (fr_bits_test(c->advised, block)) {
        fr_bits_clear(c->advised, block, block + 1);
        fr_bits_set(retract->words, block, block + 1);
    }
    if (c->torn[block] == FR_NOT_HUGE)
        return;
    c->torn[block] += granules;
    size_t per_block = fr_chunk_granules_per_block(c);
    if (c->torn[block] >= per_block - per_block / SPLIT_LEFT_SHARE) {
        c->torn[block] = FR_NOT_HUGE;
        fr_bits_set(split->words, block, block + 1);
    }
}

void fr_chunk_tear(struct fr_chunk *c, size_t first, size_t end, int is_purge,
                   struct fr_blocks *retract, struct fr_blocks *split)
{
    size_t per_block = fr_chunk_granules_per_block(c);
    while (first < end) {
        size_t block = first / per_block;
        size_t stop = (block + 1) * per_block < end ? (block + 1) * per_block : end;
        int is_whole = is_purge ? stop - first == per_block : is_all_used_of(c, block, first, stop);
        if (is_whole)
            c->torn[block] = FR_NOT_HUGE;
        else
            tear_block(c, block, stop - first, retract, split);
        first = stop;
    }
}

int fr_chunk_is_valid(const struct fr_chunk *c)
{
    size_t blocks = c->bytes / FR_BLOCK_BYTES;
    size_t block_capacity = fr_bits_words(blocks) * FR_WORD_BITS;
    size_t words = fr_bits_words(c->used.bits);
    if (!fr_is_aligned(c->base, FR_BLOCK_BYTES) || c->bytes % FR_BLOCK_BYTES != 0 ||
        c->used.bits != c->bytes / c->granule || !fr_runmap_is_valid(&c->used))
        return 0;
    for (size_t w = 0; w < words; w++)
        if (c->used.words[w] & c->ahead[w])
            return 0;
    return fr_bits_next_set(c->ahead, c->used.bits, words * FR_WORD_BITS) == words * FR_WORD_BITS &&
           fr_bits_next_set(c->advised, blocks, block_capacity) == block_capacity;
}
