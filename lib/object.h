/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Objects of any size, managed or large, checked or not: everything behind the small fast paths of
 * api.c.
 *
 * Each function takes the name of the public call for which it works, sets the error of a failure,
 * and reports misuse itself, with no lock held.
 */
#ifndef FR_OBJECT_H
#define FR_OBJECT_H

#include "cache/cache.h"

/* Which cache a call goes through. */
struct fr_via {
    struct fr_instance *inst;
    struct frusa_cache *cache; /* an explicit one; NULL: the calling thread's */
};

/* frusa_cache_create. */
struct frusa_cache *fr_object_cache(struct fr_instance *inst, const char *call);

enum fr_contents { FR_UNINITIALISED, FR_ZEROED };

void *fr_object_alloc(struct fr_via via, size_t size, size_t align, enum fr_contents contents,
                      const char *call);

void fr_object_dealloc(struct fr_via via, void *p, size_t size, size_t align, const char *call);

/* Without a layout. */
void fr_object_free(struct fr_instance *inst, void *p, const char *call);

void *fr_object_realloc(struct fr_instance *inst, void *p, size_t size, size_t align,
                        size_t new_size, const char *call);

/* Without a layout. */
void *fr_object_resize(struct fr_instance *inst, void *p, size_t new_size, const char *call);

size_t fr_object_usable_size(struct fr_instance *inst, const void *p, const char *call);

/* Non-zero when the address lies in memory of the instance. */
int fr_object_owns(struct fr_instance *inst, const void *p);

/* 0: not a layout that could be served. */
size_t fr_object_good_size(const struct fr_instance *inst, size_t size, size_t align);

#endif /* FR_OBJECT_H */
