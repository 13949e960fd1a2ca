/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "pagemap/pagemap.h"

_Static_assert(sizeof(struct fr_node) == FR_PAGE_SIZE, "a node is a page");
_Static_assert(FR_NODE_LEVELS < (FR_PAGE_SIZE >> (sizeof(void *) == 8 ? 9 : 10)),
               "level and count fit below a node's address");
_Static_assert(sizeof(void *) * 8 > FR_PAGE_SHIFT, "a page's number is shorter than a word");

/* What one set of one page may take: nodes above the root, up to the highest, and a way down from
 * there. */
#define RESERVE (2 * (FR_NODE_LEVELS - 1))

void fr_pagemap_init(struct fr_pagemap *map, struct fr_backing *backing)
{
    map->backing = backing;
}

/* ---- nodes outside the tree: chains, linked through their first words ---- */

static struct fr_node *next_of(struct fr_node *node)
{
    return fr_load_ptr_relaxed(&node->words[0]);
}

static void push(struct fr_node **chain, struct fr_node *node)
{
    fr_store_ptr_relaxed(&node->words[0], *chain);
    *chain = node;
}

static struct fr_node *pop(struct fr_node **chain)
{
    struct fr_node *node = *chain;
    *chain = next_of(node);
    return node;
}

/* Adds nodes from the fallback until the chain has `want`; 0 when it refuses. No lock is held. */
static int obtain(struct fr_pagemap *map, struct fr_node **chain, size_t *n, size_t want,
                  int *at_limit)
{
    while (*n < want) {
        struct fr_node *node =
            fr_fallback_alloc(map->backing, FR_PAGE_SIZE, FR_PAGE_SIZE, FR_FOR_METADATA, at_limit);
        if (!node)
            return 0;
        fr_fetch_add_relaxed(&map->held, FR_PAGE_SIZE);
        push(chain, node);
        ++*n;
    }
    return 1;
}

/* Hands a chain to the fallback; returns the bytes. No lock is held. */
static size_t give_back(struct fr_pagemap *map, struct fr_node *chain)
{
    size_t bytes = 0;
    while (chain) {
        struct fr_node *node = pop(&chain);
        fr_fetch_sub_relaxed(&map->held, FR_PAGE_SIZE);
        fr_fallback_dealloc(map->backing, node, FR_PAGE_SIZE, FR_PAGE_SIZE, FR_FOR_METADATA);
        bytes += FR_PAGE_SIZE;
    }
    return bytes;
}

static void keep(struct fr_pagemap *map, struct fr_node *node)
{
    push(&map->kept, node);
    map->kept_count++;
}

static void keep_all(struct fr_pagemap *map, struct fr_node *chain)
{
    while (chain)
        keep(map, pop(&chain));
}

/* A node for the tree, all zero. */
static struct fr_node *take_kept(struct fr_pagemap *map)
{
    struct fr_node *node = pop(&map->kept);
    map->kept_count--;
    fr_fetch_add_relaxed(&map->in_use, FR_PAGE_SIZE);
    for (size_t i = 0; i < FR_NODE_WORDS; i++)
        fr_store_relaxed(&node->words[i], 0);
    return node;
}

/* ---- the tree, with the guard held ---- */

static size_t reference(struct fr_node *node, unsigned level, size_t count)
{
    return (uintptr_t)node | (size_t)level << FR_NODE_BITS | (count - 1);
}

static uintptr_t anchor_of(const struct fr_pagemap *map)
{
    return fr_load_relaxed(&map->anchor);
}

/* The height of a tree that also covers these pages. */
static unsigned height_for(const struct fr_pagemap *map, uintptr_t first, uintptr_t last)
{
    size_t root = fr_load_relaxed(&map->root);
    uintptr_t anchor = root ? anchor_of(map) : first;
    unsigned height = root ? fr_reference_level(root) : 1;
    while (!fr_node_is_common(height, first, anchor) || !fr_node_is_common(height, last, anchor))
        height++;
    return height;
}

/* The reference to the node of a level for a page, or the lowest above it that there is; NULL: the
 * tree does not cover the page. */
static fr_atomic *descend(struct fr_pagemap *map, uintptr_t page, unsigned level)
{
    fr_atomic *at = &map->root;
    size_t word = fr_load_relaxed(at);
    if (!word || !fr_node_is_common(fr_reference_level(word), page, anchor_of(map)))
        return NULL;
    while (fr_reference_level(word) > level) {
        fr_atomic *below = fr_node_word(fr_reference_node(word), fr_reference_level(word), page);
        word = fr_load_relaxed(below);
        if (!word)
            break;
        at = below;
    }
    return at;
}

static int node_exists(struct fr_pagemap *map, uintptr_t page, unsigned level)
{
    fr_atomic *at = descend(map, page, level);
    return at && fr_reference_level(fr_load_relaxed(at)) == level;
}

