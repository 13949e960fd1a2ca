/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The page map of the process by itself; that of freestanding builds has its test beside theirs. */
#include "pagemap/leaf.h"
#include "port/pages.h"
#include "support/random.h"
#include "support/require.h"
#include "support/threads.h"
#include "unit/runner.h"

#include <string.h>

#define LEAF_PAGES ((uintptr_t)1 << FR_MAP_LEAF_BITS)
#define LAST_PAGE  (FR_ADDRESS_LAST >> FR_PAGE_SHIFT)

static struct fr_pagemap map;

static const void *address(uintptr_t page)
{
    return (const void *)(page << FR_PAGE_SHIFT);
}

static fr_entry get(uintptr_t page)
{
    return fr_pagemap_get(&map, address(page));
}

/* An entry as a span of some class has it. */
static fr_entry entry_of(uintptr_t number)
{
    return number * FR_SPAN_ALIGN | 5;
}

/* Sets where nothing was before. */
static void set(uintptr_t page, size_t pages, fr_entry entry)
{
    fr_entry outer = 1;
    REQUIRE(fr_pagemap_set(&map, address(page), pages * FR_PAGE_SIZE, entry, &outer, NULL));
    REQUIRE(outer == 0);
}

static void clear(uintptr_t page, size_t pages)
{
    fr_pagemap_clear(&map, address(page), pages * FR_PAGE_SIZE, 0);
}

START_TEST(test_any_address_can_be_looked_up)
{
    ck_assert_uint_eq(get(0), 0);
    ck_assert_uint_eq(get(LAST_PAGE), 0);
    ck_assert_uint_eq(fr_pagemap_get(&map, (void *)~(uintptr_t)0), 0);
    for (unsigned bit = 0; bit < sizeof(void *) * 8; bit++) {
        ck_assert_uint_eq(fr_pagemap_get(&map, (void *)((uintptr_t)1 << bit)), 0);
        ck_assert_uint_eq(fr_pagemap_get(&map, (void *)~((uintptr_t)1 << bit)), 0);
    }
    ck_assert(!fr_address_in_range((void *)~(uintptr_t)0, 2));
    ck_assert(fr_address_in_range((void *)FR_ADDRESS_LAST, 1));
    ck_assert(!fr_address_in_range((void *)(FR_ADDRESS_LAST - 1), 3));
    ck_assert(fr_pagemap_is_valid(&map));
}
END_TEST

START_TEST(test_entries)
{
    fr_entry e = fr_entry_make((struct fr_span *)(7 * FR_SPAN_ALIGN), FR_CLASS_LARGE);
    ck_assert_ptr_eq(fr_entry_span(e), (void *)(7 * FR_SPAN_ALIGN));
    ck_assert_uint_eq(fr_entry_class(e), FR_CLASS_LARGE);
}
END_TEST

/* At both ends of the address space and across leaves; the neighbours have nothing. */
START_TEST(test_ranges)
{
    static const uintptr_t places[] = {0,
                                       1,
                                       LEAF_PAGES - 1,
                                       LEAF_PAGES - 3,
                                       5 * LEAF_PAGES,
                                       LAST_PAGE / 2,
                                       LAST_PAGE - LEAF_PAGES - 2};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        for (size_t pages = 1; pages < LEAF_PAGES + 3; pages += 1 + pages * 5) {
            uintptr_t first = places[i];
            set(first, pages, entry_of(i + 1));
            for (size_t k = 0; k < pages; k++)
                REQUIRE(get(first + k) == entry_of(i + 1));
            REQUIRE(get(first + pages) == 0);
            REQUIRE(first == 0 || get(first - 1) == 0);
            REQUIRE(fr_pagemap_is_valid(&map));
            clear(first, pages);
            for (size_t k = 0; k < pages; k++)
                REQUIRE(get(first + k) == 0);
        }
    set(LAST_PAGE, 1, entry_of(3));
    ck_assert_uint_eq(get(LAST_PAGE), entry_of(3));
    clear(LAST_PAGE, 1);
    ck_assert(fr_pagemap_is_valid(&map));
}
END_TEST

