/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Allocation calls of the fuzzer on slots of the world. Each requires what the call promises,
 * whether it succeeds or fails. A slot is used by one thread at a time.
 */
#ifndef FUZZ_OBJECTS_H
#define FUZZ_OBJECTS_H

#include "world.h"

enum alloc_call { BY_ALLOC, BY_ZEROED, BY_MALLOC, BY_CALLOC, BY_CACHE, ALLOC_CALLS };

/* Fills a free slot; nothing when it is not free. `cache` is for BY_CACHE. */
void object_alloc(struct object *o, struct instance *i, enum alloc_call call, size_t size,
                  size_t align, frusa_cache_t *cache);

/* Gives the object back, if there is one: with its layout, through the cache if one is given, or
 * without. */
void object_free(struct object *o, int with_layout, frusa_cache_t *cache);

/* Changes the size; an empty slot is filled. */
void object_resize(struct object *o, struct instance *i, int with_layout, size_t new_size);

/* Asks all questions about the object. */
void object_ask(const struct object *o);

/* Requires that the object holds what was put into it. */
void object_require(const struct object *o);

#endif /* FUZZ_OBJECTS_H */
