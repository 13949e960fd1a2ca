/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "pagemap/leaf.h"

#include "base/bitrange.h"
#include "port/pages.h"
#include "port/tls.h"
#include "providers/mmap.h"

fr_lock fr_pagemap_lock;

#define ENTRIES_PER_PAGE (fr_page_size() / sizeof(fr_atomic))
#define LEAF_BYTES       (FR_LEAF_ENTRIES * sizeof(fr_atomic))
#define LEAF_PAGES       (LEAF_BYTES / fr_page_size()) /* 0: a leaf is shorter than a page */

/* The most pages that a leaf has, with the smallest page of any system. */
enum {
    MAX_PAGES = ((size_t)1 << FR_MAP_LEAF_BITS) * sizeof(fr_atomic) / FR_PAGE_SIZE,
    IDLE_WORDS = (MAX_PAGES + sizeof(size_t) * 8 - 1) / (sizeof(size_t) * 8)
};

/* In `entries`: the page is being discarded. */
#define DISCARDING ((uint32_t)-1)

struct books {
    struct books *next; /* the next leaf with idle pages */
    size_t idle_count;  /* of its pages; 0: the leaf is not on that list */
    /* a bit for each page; one that is used again may keep the bit */
    size_t idle[IDLE_WORDS];
    uint32_t entries[MAX_PAGES]; /* not 0 in each page, or DISCARDING */
};

fr_atomic fr_leaf_idle_pages;
static struct books *with_idle;

static size_t books_offset(void)
{
    return fr_align_up(LEAF_BYTES, fr_page_size());
}

static struct books *books_of(fr_atomic *leaf)
{
    return (struct books *)(void *)((char *)leaf + books_offset());
}

static char *page_address(struct books *books, size_t page)
{
    return (char *)books - books_offset() + page * fr_page_size();
}

static size_t mapped_bytes(void)
{
    return books_offset() + fr_align_up(sizeof(struct books), fr_page_size());
}

/* Where the system refuses, what the provider keeps mapped without need goes first. */
fr_atomic *fr_leaf_new(void)
{
    fr_atomic *leaf;
    do
        leaf = fr_pages_map(mapped_bytes(), fr_page_size());
    while (!leaf && fr_fallback_mmap_let_go());
    return leaf;
}

void fr_leaf_drop(fr_atomic *leaf)
{
    fr_pages_unmap(leaf, mapped_bytes());
}

static void note_idle(struct books *books, size_t page)
{
    if (LEAF_PAGES == 0 || fr_bits_test(books->idle, page))
        return;
    fr_bits_set(books->idle, page, page + 1);
    fr_fetch_add_relaxed(&fr_leaf_idle_pages, 1);
    if (books->idle_count++ > 0)
        return;
    books->next = with_idle;
    with_idle = books;
}

/* Stores into one page. */
static void store_in_page(fr_atomic *leaf, uintptr_t first, uintptr_t last, fr_entry entry)
{
    struct books *books = books_of(leaf);
    size_t page = first / ENTRIES_PER_PAGE;
    uint32_t gone = 0;
    for (uintptr_t i = first; i <= last; i++) {
        gone += fr_load_relaxed(&leaf[i]) != 0;
        fr_store_release(&leaf[i], entry);
    }
    books->entries[page] += (entry ? (uint32_t)(last - first + 1) : 0) - gone;
    if (gone && books->entries[page] == 0)
        note_idle(books, page);
}

void fr_leaf_store(fr_atomic *leaf, uintptr_t first, uintptr_t last, fr_entry entry)
{
    for (;;) {
        uintptr_t end = first | (ENTRIES_PER_PAGE - 1);
        if (end >= last)
            break;
        store_in_page(leaf, first, end, entry);
        first = end + 1;
    }
    store_in_page(leaf, first, last, entry);
}

/* ---- discarding ---- */

/* Of one batch: the runs of pages, and all of them. Whoever stores into one of the pages waits for
 * the batch. */
#define BATCH_RUNS  FR_DISCARD_MAX
#define BATCH_PAGES 512

/* The thread that discards, and what. There is one at a time; another one that comes only tells it
 * that there is more to do. */
static struct {
    const void *thread;  /* NULL: nobody */
    size_t left;         /* idle pages to look at before it ends */
    struct books *books; /* of the leaf that the batch is from */
    size_t n;            /* runs */
    struct frusa_range runs[BATCH_RUNS];
} trimmer;

