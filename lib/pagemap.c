/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "pagemap.h"

#include "port/pages.h"

#define LEAF_ENTRIES ((uintptr_t)1 << FR_MAP_LEAF_BITS)
#define LEAF_BYTES   (LEAF_ENTRIES * sizeof(fr_atomic))

fr_atomic fr_pagemap_root[(size_t)1 << (sizeof(void *) == 8 ? 18 : 10)];
fr_lock fr_pagemap_lock;

_Static_assert(FR_CLASS_LARGE < FR_CLASS_NONE && FR_CLASS_NONE < FR_SPAN_ALIGN,
               "every class must fit below a descriptor's address");

/* The leaf for a page, made when missing; NULL when there is no memory for it. */
static fr_atomic *leaf_for(uintptr_t page)
{
    fr_atomic *root = &fr_pagemap_root[page >> FR_MAP_LEAF_BITS];
    fr_atomic *leaf = fr_load_ptr_acquire(root);
    if (leaf)
        return leaf;
    leaf = fr_pages_map(LEAF_BYTES, fr_page_size());
    if (!leaf)
        return NULL;
    if (fr_cas_full(root, 0, (uintptr_t)leaf))
        return leaf;
    fr_pages_unmap(leaf, LEAF_BYTES);
    return fr_load_ptr_acquire(root);
}

int fr_pagemap_set(const void *base, size_t bytes, fr_entry entry)
{
    uintptr_t first = (uintptr_t)base >> FR_PAGE_SHIFT;
    uintptr_t last = ((uintptr_t)base + bytes - 1) >> FR_PAGE_SHIFT;
    for (uintptr_t page = first; page <= last; page = (page | (LEAF_ENTRIES - 1)) + 1)
        if (!leaf_for(page))
            return 0;
    for (uintptr_t page = first; page <= last; page++) {
        fr_atomic *leaf = fr_load_ptr_acquire(&fr_pagemap_root[page >> FR_MAP_LEAF_BITS]);
        fr_store_release(&leaf[page & (LEAF_ENTRIES - 1)], entry);
    }
    return 1;
}

static fr_atomic spare_leaf;

void *fr_pagemap_spare_take(void)
{
    void *spare = fr_load_ptr_acquire(&spare_leaf);
    if (spare && fr_cas_acquire(&spare_leaf, (uintptr_t)spare, 0))
        return spare;
    return fr_pages_map(LEAF_BYTES, fr_page_size());
}

void fr_pagemap_spare_put(void *spare)
{
    if (spare && !fr_cas_release(&spare_leaf, 0, (uintptr_t)spare))
        fr_pages_unmap(spare, LEAF_BYTES);
}

void *fr_pagemap_set_with(const void *p, fr_entry entry, void *spare)
{
    uintptr_t page = (uintptr_t)p >> FR_PAGE_SHIFT;
    fr_atomic *root = &fr_pagemap_root[page >> FR_MAP_LEAF_BITS];
    if (!fr_load_ptr_acquire(root) && fr_cas_full(root, 0, (uintptr_t)spare))
        spare = NULL;
    fr_atomic *leaf = fr_load_ptr_acquire(root);
    fr_store_release(&leaf[page & (LEAF_ENTRIES - 1)], entry);
    return spare;
}

void fr_pagemap_clear_guarded(const void *p)
{
    uintptr_t page = (uintptr_t)p >> FR_PAGE_SHIFT;
    fr_atomic *leaf = fr_load_ptr_acquire(&fr_pagemap_root[page >> FR_MAP_LEAF_BITS]);
    fr_store_relaxed(&leaf[page & (LEAF_ENTRIES - 1)], 0);
}

void fr_pagemap_clear(const void *base, size_t bytes)
{
    uintptr_t first = (uintptr_t)base >> FR_PAGE_SHIFT;
    uintptr_t last = ((uintptr_t)base + bytes - 1) >> FR_PAGE_SHIFT;
    fr_pagemap_guard();
    for (uintptr_t page = first; page <= last; page++)
        fr_pagemap_clear_guarded((const void *)(page << FR_PAGE_SHIFT));
    fr_pagemap_unguard();
}
