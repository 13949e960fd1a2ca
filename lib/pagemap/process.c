/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "pagemap/pagemap.h"

#include "port/pages.h"

#define LEAF_ENTRIES ((uintptr_t)1 << FR_MAP_LEAF_BITS)

/*
 * A leaf is followed by counters: how many entries are not 0 in each of the system's pages of the leaf. A
 * page of which the last entry goes is given back, so that a heap that came and went leaves no map
 * behind. Stores and counters are covered by the lock; a reader sees 0 either way.
 */
#define ENTRIES_PER_PAGE (fr_page_size() / sizeof(fr_atomic))
#define LEAF_BYTES       (LEAF_ENTRIES * sizeof(fr_atomic))
#define COUNTERS         (LEAF_BYTES / FR_PAGE_SIZE) /* of the smallest system page */

fr_atomic fr_pagemap_root[(size_t)1 << (sizeof(void *) == 8 ? 18 : 10)];
fr_lock fr_pagemap_lock;

static size_t mapped_bytes(void)
{
    return fr_align_up(LEAF_BYTES, fr_page_size()) +
           fr_align_up(COUNTERS * sizeof(uint32_t), fr_page_size());
}

static void *new_leaf(void)
{
    return fr_pages_map(mapped_bytes(), fr_page_size());
}

static uint32_t *counter_of(fr_atomic *leaf, uintptr_t index)
{
    uint32_t *counters = (uint32_t *)((char *)leaf + fr_align_up(LEAF_BYTES, fr_page_size()));
    return &counters[index / ENTRIES_PER_PAGE];
}

static fr_atomic *leaf_of(uintptr_t page)
{
    return fr_load_ptr_acquire(&fr_pagemap_root[page >> FR_MAP_LEAF_BITS]);
}

/* The leaf for a page, made when missing; NULL when there is no memory for it. */
static fr_atomic *leaf_for(uintptr_t page)
{
    fr_atomic *root = &fr_pagemap_root[page >> FR_MAP_LEAF_BITS];
    fr_atomic *leaf = fr_load_ptr_acquire(root);
    if (leaf)
        return leaf;
    leaf = new_leaf();
    if (!leaf)
        return NULL;
    if (fr_cas_full(root, 0, (uintptr_t)leaf))
        return leaf;
    fr_pages_unmap(leaf, mapped_bytes());
    return fr_load_ptr_acquire(root);
}

/* With the guard held: changes one entry. */
static void store_entry(uintptr_t page, fr_entry entry)
{
    uintptr_t index = page & (LEAF_ENTRIES - 1);
    fr_atomic *leaf = leaf_of(page);
    fr_entry old = fr_load_relaxed(&leaf[index]);
    *counter_of(leaf, index) += (uint32_t)(entry != 0) - (uint32_t)(old != 0);
    fr_store_release(&leaf[index], entry);
}

void fr_pagemap_init(struct fr_pagemap *map, struct fr_backing *backing)
{
    (void)map;
    (void)backing;
}

int fr_pagemap_set(struct fr_pagemap *map, const void *base, size_t bytes, fr_entry entry,
                   fr_entry *outer, int *at_limit)
{
    uintptr_t first = (uintptr_t)base >> FR_PAGE_SHIFT;
    uintptr_t last = ((uintptr_t)base + bytes - 1) >> FR_PAGE_SHIFT;
    (void)at_limit;
    for (uintptr_t page = first; page <= last; page = (page | (LEAF_ENTRIES - 1)) + 1)
        if (!leaf_for(page))
            return 0;
    fr_pagemap_guard(map);
    *outer = fr_pagemap_get(map, base);
    for (uintptr_t page = first; page <= last; page++)
        store_entry(page, entry);
    fr_pagemap_unguard(map);
    return 1;
}

/* The one leaf that the process keeps. */
static fr_atomic spare_leaf;

int fr_pagemap_reserve(struct fr_pagemap *map, void **nodes, int *at_limit)
{
    void *spare = fr_load_ptr_acquire(&spare_leaf);
    (void)map;
    (void)at_limit;
    if (!spare || !fr_cas_acquire(&spare_leaf, (uintptr_t)spare, 0))
        spare = new_leaf();
    *nodes = spare;
    return spare != NULL;
}

