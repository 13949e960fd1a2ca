/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The mmap provider's bookkeeping: states of granules, what is populated and how, the index. No
 * memory is mapped: the chunks stand at made-up addresses. */
#include "providers/chunk_index.h"

#include "support/random.h"
#include "support/require.h"
#include "unit/runner.h"

#include <stdlib.h>
#include <string.h>

#define MIB  ((size_t)1 << 20)
#define BASE ((char *)(uintptr_t)(64 * MIB))

enum { PAGE = 4096, PER_BLOCK = 512 };

static const struct fr_growth small = {.batch = 4, .most = 16, .huge = 0};
static const struct fr_growth huge = {.batch = 64, .most = 128, .huge = 1};

static struct fr_chunk *new_chunk(char *base, size_t bytes, size_t granule, int is_advised)
{
    struct fr_chunk *c = calloc(1, fr_chunk_descriptor_bytes(bytes, granule));
    REQUIRE(c != NULL);
    fr_chunk_init(c, base, bytes, granule, is_advised);
    REQUIRE(fr_chunk_is_valid(c) && fr_chunk_is_clean(c));
    return c;
}

static size_t ahead_of(const struct fr_chunk *c)
{
    return fr_bits_count(c->ahead, 0, c->used.bits);
}

/* Takes a run and settles it as if all that was planned had succeeded. */
static struct fr_run take(struct fr_chunk *c, size_t n, const struct fr_growth *growth)
{
    struct fr_run run;
    REQUIRE(fr_chunk_take(c, n, 1, growth, &run));
    REQUIRE(run.chunk == c && run.end - run.first == n);
    if (run.end < run.taken_end)
        fr_chunk_settle(&run, run.taken_end);
    REQUIRE(fr_chunk_is_valid(c));
    return run;
}

static void give(struct fr_chunk *c, size_t first, size_t end)
{
    fr_chunk_widen(c, &first, &end);
    fr_chunk_give(c, first, end, 0);
    REQUIRE(fr_chunk_is_valid(c));
}

START_TEST(test_a_short_run_populates_in_advance)
{
    struct fr_chunk *c = new_chunk(BASE, 4 * MIB, PAGE, 0);
    struct fr_run run = take(c, 1, &small);
    REQUIRE(run.first == 0 && run.populate == 0 && run.populate_end == 4 && run.taken_end == 4);
    REQUIRE(ahead_of(c) == 3 && c->used.used == 1);

    run = take(c, 2, &small);
    REQUIRE(run.first == 1 && run.populate == run.populate_end && ahead_of(c) == 1);
    run = take(c, 2, &small);
    REQUIRE(run.first == 3 && run.populate == 4 && run.populate_end == 8 && ahead_of(c) == 3);

    give(c, 3, 5);
    REQUIRE(ahead_of(c) == 0 && c->used.used == 3);
    free(c);
}
END_TEST

START_TEST(test_a_long_run_is_populated_in_part)
{
    struct fr_chunk *c = new_chunk(BASE, 4 * MIB, PAGE, 0);
    struct fr_run run = take(c, 100, &small);
    REQUIRE(run.populate == 0 && run.populate_end == 16 && run.taken_end == 100);
    run = take(c, 16, &small);
    REQUIRE(run.populate == 100 && run.populate_end == 116 && run.taken_end == 116);
    free(c);
}
END_TEST

START_TEST(test_populating_in_advance_stops_at_neighbours_and_blocks)
{
    struct fr_chunk *c = new_chunk(BASE, 4 * MIB, PAGE, 0);
    take(c, 8, &small);
    take(c, 8, &small);
    give(c, 0, 8);
    struct fr_run run = take(c, 6, &small);
    REQUIRE(run.first == 0 && run.populate_end == 6);
    run = take(c, 1, &small);
    REQUIRE(run.first == 6 && run.populate_end == 8 && run.taken_end == 8);

    run = take(c, PER_BLOCK - 18, &small);
    REQUIRE(run.first == 16 && run.end == PER_BLOCK - 2);
    run = take(c, 1, &small);
    REQUIRE(run.first == 7 && run.populate == run.populate_end);
    run = take(c, 1, &small);
    REQUIRE(run.first == PER_BLOCK - 2 && run.taken_end == PER_BLOCK);
    free(c);
}
END_TEST

