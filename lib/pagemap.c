/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "pagemap.h"

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

_Static_assert(FR_CLASS_LARGE < FR_CLASS_NONE && FR_CLASS_NONE < FR_SPAN_ALIGN,
               "every class must fit below a descriptor's address");

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

int fr_pagemap_set(const void *base, size_t bytes, fr_entry entry, fr_entry *outer)
{
    uintptr_t first = (uintptr_t)base >> FR_PAGE_SHIFT;
    uintptr_t last = ((uintptr_t)base + bytes - 1) >> FR_PAGE_SHIFT;
    for (uintptr_t page = first; page <= last; page = (page | (LEAF_ENTRIES - 1)) + 1)
        if (!leaf_for(page))
            return 0;
    fr_pagemap_guard();
    *outer = fr_pagemap_get(base);
    for (uintptr_t page = first; page <= last; page++)
        store_entry(page, entry);
    fr_pagemap_unguard();
    return 1;
}

static fr_atomic spare_leaf;

void *fr_pagemap_spare_take(void)
{
    void *spare = fr_load_ptr_acquire(&spare_leaf);
    if (spare && fr_cas_acquire(&spare_leaf, (uintptr_t)spare, 0))
        return spare;
    return new_leaf();
}

void fr_pagemap_spare_put(void *spare)
{
    if (spare && !fr_cas_release(&spare_leaf, 0, (uintptr_t)spare))
        fr_pages_unmap(spare, mapped_bytes());
}

void *fr_pagemap_set_with(const void *p, fr_entry entry, fr_entry *outer, void *spare)
{
    uintptr_t page = (uintptr_t)p >> FR_PAGE_SHIFT;
    fr_atomic *root = &fr_pagemap_root[page >> FR_MAP_LEAF_BITS];
    if (!fr_load_ptr_acquire(root) && fr_cas_full(root, 0, (uintptr_t)spare))
        spare = NULL;
    fr_pagemap_guard();
    *outer = fr_pagemap_get(p);
    store_entry(page, entry);
    fr_pagemap_unguard();
    return spare;
}

void fr_pagemap_clear_guarded(const void *p, fr_entry outer)
{
    store_entry((uintptr_t)p >> FR_PAGE_SHIFT, outer);
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

void fr_pagemap_clear(const void *base, size_t bytes, fr_entry outer)
{
    uintptr_t first = (uintptr_t)base >> FR_PAGE_SHIFT;
    uintptr_t last = ((uintptr_t)base + bytes - 1) >> FR_PAGE_SHIFT;
    /* A large object has an entry on its first page only. */
    fr_entry rest = fr_entry_class(outer) == FR_CLASS_LARGE ? 0 : outer;
    fr_pagemap_guard();
    for (uintptr_t page = first; page <= last; page++)
        store_entry(page, page == first ? outer : rest);
    give_leaf_pages_back(first, last);
    fr_pagemap_unguard();
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

int fr_pagemap_is_valid(void)
{
    int valid = 1;
    fr_pagemap_guard();
    for (size_t i = 0; i < sizeof(fr_pagemap_root) / sizeof(fr_pagemap_root[0]) && valid; i++) {
        fr_atomic *leaf = fr_load_ptr_acquire(&fr_pagemap_root[i]);
        valid = !leaf || leaf_is_valid(leaf);
    }
    fr_pagemap_unguard();
    return valid;
}
