/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The page map of an instance, by itself: against a plain table, at any address, when nodes are
 * refused. */
#include "pagemap/pagemap.h"
#include "support/fallback.h"
#include "support/random.h"
#include "support/require.h"
#include "support/threads.h"
#include "unit/runner.h"

#include <string.h>

/* A map over a counting fallback. */
struct stage {
    struct counting_fallback fallback;
    struct fr_backing backing;
    struct fr_pagemap map;
};

static void stage_open(struct stage *s)
{
    memset(s, 0, sizeof(*s));
    fallback_init(&s->fallback, FALLBACK_DIRTY);
    s->backing.ops = s->fallback.ops;
    fr_pagemap_init(&s->map, &s->backing);
}

static size_t nodes(const struct stage *s)
{
    REQUIRE(fr_pagemap_held(&s->map) == fallback_held(&s->fallback));
    return fallback_blocks(&s->fallback);
}

/* The map is empty by now. */
static void stage_close(struct stage *s)
{
    REQUIRE(fr_pagemap_is_valid(&s->map));
    REQUIRE(fr_pagemap_in_use(&s->map) == 0);
    size_t held = fallback_held(&s->fallback);
    REQUIRE(fr_pagemap_trim(&s->map) == held);
    REQUIRE(fr_pagemap_trim(&s->map) == 0);
    fallback_require_empty(&s->fallback);
}

static const void *address(uintptr_t page)
{
    return (const void *)(page << FR_PAGE_SHIFT);
}

#define LAST_PAGE (~(uintptr_t)0 >> FR_PAGE_SHIFT)

static int set(struct stage *s, uintptr_t page, size_t pages, fr_entry entry)
{
    fr_entry outer = 1;
    int done = fr_pagemap_set(&s->map, address(page), pages * FR_PAGE_SIZE, entry, &outer, NULL);
    REQUIRE(outer == 0);
    return done;
}

static void clear(struct stage *s, uintptr_t page, size_t pages)
{
    fr_pagemap_clear(&s->map, address(page), pages * FR_PAGE_SIZE, 0);
}

static fr_entry get(struct stage *s, uintptr_t page)
{
    return fr_pagemap_get(&s->map, address(page));
}

/* The tree is as high as its pages are apart: one node for neighbours, wherever they are. */
START_TEST(test_height)
{
    static const uintptr_t places[] = {0, 1, FR_NODE_WORDS - 1, 12345, LAST_PAGE / 2, LAST_PAGE};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct stage s;
        stage_open(&s);
        REQUIRE(get(&s, places[i]) == 0);
        REQUIRE(set(&s, places[i], 1, 0x100 + i));
        ck_assert_uint_eq(nodes(&s), 1);
        REQUIRE(get(&s, places[i]) == 0x100 + i);
        REQUIRE(set(&s, places[i] ^ 1, 1, 0x200));
        ck_assert_uint_eq(nodes(&s), 1);
        REQUIRE(set(&s, places[i] ^ FR_NODE_WORDS, 1, 0x300));
        ck_assert_uint_eq(nodes(&s), 3); /* two leaves below a root */
        REQUIRE(get(&s, places[i]) == 0x100 + i && get(&s, places[i] ^ 1) == 0x200);
        REQUIRE(get(&s, places[i] ^ (LAST_PAGE / 2 + 1)) == 0);
        REQUIRE(fr_pagemap_is_valid(&s.map));
        clear(&s, places[i], 1);
        clear(&s, places[i] ^ 1, 1);
        REQUIRE(get(&s, places[i] ^ FR_NODE_WORDS) == 0x300);
        clear(&s, places[i] ^ FR_NODE_WORDS, 1);
        stage_close(&s);
    }
}
END_TEST

/* Both ends of the address space at once: the highest tree. */
START_TEST(test_whole_address_space)
{
    struct stage s;
    stage_open(&s);
    REQUIRE(set(&s, 0, 1, 0x100));
    REQUIRE(set(&s, LAST_PAGE, 1, 0x200));
    ck_assert_uint_eq(nodes(&s), 2 * FR_NODE_LEVELS - 1);
    REQUIRE(get(&s, 0) == 0x100 && get(&s, LAST_PAGE) == 0x200);
    for (unsigned bit = 0; bit < FR_PAGE_BITS; bit++)
        REQUIRE(get(&s, (uintptr_t)1 << bit) == 0);
    REQUIRE(fr_pagemap_is_valid(&s.map));
    clear(&s, 0, 1);
    REQUIRE(get(&s, LAST_PAGE) == 0x200);
    clear(&s, LAST_PAGE, 1);
    stage_close(&s);
}
END_TEST

enum { RANGES = 300 };

struct range {
    uintptr_t page;
    size_t pages; /* 0: not in the map */
    fr_entry entry;
};

/* A place for a range that overlaps none of the others: near each other, or anywhere. */
static struct range choose(const struct range *ranges, struct random *r, unsigned spread)
{
    for (;;) {
        struct range new = {0, random_between(r, 1, 3 * FR_NODE_WORDS / 2), 0};
        uintptr_t mask = spread >= FR_PAGE_BITS ? LAST_PAGE : ((uintptr_t)1 << spread) - 1;
        int overlaps = 0;
        new.page = (LAST_PAGE / 3 & ~mask) | (random_next(r) & mask);
        if (LAST_PAGE - new.page < new.pages)
            continue;
        for (size_t i = 0; i < RANGES; i++)
            overlaps |= ranges[i].pages && new.page <
                                               ranges[i].page + ranges[i].pages &&ranges[i].page <
                                               new.page + new.pages;
        new.entry = (random_next(r) | 1) & ~(uint64_t)0 >> 1;
        if (!overlaps)
            return new;
    }
}

