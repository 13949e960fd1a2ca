/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The table of blocks, on the C library's search trees. */
#include "block_table.h"
#include "require.h"

#include <search.h>
#include <stdlib.h>

/* Ranges that overlap compare equal, so that one look-up finds whatever is in the way. */
static int compare_blocks(const void *a, const void *b)
{
    const struct block *x = a, *y = b;
    if ((uintptr_t)x->address + x->size <= (uintptr_t)y->address)
        return -1;
    return (uintptr_t)y->address + y->size <= (uintptr_t)x->address;
}

/* The block that overlaps the range, or NULL; the mutex is held. */
static struct block *find_overlap(struct counting_fallback *fallback, void *ptr, size_t size)
{
    struct block key = {ptr, ptr, size, 0};
    struct block *const *node = tfind(&key, &fallback->blocks, compare_blocks);
    return node != NULL ? *node : NULL;
}

static struct block *require_exact(struct counting_fallback *fallback, void *address, size_t size,
                                   size_t align)
{
    struct block *block = find_overlap(fallback, address, size);
    REQUIRE_MSG(block != NULL && block->address == address && block->size == size &&
                    block->align == align,
                "a block (%p, %zu, %zu) that did not go out so comes back", address, size, align);
    return block;
}

void block_table_add(struct counting_fallback *fallback, const struct block *block)
{
    struct block *copy = malloc(sizeof(*copy));
    REQUIRE(copy != NULL);
    *copy = *block;
    pthread_mutex_lock(&fallback->mutex);
    struct block *const *node = tsearch(copy, &fallback->blocks, compare_blocks);
    REQUIRE(node != NULL && *node == copy);
    pthread_mutex_unlock(&fallback->mutex);
}

void *block_table_remove(struct counting_fallback *fallback, void *address, size_t size,
                         size_t align)
{
    pthread_mutex_lock(&fallback->mutex);
    struct block *block = require_exact(fallback, address, size, align);
    void *base = block->base;
    REQUIRE(tdelete(block, &fallback->blocks, compare_blocks) != NULL);
    pthread_mutex_unlock(&fallback->mutex);
    free(block);
    return base;
}

void block_table_shrink(struct counting_fallback *fallback, void *address, size_t size,
                        size_t align, size_t new_size)
{
    REQUIRE(new_size < size);
    pthread_mutex_lock(&fallback->mutex);
    require_exact(fallback, address, size, align)->size = new_size;
    pthread_mutex_unlock(&fallback->mutex);
}

void block_table_require_inside(struct counting_fallback *fallback, void *ptr, size_t size)
{
    pthread_mutex_lock(&fallback->mutex);
    const struct block *block = find_overlap(fallback, ptr, size);
    REQUIRE_MSG(block != NULL && (uintptr_t)ptr >= (uintptr_t)block->address &&
                    (uintptr_t)ptr + size <= (uintptr_t)block->address + block->size,
                "a range (%p, %zu) that is in no block", ptr, size);
    pthread_mutex_unlock(&fallback->mutex);
}