/* A span inside the object of another instance hides it, and uncovers it when it goes. */
START_TEST(test_one_inside_another)
{
    fr_entry outer;
    uintptr_t page = 100 * LEAF_PAGES - 8;
    set(page, 16, entry_of(1));
    ck_assert(fr_pagemap_set(&map, address(page + 4), 8 * FR_PAGE_SIZE, entry_of(2), &outer, NULL));
    ck_assert_uint_eq(outer, entry_of(1));
    ck_assert_uint_eq(get(page + 3), entry_of(1));
    ck_assert_uint_eq(get(page + 4), entry_of(2));
    ck_assert_uint_eq(get(page + 11), entry_of(2));
    fr_pagemap_clear(&map, address(page + 4), 8 * FR_PAGE_SIZE, outer);
    for (size_t i = 0; i < 16; i++)
        ck_assert_uint_eq(get(page + i), entry_of(1));
    clear(page, 16);
    /* A large object has an entry on its first page only, and only that comes back. */
    fr_entry large = fr_entry_make((struct fr_span *)(9 * FR_SPAN_ALIGN), FR_CLASS_LARGE);
    set(page, 1, large);
    ck_assert(fr_pagemap_set(&map, address(page), 4 * FR_PAGE_SIZE, entry_of(2), &outer, NULL));
    ck_assert_uint_eq(outer, large);
    fr_pagemap_clear(&map, address(page), 4 * FR_PAGE_SIZE, outer);
    ck_assert_uint_eq(get(page), large);
    ck_assert_uint_eq(get(page + 1), 0);
    clear(page, 1);
    ck_assert(fr_pagemap_is_valid(&map));
}
END_TEST

/* With a leaf in hand a set needs no memory; where a leaf is, it goes back in hand. */
START_TEST(test_reserved)
{
    static const uintptr_t places[] = {77 * LEAF_PAGES, 77 * LEAF_PAGES + 5, 78 * LEAF_PAGES};
    for (size_t i = 0; i < 3; i++) {
        void *nodes;
        void *more;
        fr_entry outer;
        ck_assert(fr_pagemap_reserve(&map, &nodes, NULL));
        ck_assert(fr_pagemap_reserve(&map, &more, NULL)); /* two threads may, at once */
        ck_assert_ptr_ne(nodes, more);
        fr_pagemap_set_reserved(&map, address(places[i]), entry_of(i + 1), &outer, nodes);
        ck_assert_uint_eq(outer, 0);
        ck_assert_uint_eq(get(places[i]), entry_of(i + 1));
        fr_pagemap_set_reserved(&map, address(places[i]), entry_of(i + 2), &outer, more);
        ck_assert_uint_eq(outer, entry_of(i + 1));
        ck_assert(fr_pagemap_is_valid(&map));
    }
    for (size_t i = 0; i < 3; i++)
        clear(places[i], 1);
    ck_assert(fr_pagemap_is_valid(&map));
}
END_TEST

/* ---- pages of leaves without entries ---- */

static fr_atomic *leaf_at(uintptr_t page)
{
    return fr_load_ptr_acquire(&fr_pagemap_root[page / LEAF_PAGES]);
}

static size_t entries_per_page(void)
{
    return fr_page_size() / sizeof(fr_atomic);
}

/* Non-zero when the page of a leaf with this page's entry is resident. */
static int is_resident(uintptr_t page)
{
    size_t index = page % LEAF_PAGES;
    return fr_pages_is_resident(&leaf_at(page)[index - index % entries_per_page()]);
}

static int leaves_have_pages(void)
{
    return LEAF_PAGES >= entries_per_page();
}

/* Pages that lost their last entry stay at hand until the next trim, which leaves those with
 * entries. */
START_TEST(test_trim_gives_empty_pages_back)
{
    uintptr_t page = 90 * LEAF_PAGES;
    uintptr_t last = page + LEAF_PAGES - 1;
    size_t step = entries_per_page();
    if (!leaves_have_pages())
        return;
    set(page, LEAF_PAGES, entry_of(1));
    clear(page, LEAF_PAGES - 1);
    ck_assert(is_resident(page));
    ck_assert_uint_eq(fr_pagemap_trim(&map), 0);
    for (uintptr_t i = page; i + step < last; i += step)
        REQUIRE(!is_resident(i));
    ck_assert(is_resident(last));
    ck_assert_uint_eq(get(last), entry_of(1));
    ck_assert(fr_pagemap_is_valid(&map));
    clear(last, 1);
    fr_pagemap_trim(&map);
    ck_assert(!is_resident(last));
    ck_assert(fr_pagemap_is_valid(&map));
}
END_TEST

/* A page that is used again before the trim keeps its entries, and goes when it is empty once
 * more. */