static void require_range(struct stage *s, const struct range *range, fr_entry entry)
{
    for (size_t i = 0; i < range->pages; i++)
        REQUIRE(get(s, range->page + i) == entry);
}

static void random_changes(unsigned spread, const struct fault_plan *plan)
{
    static struct range ranges[RANGES];
    struct stage s;
    struct random r = random_stream(env_seed(31), spread);
    stage_open(&s);
    memset(ranges, 0, sizeof(ranges));
    fallback_set_plan(&s.fallback, plan);
    for (size_t step = 0; step < env_scale(4000, 500); step++) {
        struct range *range = &ranges[random_below(&r, RANGES)];
        if (range->pages) {
            require_range(&s, range, range->entry);
            clear(&s, range->page, range->pages);
            require_range(&s, range, 0);
            range->pages = 0;
        } else {
            struct range new = choose(ranges, &r, spread);
            size_t held = fr_pagemap_held(&s.map);
            if (set(&s, new.page, new.pages, new.entry))
                *range = new;
            else
                REQUIRE(plan != NULL && fr_pagemap_held(&s.map) == held);
            require_range(&s, &new, range->pages ? new.entry : 0);
        }
        if (step % 64 == 0) {
            REQUIRE(fr_pagemap_is_valid(&s.map));
            if (step % 256 == 0)
                fr_pagemap_trim(&s.map);
        }
    }
    for (size_t i = 0; i < RANGES; i++) {
        if (ranges[i].pages)
            clear(&s, ranges[i].page, ranges[i].pages);
        ranges[i].pages = 0;
    }
    stage_close(&s);
}

START_TEST(test_random_changes)
{
    for (unsigned spread = 18; spread <= FR_PAGE_BITS; spread += 7)
        random_changes(spread, NULL);
    random_changes(FR_PAGE_BITS, NULL);
}
END_TEST

START_TEST(test_random_changes_with_refusals)
{
    const struct fault_plan plan = {.percent = 30, .seed = env_seed(32)};
    for (unsigned spread = 18; spread <= FR_PAGE_BITS; spread += 7)
        random_changes(spread, &plan);
}
END_TEST

/* With nodes in hand no set fails, from anywhere to anywhere. */
START_TEST(test_reserved)
{
    static const struct fault_plan everything = {.percent = 100};
    static const uintptr_t places[] = {0, FR_NODE_WORDS, LAST_PAGE / 2, LAST_PAGE};
    for (size_t from = 0; from < 4; from++)
        for (size_t to = 0; to < 4; to++) {
            struct stage s;
            void *reserve;
            fr_entry outer;
            stage_open(&s);
            REQUIRE(set(&s, places[from], 1, 0x100));
            REQUIRE(fr_pagemap_reserve(&s.map, &reserve, NULL));
            fallback_set_plan(&s.fallback, &everything);
            if (from == to)
                clear(&s, places[from], 1);
            fr_pagemap_set_reserved(&s.map, address(places[to]), 0x200, &outer, reserve);
            REQUIRE(get(&s, places[from]) == (from == to ? 0x200u : 0x100u));
            REQUIRE(get(&s, places[to]) == 0x200);
            REQUIRE(fr_pagemap_is_valid(&s.map));
            clear(&s, places[to], 1);
            if (from != to)
                clear(&s, places[from], 1);
            stage_close(&s);
        }
}
END_TEST

START_TEST(test_reserve_refused)
{
    struct stage s;
    size_t refused = 0;
    stage_open(&s);
    REQUIRE(set(&s, 7, 1, 0x100));
    for (int done = 0; !done;) {
        struct fault_plan plan = {.fail = {++refused}};
        void *reserve;
        fr_entry outer;
        fallback_set_plan(&s.fallback, &plan);
        done = fr_pagemap_reserve(&s.map, &reserve, NULL);
        REQUIRE(done || nodes(&s) == 1);
        if (done)
            fr_pagemap_set_reserved(&s.map, address(7), 0x200, &outer, reserve);
    }
    ck_assert_uint_gt(refused, 1);
    REQUIRE(get(&s, 7) == 0x200);
    clear(&s, 7, 1);
    stage_close(&s);
}
END_TEST

/* ---- threads ---- */

enum { THREADS = 4 };

struct crowd {
    struct stage s;
};

/* Each thread looks its own entry up all the time, while its neighbours make the tree grow and
 * shrink. */
static void look_up_own(void *arg, size_t index)
{
    struct crowd *crowd = arg;
    struct random r = random_stream(env_seed(33), index);
    for (size_t i = 0; i < env_scale(2000, 100); i++) {
        uintptr_t page =
            (random_next(&r) & (LAST_PAGE >> random_below(&r, FR_PAGE_BITS - 4))) | (index << 1);
        fr_entry entry = 0x1000 + index * 0x100 + (i & 0xff);
        page = (page & ~(uintptr_t)14) | index << 1; /* nobody else's */
        REQUIRE(set(&crowd->s, page, 1, entry));
        for (int k = 0; k < 50; k++)
            REQUIRE(get(&crowd->s, page) == entry);
        clear(&crowd->s, page, 1);
        if (i % 16 == 0)
            fr_pagemap_trim(&crowd->s.map);
    }
}

START_TEST(test_threads)
{
    static struct crowd crowd;
    stage_open(&crowd.s);
    team_run(THREADS, look_up_own, &crowd);
    stage_close(&crowd.s);
}
END_TEST

RUNNER_MAIN("page map of an instance", test_height, test_whole_address_space, test_random_changes,
            test_random_changes_with_refusals, test_reserved, test_reserve_refused, test_threads)
