/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The paths that calls try first: an object out of, or into, a magazine of the caller's cache,
 * with no lock, no atomic read-modify-write and no fence. What they leave goes to object.c. The
 * paths themselves are in <frusa-inline.h>, so that programs can compile them in. Two kinds:
 *
 *   small    sizes below the cache's small_end, aligns that every class has: the magazine's place
 *            is in a table. Inlined into the exported functions.
 *   cached   every layout that has a magazine: the class is computed. A call further away.
 */
#ifndef FR_FAST_H
#define FR_FAST_H

#include "cache/cache.h"

/* The calling thread's cache where the fast paths may use it: no fence, no table. */
FR_INLINE struct frusa_cache *fr_fast_cache(const struct fr_instance *inst)
{
    return fr_thread_fast(fr_load_relaxed(&inst->fast_slot));
}

/* The class of a layout below a limit of a cache that has a magazine, FR_CLASS_NONE for others and
 * while the limit is 0. */
static inline unsigned fr_cache_class(const fr_atomic *limit, size_t size, size_t align)
{
    size_t end = fr_load_relaxed(limit);
    if (size >= end || align >= end || !fr_align_is_valid(align))
        return FR_CLASS_NONE;
    unsigned cls = fr_class_of_layout(size, align);
    return cls < FR_CACHED_CLASSES ? cls : FR_CLASS_NONE;
}

/* The class of a layout that the cached paths take. */
static inline unsigned fr_fast_class(const struct frusa_cache *c, size_t size, size_t align)
{
    return fr_cache_class(&c->fast.cached_end, size, align);
}

/* An object out of a cache that needs no fence; NULL: by cache.c, or n is not below the limit. */
static inline void *fr_cache_pop_below(struct frusa_cache *c, const fr_atomic *limit, size_t n,
                                       unsigned cls)
{
    void *p = NULL;
    if (!frusa_inline_open_(&c->fast, limit, n) ||
        !frusa_inline_pop_(&c->fast, fr_cache_magazine(c, cls), &p))
        return NULL;
    return p;
}

/* An object into such a cache; 0: by cache.c, or n is not below the limit. */
static inline int fr_cache_push_below(struct frusa_cache *c, const fr_atomic *limit, size_t n,
                                      unsigned cls, void *p)
{
    return frusa_inline_open_(&c->fast, limit, n) &&
           frusa_inline_push_(&c->fast, fr_cache_magazine(c, cls), p);
}

static inline void *fr_cache_pop(struct frusa_cache *c, unsigned cls)
{
    return fr_cache_pop_below(c, &c->fast.class_end, cls, cls);
}

static inline int fr_cache_push(struct frusa_cache *c, unsigned cls, void *p)
{
    return fr_cache_push_below(c, &c->fast.class_end, cls, cls, p);
}

/* The same with the limit that stays open while the instance is profiled. */
static inline void *fr_profiled_pop(struct frusa_cache *c, unsigned cls)
{
    return fr_cache_pop_below(c, &c->own_end, 0, cls);
}

static inline int fr_profiled_push(struct frusa_cache *c, unsigned cls, void *p)
{
    return fr_cache_push_below(c, &c->own_end, 0, cls, p);
}

/* Enters a cache that needs a fence; 0: a recall has the cache. [C.2] */
static inline int fr_cache_open_fenced(struct frusa_cache *c)
{
    fr_cache_enter(c, 1, 1);
    if (!fr_cache_is_recalled(c)) /* [C.1] */
        return 1;
    fr_cache_leave(c);
    return 0;
}

/* The same for caches of both kinds, also while the instance is profiled. */
static inline void *fr_cache_take(struct frusa_cache *c, unsigned cls)
{
    void *p = NULL;
    if (!c->fenced)
        return fr_profiled_pop(c, cls);
    if (!fr_cache_open_fenced(c) || !frusa_inline_pop_(&c->fast, fr_cache_magazine(c, cls), &p))
        return NULL;
    return p;
}

static inline int fr_cache_put(struct frusa_cache *c, unsigned cls, void *p)
{
    if (!c->fenced)
        return fr_profiled_push(c, cls, p);
    return fr_cache_open_fenced(c) && frusa_inline_push_(&c->fast, fr_cache_magazine(c, cls), p);
}

/* An object of a layout; NULL: by object.c. */
static inline void *fr_fast_take(struct frusa_cache *c, size_t size, size_t align)
{
    unsigned cls = c ? fr_fast_class(c, size, align) : FR_CLASS_NONE;
    return cls == FR_CLASS_NONE ? NULL : fr_cache_pop(c, cls);
}

/* Gives an object of a layout back; 0: by object.c. */
static inline int fr_fast_give(struct frusa_cache *c, void *p, size_t size, size_t align)
{
    unsigned cls = c && p ? fr_fast_class(c, size, align) : FR_CLASS_NONE;
    return cls != FR_CLASS_NONE && fr_cache_push(c, cls, p);
}

#endif /* FR_FAST_H */