START_TEST(test_clean_blocks_of_grown_heaps_become_huge)
{
    struct fr_chunk *c = new_chunk(BASE, 8 * MIB, PAGE, 0);
    take(c, 100, &small);
    struct fr_run run;
    REQUIRE(fr_chunk_take(c, PER_BLOCK - 80, 1, &huge, &run));
    REQUIRE(run.first == 100 && run.huge && run.advise == 1 && run.advise_end == 2);
    REQUIRE(run.populate_end == 2 * PER_BLOCK && run.taken_end == 2 * PER_BLOCK);
    REQUIRE(fr_bits_test(c->advised, 1) && !fr_bits_test(c->advised, 0));
    /* The huge page did not come: what was taken in advance is clean. */
    fr_chunk_settle(&run, run.end);
    REQUIRE(fr_chunk_is_valid(c) && ahead_of(c) == 0);
    run = take(c, 1, &huge);
    REQUIRE(!run.huge && run.populate_end - run.populate == huge.batch);

    run = take(c, 2 * PER_BLOCK, &huge);
    REQUIRE(run.huge && run.advise_end == 4 && run.taken_end == 4 * PER_BLOCK);
    REQUIRE(run.first == 533 && run.populate == 532 + huge.batch && run.advise == 2);
    REQUIRE(ahead_of(c) == run.taken_end - run.end);
    free(c);
}
END_TEST

START_TEST(test_small_heaps_lose_the_advice)
{
    struct fr_chunk *c = new_chunk(BASE, 4 * MIB, PAGE, 1);
    struct fr_run run = take(c, 1, &small);
    REQUIRE(!run.huge && run.advise == 0 && run.advise_end == 1);
    REQUIRE(!fr_bits_test(c->advised, 0) && fr_bits_test(c->advised, 1));
    run = take(c, 1, &small);
    REQUIRE(run.advise == run.advise_end);
    free(c);
}
END_TEST

/* Tears [first, end); returns the blocks from *from to *end that were added to one of the sets. */
static struct fr_blocks tear(struct fr_chunk *c, size_t first, size_t end, int is_purge,
                             int want_split)
{
    struct fr_blocks retract = {{0}}, split = {{0}};
    fr_chunk_tear(c, first, end, is_purge, &retract, &split);
    REQUIRE(fr_chunk_is_valid(c));
    return want_split ? split : retract;
}

static void require_blocks(struct fr_blocks blocks, size_t from, size_t end)
{
    for (size_t i = 0; i < FR_CHUNK_BLOCKS_MAX; i++)
        REQUIRE_MSG(fr_bits_test(blocks.words, i) == (i >= from && i < end), "block %zu", i);
}

START_TEST(test_blocks_that_lose_a_part_lose_the_advice)
{
    struct fr_chunk *c = new_chunk(BASE, 16 * MIB, PAGE, 1);
    static const size_t cases[][4] = {
        /* granules discarded; blocks whose advice goes */
        {0, PER_BLOCK, 0, 0},
        {0, PER_BLOCK - 1, 0, 1},
        {1, PER_BLOCK, 0, 1},
        {5, 6, 0, 1},
        {PER_BLOCK, 3 * PER_BLOCK, 0, 0},
        {PER_BLOCK + 1, 3 * PER_BLOCK, 1, 2},
        {PER_BLOCK, 3 * PER_BLOCK - 1, 2, 3},
        {7 * PER_BLOCK - 1, 7 * PER_BLOCK + 1, 6, 8},
    };
    fr_runmap_take(&c->used, 0, c->used.bits);
    for (int is_purge = 0; is_purge < 2; is_purge++) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            fr_bits_set(c->advised, 0, 8);
            struct fr_blocks told = tear(c, cases[i][0], cases[i][1], is_purge, 0);
            require_blocks(told, cases[i][2], cases[i][3]);
            /* Only once. */
            require_blocks(tear(c, cases[i][0], cases[i][1], is_purge, 0), 0, 0);
        }
    }
    free(c);
}
END_TEST