/* Adds a page to the batch; 0 when the batch is full. */
static int add_to_batch(char *page)
{
    struct frusa_range *last = &trimmer.runs[trimmer.n - (trimmer.n > 0)];
    if (trimmer.n > 0 && (char *)last->ptr + last->size == page) {
        last->size += fr_page_size();
        return 1;
    }
    if (trimmer.n == BATCH_RUNS)
        return 0;
    trimmer.runs[trimmer.n].ptr = page;
    trimmer.runs[trimmer.n++].size = fr_page_size();
    return 1;
}

/* Marks idle pages of the first leaf that has some. [P.4] */
static void open_batch(void)
{
    struct books *books = with_idle;
    size_t page = fr_bits_next_set(books->idle, 0, LEAF_PAGES);
    trimmer.books = books;
    for (size_t i = 0; i < BATCH_PAGES && page < LEAF_PAGES && trimmer.left > 0; i++) {
        if (books->entries[page] == 0) {
            if (!add_to_batch(page_address(books, page)))
                break;
            books->entries[page] = DISCARDING;
        }
        fr_bits_clear(books->idle, page, page + 1);
        fr_fetch_sub_relaxed(&fr_leaf_idle_pages, 1);
        books->idle_count--;
        trimmer.left--;
        page = fr_bits_next_set(books->idle, page + 1, LEAF_PAGES);
    }
    if (books->idle_count == 0)
        with_idle = books->next;
}

/* Takes the marks away. Pages that were not discarded after all are idle again. */
static void close_batch(int discarded)
{
    for (size_t i = 0; i < trimmer.n; i++) {
        char *run = trimmer.runs[i].ptr;
        size_t first = (size_t)(run - page_address(trimmer.books, 0)) / fr_page_size();
        for (size_t page = first; page < first + trimmer.runs[i].size / fr_page_size(); page++) {
            trimmer.books->entries[page] = 0;
            if (!discarded)
                note_idle(trimmer.books, page);
        }
    }
    trimmer.n = 0;
}

int fr_leaf_is_discarding(fr_atomic *leaf, uintptr_t first, uintptr_t last)
{
    struct books *books = books_of(leaf);
    if (trimmer.n == 0 || trimmer.books != books)
        return 0;
    for (size_t page = first / ENTRIES_PER_PAGE; page <= last / ENTRIES_PER_PAGE; page++)
        if (books->entries[page] == DISCARDING)
            return 1;
    return 0;
}

int fr_leaf_discards(void)
{
    return trimmer.n != 0;
}

/* Discards until no leaf has an idle page, or all those are done that there were when it began, or
 * when another thread wanted the same. Ends early when a fork waits for that. */
static void trim(void)
{
    size_t refused[FR_DISCARD_WORDS];
    trimmer.thread = fr_thread_id();
    while (with_idle && trimmer.left > 0 && !fr_gate_is_closed(FR_RANK_RECALL)) {
        open_batch();
        fr_pagemap_unguard(NULL);
        /* A page that is refused stays resident, all zero as it is. */
        fr_pages_discard(trimmer.runs, trimmer.n, refused);
        fr_pagemap_guard(NULL);
        close_batch(1);
    }
    trimmer.thread = NULL;
}

void fr_leaf_trim(void)
{
    fr_lock_assert_none();
    fr_pagemap_guard(NULL);
    trimmer.left = fr_load_relaxed(&fr_leaf_idle_pages);
    if (!trimmer.thread)
        trim();
    fr_pagemap_unguard(NULL);
}

void fr_leaf_after_fork(void)
{
    if (!trimmer.thread || trimmer.thread == fr_thread_id())
        return;
    close_batch(0);
    trimmer.thread = NULL;
}

/* ---- for tests ---- */

static int page_is_valid(fr_atomic *leaf, size_t page)
{
    uintptr_t first = page * ENTRIES_PER_PAGE;
    uint32_t expected = books_of(leaf)->entries[page];
    uint32_t entries = 0;
    if (expected == DISCARDING || (expected == 0 && !fr_pages_is_resident(&leaf[first])))
        return 1; /* not looked at: that would make it resident */
    for (uintptr_t i = first; i < first + ENTRIES_PER_PAGE && i < FR_LEAF_ENTRIES; i++)
        entries += fr_load_relaxed(&leaf[i]) != 0;
    return entries == expected;
}

int fr_leaf_is_valid(fr_atomic *leaf)
{
    struct books *books = books_of(leaf);
    for (size_t page = 0; page < LEAF_PAGES + (LEAF_PAGES == 0); page++)
        if (!page_is_valid(leaf, page))
            return 0;
    return books->idle_count == fr_bits_count(books->idle, 0, LEAF_PAGES);
}
