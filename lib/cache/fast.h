/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The paths that calls try first: an object out of, or into, a magazine of the caller's cache,
 * with no lock, no atomic read-modify-write and no fence. What they leave goes to object.c. Two
 * kinds:
 *
 *   small    sizes below the cache's fast_end, aligns that every class has: the magazine's place
 *            is in a table. Inlined into the exported functions.
 *   cached   every layout that has a magazine: the class is computed. A call further away.
 */
#ifndef FR_FAST_H
#define FR_FAST_H

#include "cache/cache.h"

/* The calling thread's cache where the fast paths may use it: no fence, no table. */
FR_INLINE struct frusa_cache *fr_fast_cache(const struct fr_instance *inst)
{
    struct fr_thread *thread = fr_thread_self();
    return thread ? fr_load_ptr_relaxed(&thread->fast[fr_load_relaxed(&inst->fast_slot)]) : NULL;
}

/* A layout that the small paths take. */
FR_INLINE int fr_fast_is_small(const struct frusa_cache *c, size_t size, size_t align)
{
    return size < c->fast_end && fr_align_is_small(align);
}

/* The class of a layout that the cached paths take, FR_CLASS_NONE for others. */
static inline unsigned fr_fast_class(const struct frusa_cache *c, size_t size, size_t align)
{
    if (size >= c->cached_end || align >= c->cached_end || !fr_align_is_valid(align))
        return FR_CLASS_NONE;
    unsigned cls = fr_class_of_layout(size, align);
    return cls < FR_CACHED_CLASSES ? cls : FR_CLASS_NONE;
}

/* An object out of a cache's magazine, into one, with a fence where that is needed; 0: by
 * cache.c. */
static inline int fr_cache_take(struct frusa_cache *c, unsigned cls, void **p)
{
    struct fr_magazine *mag = fr_cache_magazine(c, cls);
    return c->fenced ? fr_cache_pop(c, mag, p, 1) : fr_cache_pop(c, mag, p, 0);
}

static inline int fr_cache_put(struct frusa_cache *c, unsigned cls, void *p)
{
    struct fr_magazine *mag = fr_cache_magazine(c, cls);
    return c->fenced ? fr_cache_push(c, mag, p, 1) : fr_cache_push(c, mag, p, 0);
}

/* An object of a layout; NULL: by object.c. */
static inline void *fr_fast_take(struct frusa_cache *c, size_t size, size_t align)
{
    void *p;
    unsigned cls = c ? fr_fast_class(c, size, align) : FR_CLASS_NONE;
    if (cls == FR_CLASS_NONE || !fr_cache_pop(c, fr_cache_magazine(c, cls), &p, 0))
        return NULL;
    return p;
}

/* Gives an object of a layout back; 0: by object.c. */
static inline int fr_fast_give(struct frusa_cache *c, void *p, size_t size, size_t align)
{
    unsigned cls = c && p ? fr_fast_class(c, size, align) : FR_CLASS_NONE;
    return cls != FR_CLASS_NONE && fr_cache_push(c, fr_cache_magazine(c, cls), p, 0);
}

#endif /* FR_FAST_H */
