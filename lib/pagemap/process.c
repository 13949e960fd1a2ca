/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "pagemap/pagemap.h"

#include "pagemap/leaf.h"
#include "port/wait.h"

fr_atomic fr_pagemap_root[(size_t)1 << (sizeof(void *) == 8 ? 18 : 10)];

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
    leaf = fr_leaf_new();
    if (!leaf)
        return NULL;
    if (fr_cas_full(root, 0, (uintptr_t)leaf))
        return leaf;
    fr_leaf_drop(leaf);
    return fr_load_ptr_acquire(root);
}

/* The last page of the range that ends at `last` whose entry is in one leaf with that of `page`. */
static uintptr_t last_in_leaf(uintptr_t page, uintptr_t last)
{
    uintptr_t end = page | (FR_LEAF_ENTRIES - 1);
    return end < last ? end : last;
}

/* With the guard held: stores an entry for a range of pages. */
static void store(uintptr_t first, uintptr_t last, fr_entry entry)
{
    for (uintptr_t page = first; page <= last; page = last_in_leaf(page, last) + 1)
        fr_leaf_store(leaf_of(page), page & (FR_LEAF_ENTRIES - 1),
                      last_in_leaf(page, last) & (FR_LEAF_ENTRIES - 1), entry);
}

static int is_discarding(uintptr_t first, uintptr_t last)
{
    for (uintptr_t page = first; page <= last; page = last_in_leaf(page, last) + 1)
        if (fr_leaf_is_discarding(leaf_of(page), page & (FR_LEAF_ENTRIES - 1),
                                  last_in_leaf(page, last) & (FR_LEAF_ENTRIES - 1)))
            return 1;
    return 0;
}

/* Takes the guard when no page that a set is about to store into is being discarded. [P.4] */
static void guard_for_set(struct fr_pagemap *map, uintptr_t first, uintptr_t last)
{
    unsigned round = 0;
    fr_pagemap_guard(map);
    while (is_discarding(first, last)) {
        fr_pagemap_unguard(map);
        fr_back_off(&round);
        fr_pagemap_guard(map);
    }
}

void fr_pagemap_before_fork(void)
{
    unsigned step = 0;
    int locked;
    while ((locked = fr_lock_acquire_patiently(&fr_pagemap_lock, FR_RANK_PAGEMAP)) &&
           fr_leaf_discards() && fr_gate_is_patient(&step, FR_PATIENCE_LOCK))
        fr_lock_release(&fr_pagemap_lock, FR_RANK_PAGEMAP);
    fr_gate_close(FR_GATE_BIT(FR_RANK_PAGEMAP));
    if (locked)
        fr_lock_release(&fr_pagemap_lock, FR_RANK_PAGEMAP);
}

void fr_pagemap_after_fork(void)
{
    fr_lock_forget(&fr_pagemap_lock);
    if (fr_lock_is_free(&fr_pagemap_lock))
        fr_leaf_after_fork();
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
    for (uintptr_t page = first; page <= last; page = last_in_leaf(page, last) + 1)
        if (!leaf_for(page))
            return 0;
    guard_for_set(map, first, last);
    *outer = fr_pagemap_get(map, base);
    store(first, last, entry);
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
        spare = fr_leaf_new();
    *nodes = spare;
    return spare != NULL;
}

void fr_pagemap_set_reserved(struct fr_pagemap *map, const void *page, fr_entry entry,
                             fr_entry *outer, void *nodes)
{
    uintptr_t number = (uintptr_t)page >> FR_PAGE_SHIFT;
    fr_atomic *root = &fr_pagemap_root[number >> FR_MAP_LEAF_BITS];
    int used = !fr_load_ptr_acquire(root) && fr_cas_full(root, 0, (uintptr_t)nodes);
    guard_for_set(map, number, number);
    *outer = fr_pagemap_get(map, page);
    store(number, number, entry);
    fr_pagemap_unguard(map);
    if (!used && !fr_cas_release(&spare_leaf, 0, (uintptr_t)nodes))
        fr_leaf_drop(nodes);
}

/* An outer span's entry is put back where the inner span's was, so the page has entries and is not
 * being discarded. */
void fr_pagemap_clear_guarded(struct fr_pagemap *map, const void *page, fr_entry outer)
{
    uintptr_t number = (uintptr_t)page >> FR_PAGE_SHIFT;
    (void)map;
    store(number, number, outer);
}

void fr_pagemap_clear(struct fr_pagemap *map, const void *base, size_t bytes, fr_entry outer)
{
    uintptr_t first = (uintptr_t)base >> FR_PAGE_SHIFT;
    uintptr_t last = ((uintptr_t)base + bytes - 1) >> FR_PAGE_SHIFT;
    /* A large object has an entry on its first page only. */
    fr_entry rest = fr_entry_class(outer) == FR_CLASS_LARGE ? 0 : outer;
    fr_pagemap_guard(map);
    store(first, first, outer);
    store(first + 1, last, rest);
    fr_pagemap_unguard(map);
}

size_t fr_pagemap_trim(struct fr_pagemap *map)
{
    (void)map;
    if (fr_load_relaxed(&fr_leaf_idle_pages))
        fr_leaf_trim();
    return 0;
}

void fr_pagemap_trim_excess(struct fr_pagemap *map)
{
    (void)map;
    if (fr_load_relaxed(&fr_leaf_idle_pages) >= FR_LEAF_IDLE_MAX)
        fr_leaf_trim();
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

int fr_pagemap_is_valid(struct fr_pagemap *map)
{
    int valid = 1;
    fr_pagemap_guard(map);
    for (size_t i = 0; i < sizeof(fr_pagemap_root) / sizeof(fr_pagemap_root[0]) && valid; i++) {
        fr_atomic *leaf = fr_load_ptr_acquire(&fr_pagemap_root[i]);
        valid = !leaf || fr_leaf_is_valid(leaf);
    }
    fr_pagemap_unguard(map);
    return valid;
}