START_TEST(test_a_block_that_goes_altogether_is_not_torn)
{
    struct fr_chunk *c = new_chunk(BASE, 16 * MIB, PAGE, 1);
    take(c, 100, &huge);
    take(c, 100, &huge);
    fr_runmap_give(&c->used, 0, 100);
    require_blocks(tear(c, 100, 200, 0, 0), 0, 0);
    require_blocks(tear(c, 100, 200, 1, 0), 0, 1);
    free(c);
}
END_TEST

START_TEST(test_huge_pages_are_split_when_little_is_left)
{
    struct fr_chunk *c = new_chunk(BASE, 16 * MIB, PAGE, 1);
    REQUIRE(take(c, 2 * PER_BLOCK - 100, &huge).huge);
    take(c, 100, &small);
    size_t enough = PER_BLOCK - PER_BLOCK / 16;
    require_blocks(tear(c, 10, 10 + enough - 1, 1, 1), 0, 0);
    require_blocks(tear(c, 500, 501, 1, 1), 0, 1);
    require_blocks(tear(c, 505, 506, 1, 1), 0, 0);
    require_blocks(tear(c, PER_BLOCK + 7, PER_BLOCK + 7 + enough, 0, 1), 1, 2);
    /* Small pages have nothing to split. */
    require_blocks(tear(c, 3 * PER_BLOCK + 7, 4 * PER_BLOCK - 1, 1, 1), 0, 0);
    free(c);
}
END_TEST

START_TEST(test_resize_takes_what_follows)
{
    struct fr_chunk *c = new_chunk(BASE, 4 * MIB, PAGE, 0);
    struct fr_run run;
    take(c, 10, &small);
    REQUIRE(fr_chunk_take_at(c, 10, 20, &small, &run));
    REQUIRE(!fr_chunk_take_at(c, 19, 21, &small, &run));
    REQUIRE(!fr_chunk_take_at(c, 1000, 1025, &small, &run));
    REQUIRE(fr_chunk_take_at(c, 1000, 1024, &small, &run));
    REQUIRE(fr_chunk_is_valid(c) && c->used.used == 44);
    fr_chunk_reset(c);
    REQUIRE(fr_chunk_is_valid(c) && fr_chunk_is_clean(c));
    free(c);
}
END_TEST

/* Random runs, on pages of every size that systems have. */
static void churn(size_t granule, size_t stream)
{
    enum { HELD = 40 };
    struct random r = random_stream(env_seed(4), stream);
    struct fr_chunk *c = new_chunk(BASE, 8 * MIB, granule, random_percent(&r, 50));
    size_t first[HELD], end[HELD], held = 0;
    for (size_t i = 0; i < env_scale(4000, 200); i++) {
        struct fr_growth growth = {.batch = random_between(&r, 1, 64),
                                   .most = random_between(&r, 1, 128),
                                   .huge = random_percent(&r, 50)};
        struct fr_run run;
        size_t n = random_between(&r, 1, c->used.bits / (random_percent(&r, 10) ? 2 : 32));
        if (held < HELD && fr_chunk_take(c, n, (size_t)1 << random_below(&r, 4), &growth, &run)) {
            REQUIRE(run.first <= run.populate && run.populate <= run.populate_end &&
                    run.end <= run.taken_end && run.populate_end <= run.taken_end);
            fr_chunk_settle(&run, random_between(&r, 0, run.taken_end));
            first[held] = run.first;
            end[held++] = run.end;
        } else if (held > 0) {
            size_t k = random_below(&r, held);
            REQUIRE(fr_runmap_is_taken(&c->used, first[k], end[k]));
            give(c, first[k], end[k]);
            first[k] = first[--held];
            end[k] = end[held];
        }
        REQUIRE(fr_chunk_is_valid(c));
    }
    free(c);
}

START_TEST(test_invariants_hold_on_pages_of_every_size)
{
    churn(4096, 0);
    churn(16384, 1);
    churn(65536, 2);
}
END_TEST

START_TEST(test_a_failed_search_saves_the_next)
{
    struct fr_chunk *c = new_chunk(BASE, 4 * MIB, PAGE, 0);
    struct fr_run run;
    take(c, 1000, &small);
    REQUIRE(!fr_chunk_take(c, 25, 1, &small, &run) && c->used.longest == 24);
    REQUIRE(fr_chunk_take(c, 24, 1, &small, &run));
    give(c, 100, 110);
    REQUIRE(!fr_chunk_take(c, 30, 1, &small, &run));
    give(c, 110, 130);
    REQUIRE(c->used.longest >= 30 && fr_chunk_take(c, 30, 1, &small, &run) && run.first == 100);
    free(c);
}
END_TEST

