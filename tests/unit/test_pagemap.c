/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The page map of the process by itself; that of freestanding builds has its test beside theirs. */
#include "pagemap/pagemap.h"
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

/* The pages of a leaf that hold no entry any more go back to the system. */
START_TEST(test_empty_pages_go_back)
{
    uintptr_t page = 90 * LEAF_PAGES;
    set(page, LEAF_PAGES, entry_of(1));
    fr_atomic *leaf = fr_load_ptr_acquire(&fr_pagemap_root[90]);
    size_t per_page = fr_page_size() / sizeof(fr_atomic);
    size_t last = per_page < LEAF_PAGES ? LEAF_PAGES - per_page : 0;
    ck_assert(fr_pages_is_resident(&leaf[0]));
    clear(page, LEAF_PAGES - 1);
    ck_assert_uint_eq(get(page + LEAF_PAGES - 1), entry_of(1));
    for (size_t i = 0; i < last; i += per_page)
        REQUIRE(!fr_pages_is_resident(&leaf[i]));
    ck_assert(fr_pages_is_resident(&leaf[last]));
    clear(page + LEAF_PAGES - 1, 1);
    ck_assert(!fr_pages_is_resident(&leaf[last]));
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

RUNNER_MAIN("page map of the process", test_any_address_can_be_looked_up, test_entries, test_ranges,
            test_one_inside_another, test_reserved, test_empty_pages_go_back, test_threads)
