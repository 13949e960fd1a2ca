/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/large_index.h"

static struct fr_span *span_of(const struct fr_treap_node *node)
{
    return FR_CONTAINER_OF(node, struct fr_span, by_address);
}

static uintptr_t key_of(const struct fr_treap_node *node)
{
    return (uintptr_t)fr_span_base(span_of(node));
}

void fr_large_index_add(struct fr_large_index *index, struct fr_span *s)
{
    fr_treap_insert(&index->root, &s->by_address, key_of);
}

void fr_large_index_remove(struct fr_large_index *index, struct fr_span *s)
{
    fr_treap_remove(&index->root, &s->by_address, key_of);
}

struct fr_span *fr_large_index_find(const struct fr_large_index *index, const void *p)
{
    struct fr_treap_node *node = fr_treap_find(index->root, (uintptr_t)p, key_of);
    struct fr_span *s = node ? span_of(node) : NULL;
    return s && (uintptr_t)p - key_of(node) < s->bytes ? s : NULL;
}
