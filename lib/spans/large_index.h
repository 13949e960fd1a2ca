/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * An index of large objects by address. The page map knows the first page of a large object only,
 * so it cannot tell what an address inside of one belongs to.
 *
 * The caller holds the lock that covers the index. An object's base and length do not change while
 * it is in.
 */
#ifndef FR_LARGE_INDEX_H
#define FR_LARGE_INDEX_H

#include "spans/span.h"

struct fr_large_index {
    struct fr_treap_node *root;
};

void fr_large_index_add(struct fr_large_index *index, struct fr_span *s);
void fr_large_index_remove(struct fr_large_index *index, struct fr_span *s);

/* Makes the index empty. Its objects' nodes are not used any more. */
static inline void fr_large_index_forget(struct fr_large_index *index)
{
    index->root = NULL;
}

/* The large object around an address; NULL when there is none. */
struct fr_span *fr_large_index_find(const struct fr_large_index *index, const void *p);

#endif /* FR_LARGE_INDEX_H */
