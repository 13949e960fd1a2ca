/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The page map of freestanding builds: one for each instance, its nodes pages from the instance's
 * fallback. Included by pagemap.h alone.
 *
 * A node is a page of words, 512 (64-bit) or 1024 (32-bit). Level 1 is the leaves, whose words are
 * entries; a word above, and `root`, is a reference: the address of a node, its level, and how
 * many of its words are not 0, less one. Every node has at least one; one that loses its last is
 * unlinked.
 *
 * The whole address space is covered, a kernel's upper half as well, without a chain of nodes for
 * the bits that all addresses share: the tree is as high as it must be for what is in it. While it
 * is not empty, `anchor` is one of the pages that it covers: it covers those that agree with the
 * anchor in all bits above its height. (Path compression, as in D. R. Morrison's PATRICIA trees,
 * 1968, at the top alone.) A page outside makes it grow: the old root becomes a child of a new
 * one.
 *
 * A node is linked (release) when it is filled in. While a span is in the map, none of the nodes
 * on the way to its entries is unlinked, and the anchor stays: lookups of one's own objects need
 * no lock [P.1]. What is unlinked is kept for the next set, until fr_pagemap_trim hands it back;
 * so entries can be cleared where the fallback must not be called.
 */
#ifndef FR_PAGEMAP_INSTANCE_H
#define FR_PAGEMAP_INSTANCE_H

#define FR_NODE_BITS  (sizeof(void *) == 8 ? 9u : 10u) /* of a page's number, for each level */
#define FR_NODE_WORDS ((size_t)1 << FR_NODE_BITS)
#define FR_PAGE_BITS  (sizeof(void *) * 8 - FR_PAGE_SHIFT) /* of a page's number */
#define FR_NODE_LEVELS                                                                             \
    ((unsigned)((FR_PAGE_BITS + FR_NODE_BITS - 1) / FR_NODE_BITS)) /* of the highest tree */

struct fr_node {
    fr_atomic words[FR_PAGE_SIZE / sizeof(fr_atomic)];
};

struct fr_pagemap {
    fr_lock lock;     /* rank FR_RANK_PAGEMAP; covers all changes */
    fr_atomic root;   /* a reference; 0: the tree is empty */
    fr_atomic anchor; /* number of a page */
    /* without entries; linked through their first words */
    struct fr_node *kept;
    size_t kept_count;          /* of them */
    fr_atomic held;             /* bytes of all nodes */
    fr_atomic in_use;           /* bytes of linked nodes */
    struct fr_backing *backing; /* where they come from; constant */
};

static inline struct fr_node *fr_reference_node(size_t reference)
{
    return (struct fr_node *)(reference & ~(FR_PAGE_SIZE - 1));
}

static inline unsigned fr_reference_level(size_t reference)
{
    return (unsigned)((reference & (FR_PAGE_SIZE - 1)) >> FR_NODE_BITS);
}

/* Words of the node that are not 0. */
static inline size_t fr_reference_count(size_t reference)
{
    return (reference & (FR_NODE_WORDS - 1)) + 1;
}

/* The word for a page in a node of a level. */
static inline fr_atomic *fr_node_word(struct fr_node *node, unsigned level, uintptr_t page)
{
    return &node->words[page >> (FR_NODE_BITS * (level - 1)) & (FR_NODE_WORDS - 1)];
}

/* Non-zero when two pages lie in one node of a level. */
static inline int fr_node_is_common(unsigned level, uintptr_t page, uintptr_t other)
{
    return (page ^ other) >> (FR_NODE_BITS * level) == 0;
}

FR_INLINE fr_entry fr_pagemap_get(const struct fr_pagemap *map, const void *p)
{
    uintptr_t page = (uintptr_t)p >> FR_PAGE_SHIFT;
    size_t word = fr_load_acquire(&map->root);
    unsigned level = fr_reference_level(word);
    if (FR_UNLIKELY(!word || !fr_node_is_common(level, page, fr_load_relaxed(&map->anchor))))
        return 0;
    for (; level > 0 && word; level--)
        word = fr_load_acquire(fr_node_word(fr_reference_node(word), level, page));
    return word;
}

static inline const fr_atomic *fr_pagemap_root_for_inline(void)
{
    return NULL;
}

static inline void fr_pagemap_guard(struct fr_pagemap *map)
{
    fr_lock_acquire(&map->lock, FR_RANK_PAGEMAP);
}

static inline void fr_pagemap_unguard(struct fr_pagemap *map)
{
    fr_lock_release(&map->lock, FR_RANK_PAGEMAP);
}

#endif /* FR_PAGEMAP_INSTANCE_H */
