/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A search tree of nodes that lie in their owners: a treap (R. Seidel and C. R. Aragon,
 * "Randomized Search Trees", 1996). Every call takes O(log n) steps on average, no recursion and
 * no memory.
 *
 * A node's priority is a mix of its address, so two pointers are all that a node needs. Keys are
 * read from the owners by a function. The key of a node that is in the tree does not change, and
 * no two nodes have the same key. The caller holds whatever lock covers the tree. A root of NULL
 * is an empty tree.
 */
#ifndef FR_TREAP_H
#define FR_TREAP_H

#include <stdint.h>

struct fr_treap_node {
    struct fr_treap_node *lower;  /* root of the nodes below it with lower keys */
    struct fr_treap_node *higher; /* root of the nodes below it with higher keys */
};

typedef uintptr_t fr_treap_key(const struct fr_treap_node *node);

void fr_treap_insert(struct fr_treap_node **root, struct fr_treap_node *node, fr_treap_key *key_of);

/* `node` is in the tree. */
void fr_treap_remove(struct fr_treap_node **root, struct fr_treap_node *node, fr_treap_key *key_of);

/* The node with the highest key that is not above `key`; NULL when there is none. */
struct fr_treap_node *fr_treap_find(struct fr_treap_node *root, uintptr_t key,
                                    fr_treap_key *key_of);

#endif /* FR_TREAP_H */
