/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The blocks that a counting fallback has handed out: a search tree by address, under its mutex. */
#ifndef SUPPORT_BLOCK_TABLE_H
#define SUPPORT_BLOCK_TABLE_H

#include "fallback.h"

struct block {
    void *address; /* what the instance was given */
    void *base;    /* what the C library gave; lower than address when misaligned on purpose */
    size_t size, align;
};

/* Adds a block; requires that it overlaps no other. */
void block_table_add(struct counting_fallback *fallback, const struct block *block);

/* Removes the block; requires that it went out exactly so. Returns its base. */
void *block_table_remove(struct counting_fallback *fallback, void *address, size_t size,
                         size_t align);

/* Makes a block shorter. */
void block_table_shrink(struct counting_fallback *fallback, void *address, size_t size,
                        size_t align, size_t new_size);

/* Requires that the range lies inside one block. */
void block_table_require_inside(struct counting_fallback *fallback, void *ptr, size_t size);

#endif /* SUPPORT_BLOCK_TABLE_H */