/* How many nodes a set of these pages lacks: of each level those in the range that do not exist,
 * and those that lead to the old root from above where they are not in the range. */
static size_t missing(struct fr_pagemap *map, uintptr_t first, uintptr_t last)
{
    size_t root = fr_load_relaxed(&map->root);
    unsigned height = height_for(map, first, last);
    uintptr_t anchor = anchor_of(map);
    size_t n = 0;
    for (unsigned level = 1; level <= height; level++) {
        unsigned shift = FR_NODE_BITS * level;
        for (uintptr_t i = first >> shift; i <= last >> shift; i++)
            n += !node_exists(map, i << shift, level);
        if (root && level > fr_reference_level(root))
            n += anchor >> shift < first >> shift || anchor >> shift > last >> shift;
    }
    return n;
}

/* Puts nodes above the root until the tree covers the page. */
static void cover(struct fr_pagemap *map, uintptr_t page)
{
    size_t root = fr_load_relaxed(&map->root);
    if (!root) {
        fr_store_relaxed(&map->anchor, page);
        return;
    }
    for (unsigned level = fr_reference_level(root);
         !fr_node_is_common(level, page, anchor_of(map));) {
        struct fr_node *node = take_kept(map);
        level++;
        fr_store_relaxed(fr_node_word(node, level, anchor_of(map)), root);
        root = reference(node, level, 1);
        fr_store_release(&map->root, root);
    }
}

/* Changes how many words of the node behind a reference are not 0; not to none. */
static void recount(fr_atomic *at, size_t more, size_t less)
{
    size_t word = fr_load_relaxed(at);
    size_t count = fr_reference_count(word) + more - less;
    fr_store_release(at, reference(fr_reference_node(word), fr_reference_level(word), count));
}

/* Stores a word for a page into the node behind a reference, where there is none yet. */
static void add_word(fr_atomic *at, uintptr_t page, size_t word)
{
    size_t above = fr_load_relaxed(at);
    fr_store_release(fr_node_word(fr_reference_node(above), fr_reference_level(above), page), word);
    recount(at, 1, 0);
}

/* A leaf that lacks is filled in first, then whatever lacks above it, bottom up; then it is
 * linked. */
static void add_leaf(struct fr_pagemap *map, uintptr_t first, uintptr_t last, fr_entry entry)
{
    fr_atomic *above = descend(map, first, 1);
    unsigned top = above ? fr_reference_level(fr_load_relaxed(above)) : 2;
    struct fr_node *node = take_kept(map);
    for (uintptr_t page = first; page <= last; page++)
        fr_store_relaxed(fr_node_word(node, 1, page), entry);
    size_t word = reference(node, 1, last - first + 1);
    for (unsigned level = 2; level < top; level++) {
        node = take_kept(map);
        fr_store_relaxed(fr_node_word(node, level, first), word);
        word = reference(node, level, 1);
    }
    if (above)
        add_word(above, first, word);
    else
        fr_store_release(&map->root, word);
}

/* Stores into one leaf; the kept nodes suffice. */
static void store(struct fr_pagemap *map, uintptr_t first, uintptr_t last, fr_entry entry)
{
    cover(map, first);
    if (!node_exists(map, first, 1)) {
        add_leaf(map, first, last, entry);
        return;
    }
    fr_atomic *at = descend(map, first, 1);
    struct fr_node *leaf = fr_reference_node(fr_load_relaxed(at));
    size_t more = 0;
    for (uintptr_t page = first; page <= last; page++) {
        more += fr_load_relaxed(fr_node_word(leaf, 1, page)) == 0;
        fr_store_release(fr_node_word(leaf, 1, page), entry);
    }
    if (more)
        recount(at, more, 0);
}

/* Unlinks the node of a level for a page, which has lost its last words, and what has none left
 * above. */
static void unlink_node(struct fr_pagemap *map, uintptr_t page, unsigned level)
{
    for (;; level++) {
        fr_atomic *at = descend(map, page, level);
        size_t word = fr_load_relaxed(at);
        fr_store_release(at, 0);
        fr_fetch_sub_relaxed(&map->in_use, FR_PAGE_SIZE);
        keep(map, fr_reference_node(word));
        if (at == &map->root)
            return;
        at = descend(map, page, level + 1);
        if (fr_reference_count(fr_load_relaxed(at)) > 1) {
            recount(at, 0, 1);
            return;
        }
    }
}

/* Clears entries of one leaf. */
static void clear(struct fr_pagemap *map, uintptr_t first, uintptr_t last)
{
    fr_atomic *at = descend(map, first, 1);
    size_t word = fr_load_relaxed(at);
    size_t less = 0;
    for (uintptr_t page = first; page <= last; page++) {
        fr_atomic *entry = fr_node_word(fr_reference_node(word), 1, page);
        less += fr_load_relaxed(entry) != 0;
        fr_store_relaxed(entry, 0);
    }
    if (less == fr_reference_count(word))
        unlink_node(map, first, 1);
    else
        recount(at, 0, less);
}