void fr_pagemap_set_reserved(struct fr_pagemap *map, const void *page, fr_entry entry,
                             fr_entry *outer, void *nodes)
{
    uintptr_t number = (uintptr_t)page >> FR_PAGE_SHIFT;
    fr_atomic *root = &fr_pagemap_root[number >> FR_MAP_LEAF_BITS];
    int used = !fr_load_ptr_acquire(root) && fr_cas_full(root, 0, (uintptr_t)nodes);
    fr_pagemap_guard(map);
    *outer = fr_pagemap_get(map, page);
    store_entry(number, entry);
    fr_pagemap_unguard(map);
    if (!used && !fr_cas_release(&spare_leaf, 0, (uintptr_t)nodes))
        fr_pages_unmap(nodes, mapped_bytes());
}

void fr_pagemap_clear_guarded(struct fr_pagemap *map, const void *page, fr_entry outer)
{
    (void)map;
    store_entry((uintptr_t)page >> FR_PAGE_SHIFT, outer);
}

/* With the guard held: gives the leaf's pages between two entries back whose last entry is gone. */
static void give_leaf_pages_back(uintptr_t first, uintptr_t last)
{
    size_t refused[FR_DISCARD_WORDS];
    for (uintptr_t page = first; page <= last; page = (page | (ENTRIES_PER_PAGE - 1)) + 1) {
        uintptr_t index = page & (LEAF_ENTRIES - 1);
        fr_atomic *leaf = leaf_of(page);
        struct frusa_range range = {&leaf[index & ~(ENTRIES_PER_PAGE - 1)], fr_page_size()};
        if (*counter_of(leaf, index) == 0 && LEAF_BYTES >= fr_page_size())
            fr_pages_discard(&range, 1, refused); /* refused: it stays, all zero as it is */
    }
}

void fr_pagemap_clear(struct fr_pagemap *map, const void *base, size_t bytes, fr_entry outer)
{
    uintptr_t first = (uintptr_t)base >> FR_PAGE_SHIFT;
    uintptr_t last = ((uintptr_t)base + bytes - 1) >> FR_PAGE_SHIFT;
    /* A large object has an entry on its first page only. */
    fr_entry rest = fr_entry_class(outer) == FR_CLASS_LARGE ? 0 : outer;
    fr_pagemap_guard(map);
    for (uintptr_t page = first; page <= last; page++)
        store_entry(page, page == first ? outer : rest);
    give_leaf_pages_back(first, last);
    fr_pagemap_unguard(map);
}

size_t fr_pagemap_trim(struct fr_pagemap *map)
{
    (void)map;
    return 0;
}

size_t fr_pagemap_held(const struct fr_pagemap *map)
{
    (void)map;
    return 0;
}

size_t fr_pagemap_in_use(const struct fr_pagemap *map)
{
    (void)map;
    return 0;
}

/* With the guard held. */
static int leaf_is_valid(fr_atomic *leaf)
{
    for (uintptr_t first = 0; first < LEAF_ENTRIES; first += ENTRIES_PER_PAGE) {
        uint32_t entries = 0;
        if (*counter_of(leaf, first) == 0 && !fr_pages_is_resident(&leaf[first]))
            continue; /* not looked at: that would make it resident */
        for (uintptr_t i = first; i < first + ENTRIES_PER_PAGE && i < LEAF_ENTRIES; i++)
            entries += fr_load_relaxed(&leaf[i]) != 0;
        if (entries != *counter_of(leaf, first))
            return 0;
    }
    return 1;
}

int fr_pagemap_is_valid(struct fr_pagemap *map)
{
    int valid = 1;
    fr_pagemap_guard(map);
    for (size_t i = 0; i < sizeof(fr_pagemap_root) / sizeof(fr_pagemap_root[0]) && valid; i++) {
        fr_atomic *leaf = fr_load_ptr_acquire(&fr_pagemap_root[i]);
        valid = !leaf || leaf_is_valid(leaf);
    }
    fr_pagemap_unguard(map);
    return valid;
}
