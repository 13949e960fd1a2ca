/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/treap.h"

#include <stddef.h>

/* The multiplier is 2^32 or 2^64 divided by the golden ratio (D. E. Knuth, The Art of Computer
 * Programming 3, 6.4). The high bits of the product depend on all bits of the address; the second
 * product spreads them once more, because nodes often lie at a constant distance. */
static uintptr_t priority(const struct fr_treap_node *node)
{
    const uintptr_t multiplier = (uintptr_t)0x9e3779b97f4a7c15u;
    const unsigned half = sizeof(uintptr_t) * 4;
    uintptr_t x = (uintptr_t)node * multiplier;
    x ^= x >> half;
    return x * multiplier;
}

/* Splits a tree: nodes with keys below `key` go to *lower, the others to *higher. */
static void split(struct fr_treap_node *tree, uintptr_t key, struct fr_treap_node **lower,
                  struct fr_treap_node **higher, fr_treap_key *key_of)
{
    while (tree) {
        if (key_of(tree) < key) {
            *lower = tree;
            lower = &tree->higher;
            tree = tree->higher;
        } else {
            *higher = tree;
            higher = &tree->lower;
            tree = tree->lower;
        }
    }
    *lower = NULL;
    *higher = NULL;
}

/* The tree of both trees' nodes; all keys of `lower` are below all keys of `higher`. Stored
 * through *at. */
static void merge(struct fr_treap_node **at, struct fr_treap_node *lower,
                  struct fr_treap_node *higher)
{
    while (lower && higher) {
        if (priority(lower) > priority(higher)) {
            *at = lower;
            at = &lower->higher;
            lower = lower->higher;
        } else {
            *at = higher;
            at = &higher->lower;
            higher = higher->lower;
        }
    }
    *at = lower ? lower : higher;
}

void fr_treap_insert(struct fr_treap_node **root, struct fr_treap_node *node, fr_treap_key *key_of)
{
    uintptr_t key = key_of(node);
    struct fr_treap_node **at = root;
    while (*at && priority(*at) > priority(node))
        at = key_of(*at) < key ? &(*at)->higher : &(*at)->lower;
    split(*at, key, &node->lower, &node->higher, key_of);
    *at = node;
}

void fr_treap_remove(struct fr_treap_node **root, struct fr_treap_node *node, fr_treap_key *key_of)
{
    uintptr_t key = key_of(node);
    struct fr_treap_node **at = root;
    while (*at != node)
        at = key_of(*at) < key ? &(*at)->higher : &(*at)->lower;
    merge(at, node->lower, node->higher);
}

struct fr_treap_node *fr_treap_find(struct fr_treap_node *root, uintptr_t key, fr_treap_key *key_of)
{
    struct fr_treap_node *found = NULL;
    while (root) {
        int is_above = key_of(root) > key;
        found = is_above ? found : root;
        root = is_above ? root->lower : root->higher;
    }
    return found;
}