/* ---- the interface ---- */

static uintptr_t page_of(const void *p)
{
    return (uintptr_t)p >> FR_PAGE_SHIFT;
}

/* Applies a change of entries leaf by leaf. */
static void for_leaves(struct fr_pagemap *map, uintptr_t first, uintptr_t last, fr_entry entry)
{
    for (;;) {
        uintptr_t end = first | (FR_NODE_WORDS - 1);
        uintptr_t to = end < last ? end : last;
        if (entry)
            store(map, first, to, entry);
        else
            clear(map, first, to);
        if (to == last)
            return;
        first = to + 1;
    }
}

int fr_pagemap_set(struct fr_pagemap *map, const void *base, size_t bytes, fr_entry entry,
                   fr_entry *outer, int *at_limit)
{
    uintptr_t first = page_of(base);
    uintptr_t last = page_of((const char *)base + bytes - 1);
    struct fr_node *chain = NULL;
    size_t n = 0;
    *outer = 0; /* other instances' spans are in other maps, and those of one do not overlap */
    for (;;) {
        fr_pagemap_guard(map);
        size_t lacking = missing(map, first, last);
        if (lacking <= n + map->kept_count) {
            keep_all(map, chain);
            for_leaves(map, first, last, entry);
            fr_pagemap_unguard(map);
            return 1;
        }
        size_t want = lacking - map->kept_count;
        fr_pagemap_unguard(map);
        if (!obtain(map, &chain, &n, want, at_limit)) {
            give_back(map, chain); /* [P.3] */
            return 0;
        }
    }
}

void fr_pagemap_clear(struct fr_pagemap *map, const void *base, size_t bytes, fr_entry outer)
{
    (void)outer;
    fr_pagemap_guard(map);
    for_leaves(map, page_of(base), page_of((const char *)base + bytes - 1), 0);
    fr_pagemap_unguard(map);
}

void fr_pagemap_clear_guarded(struct fr_pagemap *map, const void *page, fr_entry outer)
{
    (void)outer;
    clear(map, page_of(page), page_of(page));
}

int fr_pagemap_reserve(struct fr_pagemap *map, void **nodes, int *at_limit)
{
    struct fr_node *chain = NULL;
    size_t n = 0;
    fr_pagemap_guard(map);
    for (; n < RESERVE && map->kept; n++) {
        push(&chain, pop(&map->kept));
        map->kept_count--;
    }
    fr_pagemap_unguard(map);
    if (!obtain(map, &chain, &n, RESERVE, at_limit)) {
        give_back(map, chain);
        return 0;
    }
    *nodes = chain;
    return 1;
}

void fr_pagemap_set_reserved(struct fr_pagemap *map, const void *page, fr_entry entry,
                             fr_entry *outer, void *nodes)
{
    *outer = 0;
    fr_pagemap_guard(map);
    keep_all(map, nodes);
    store(map, page_of(page), page_of(page), entry);
    fr_pagemap_unguard(map);
}

size_t fr_pagemap_trim(struct fr_pagemap *map)
{
    fr_pagemap_guard(map);
    struct fr_node *chain = map->kept;
    map->kept = NULL;
    map->kept_count = 0;
    fr_pagemap_unguard(map);
    return give_back(map, chain);
}

/* The next sets take what is kept. */
void fr_pagemap_trim_excess(struct fr_pagemap *map)
{
    (void)map;
}

size_t fr_pagemap_held(const struct fr_pagemap *map)
{
    return fr_load_relaxed(&map->held);
}

size_t fr_pagemap_in_use(const struct fr_pagemap *map)
{
    return fr_load_relaxed(&map->in_use);
}

/* With the guard held: the node behind a reference and all below it; adds up their bytes. */
static int node_is_valid(size_t word, size_t *bytes)
{
    struct fr_node *node = fr_reference_node(word);
    unsigned level = fr_reference_level(word);
    size_t count = 0;
    *bytes += FR_PAGE_SIZE;
    for (size_t i = 0; i < FR_NODE_WORDS; i++) {
        size_t below = fr_load_relaxed(&node->words[i]);
        count += below != 0;
        if (below && level > 1 &&
            (fr_reference_level(below) != level - 1 || !node_is_valid(below, bytes)))
            return 0;
    }
    return count == fr_reference_count(word);
}

int fr_pagemap_is_valid(struct fr_pagemap *map)
{
    size_t bytes = 0;
    fr_pagemap_guard(map);
    size_t root = fr_load_relaxed(&map->root);
    int valid = !root || node_is_valid(root, &bytes);
    valid = valid && bytes == fr_pagemap_in_use(map) &&
            bytes + map->kept_count * FR_PAGE_SIZE == fr_pagemap_held(map);
    fr_pagemap_unguard(map);
    return valid;
}