START_TEST(test_index_finds_every_chunk_by_address)
{
    enum { CHUNKS = 50 };
    static struct fr_chunk_index index;
    struct fr_chunk *chunks[CHUNKS];
    struct random r = random_stream(env_seed(5), 0);
    size_t order[CHUNKS];
    for (size_t i = 0; i < CHUNKS; i++)
        order[i] = i;
    for (size_t i = CHUNKS; i > 1; i--) {
        size_t j = random_below(&r, i), swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
    for (size_t k = 0; k < CHUNKS; k++) {
        size_t i = order[k];
        chunks[i] = new_chunk(BASE + 6 * i * MIB, 4 * MIB, PAGE, 0);
        if (!fr_chunk_index_has_room(&index)) {
            size_t capacity = 2 * fr_chunk_index_capacity(&index);
            struct fr_chunk_entry *entries = calloc(capacity, sizeof(*entries));
            free(fr_chunk_index_move(&index, entries, capacity).ptr);
            struct fr_chunk_entry *late = calloc(1, sizeof(*late));
            REQUIRE(fr_chunk_index_move(&index, late, 1).ptr == late);
            free(late);
        }
        fr_chunk_index_insert(&index, chunks[i]);
        REQUIRE(fr_chunk_index_is_valid(&index) && index.youngest == chunks[i]);
    }
    REQUIRE(index.oldest == chunks[order[0]] && index.bytes == CHUNKS * 4 * MIB);
    for (size_t k = 0; k < CHUNKS; k++) {
        size_t i = order[CHUNKS - 1 - k];
        char *base = chunks[i]->base;
        REQUIRE(fr_chunk_index_find(&index, base) == chunks[i]);
        REQUIRE(fr_chunk_index_find(&index, base + 4 * MIB - 1) == chunks[i]);
        REQUIRE(fr_chunk_index_find(&index, base + 4 * MIB) == NULL);
        REQUIRE(fr_chunk_index_find(&index, base - 1) == NULL);
        fr_chunk_index_remove(&index, chunks[i]);
        REQUIRE(fr_chunk_index_is_valid(&index));
        REQUIRE(fr_chunk_index_find(&index, base) == NULL);
        free(chunks[i]);
    }
    REQUIRE(index.count == 0 && index.bytes == 0 && index.oldest == NULL);
    free(index.entries);
}
END_TEST

START_TEST(test_checkers_see_broken_state)
{
    static struct fr_chunk_index index;
    struct fr_chunk *c = new_chunk(BASE, 4 * MIB, PAGE, 0);
    fr_chunk_index_insert(&index, c);
    take(c, 1, &small);
    REQUIRE(fr_chunk_index_is_valid(&index));
    fr_bits_set(c->ahead, 0, 1);
    REQUIRE(!fr_chunk_is_valid(c) && !fr_chunk_index_is_valid(&index));
    fr_bits_clear(c->ahead, 0, 1);
    c->used.longest = 1000;
    REQUIRE(!fr_chunk_is_valid(c));
    c->used.longest = 1023;
    REQUIRE(fr_chunk_index_is_valid(&index));
    index.bytes++;
    REQUIRE(!fr_chunk_index_is_valid(&index));
    free(c);
}
END_TEST

RUNNER_MAIN("chunk", test_a_short_run_populates_in_advance, test_a_long_run_is_populated_in_part,
            test_populating_in_advance_stops_at_neighbours_and_blocks,
            test_clean_blocks_of_grown_heaps_become_huge, test_small_heaps_lose_the_advice,
            test_blocks_that_lose_a_part_lose_the_advice,
            test_a_block_that_goes_altogether_is_not_torn,
            test_huge_pages_are_split_when_little_is_left, test_resize_takes_what_follows,
            test_invariants_hold_on_pages_of_every_size, test_a_failed_search_saves_the_next,
            test_index_finds_every_chunk_by_address, test_checkers_see_broken_state)
