/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Calls that may fail, for scenarios. A failure has to have a reason (the fallback refused or
 * misplaced memory during that call), has to set errno to ENOMEM, and has to leave everything live
 * as it was.
 */
#ifndef FAULT_STAGE_H
#define FAULT_STAGE_H

#include "scenarios.h"

/* One object of a scenario; ptr is NULL when its allocation failed. */
struct item {
    void *ptr;
    size_t size, align;
};

enum stage_call { STAGE_ALLOC, STAGE_ZEROED, STAGE_MALLOC, STAGE_CALLOC };

/* Allocates by the call named and fills the object. */
struct item stage_alloc(struct stage *stage, enum stage_call call, size_t size, size_t align);

/* The same through an explicit cache. */
struct item stage_cache_alloc(struct stage *stage, frusa_cache_t *cache, size_t size, size_t align);

/* Gives such an object back through a cache. */
void stage_cache_free(struct stage *stage, frusa_cache_t *cache, struct item *item);

/* Changes the size, with the layout or (align must be 0) without; the item keeps what it holds on
 * failure. */
void stage_realloc(struct stage *stage, struct item *item, size_t new_size, int with_layout);

/* Checks and gives back, with the layout or without; nothing for an allocation that failed. */
void stage_free(struct stage *stage, struct item *item, int with_layout);

/* Creates an explicit cache or returns NULL. */
frusa_cache_t *stage_cache(struct stage *stage);

/* Creates the instance of a setting under the plan (NULL: none). stage->f is NULL when that
 * failed. */
void stage_open(struct stage *stage, struct counting_fallback *fallback,
                const struct setting *setting, const struct fault_plan *plan);

/* Requires, with nothing failing any more, that nothing is live, that the instance is valid and
 * usable, that reclaim leaves the record alone, and that destroy gives everything back. */
void stage_close(struct stage *stage);

/* Requires that an object of each kind can be had, used and given back. */
void stage_require_usable(frusa_t *f);

#endif /* FAULT_STAGE_H */