START_TEST(test_trim_spares_pages_that_are_used_again)
{
    uintptr_t page = 92 * LEAF_PAGES;
    if (!leaves_have_pages())
        return;
    for (int round = 0; round < 3; round++) {
        set(page, 1, entry_of(1));
        clear(page, 1);
        set(page + 1, 1, entry_of(2));
        fr_pagemap_trim(&map);
        ck_assert_uint_eq(get(page + 1), entry_of(2));
        ck_assert(fr_pagemap_is_valid(&map));
        clear(page + 1, 1);
        fr_pagemap_trim(&map);
        ck_assert(!is_resident(page));
        ck_assert(fr_pagemap_is_valid(&map));
    }
}
END_TEST

/* The same by fr_pagemap_clear_guarded, as for large objects. */
START_TEST(test_trim_after_a_guarded_clear)
{
    uintptr_t page = 94 * LEAF_PAGES;
    if (!leaves_have_pages())
        return;
    set(page, 1, entry_of(1));
    fr_pagemap_guard(&map);
    fr_pagemap_clear_guarded(&map, address(page), 0);
    fr_pagemap_unguard(&map);
    ck_assert(is_resident(page));
    fr_pagemap_trim(&map);
    ck_assert(!is_resident(page));
}
END_TEST

/* Without a trim, empty pages do not grow in number: every other page of leaves far apart. */
START_TEST(test_empty_pages_are_bounded)
{
    size_t step = 2 * entries_per_page();
    size_t resident = 0;
    if (!leaves_have_pages())
        return;
    uintptr_t first = 300 * LEAF_PAGES;
    uintptr_t end = first + (4 * FR_LEAF_IDLE_MAX + 10) * step;
    for (uintptr_t page = first; page < end; page += step)
        set(page, 1, entry_of(1));
    for (uintptr_t page = first; page < end; page += step) {
        clear(page, 1);
        fr_pagemap_trim_excess(&map);
        REQUIRE(fr_load_relaxed(&fr_leaf_idle_pages) < FR_LEAF_IDLE_MAX);
    }
    for (uintptr_t page = first; page < end; page += step)
        resident += is_resident(page) != 0;
    ck_assert_uint_lt(resident, FR_LEAF_IDLE_MAX);
    ck_assert_uint_gt(resident, 0);
    fr_pagemap_trim(&map);
    for (uintptr_t page = first; page < end; page += step)
        REQUIRE(!is_resident(page));
    ck_assert(fr_pagemap_is_valid(&map));
}
END_TEST

/* ---- threads ---- */

enum { THREADS = 6 };

/* Neighbours in the same leaf, which is made by whoever is first. */
static void set_and_clear(void *arg, size_t index)
{
    struct random r = random_stream(env_seed(47), index);
    (void)arg;
    for (size_t i = 0; i < env_scale(20000, 500); i++) {
        uintptr_t page = (200 + random_below(&r, 8)) * LEAF_PAGES + random_below(&r, 4096) * 8;
        page += index; /* nobody else's */
        if (i % 16 == 0)
            fr_pagemap_trim(&map);
        set(page, 1, entry_of(index + 1));
        REQUIRE(get(page) == entry_of(index + 1));
        clear(page, 1);
        REQUIRE(get(page) == 0);
    }
}

START_TEST(test_threads)
{
    team_run(THREADS, set_and_clear, NULL);
    ck_assert(fr_pagemap_is_valid(&map));
}
END_TEST

/* Few pages of leaves, that all threads have an entry in now and then, and that are trimmed all
 * the time: what was stored stays. */
static void set_beside_trims(void *arg, size_t index)
{
    struct random r = random_stream(env_seed(48), index);
    (void)arg;
    for (size_t i = 0; i < env_scale(50000, 5000); i++) {
        uintptr_t page = 400 * LEAF_PAGES + random_below(&r, 16) * entries_per_page() + index;
        set(page, 1, entry_of(index + 1));
        if (index % 2 == 0)
            fr_pagemap_trim(&map);
        REQUIRE(get(page) == entry_of(index + 1));
        clear(page, 1);
    }
}

START_TEST(test_sets_beside_trims)
{
    team_run(THREADS, set_beside_trims, NULL);
    ck_assert(fr_pagemap_is_valid(&map));
    ck_assert_uint_eq(get(400 * LEAF_PAGES), 0);
}
END_TEST

RUNNER_MAIN("page map of the process", test_any_address_can_be_looked_up, test_entries, test_ranges,
            test_one_inside_another, test_reserved, test_trim_gives_empty_pages_back,
            test_trim_spares_pages_that_are_used_again, test_trim_after_a_guarded_clear,
            test_empty_pages_are_bounded, test_threads, test_sets_beside_trims)
