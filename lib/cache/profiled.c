/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cache/profiled.h"

#include "cache/registry.h"

void *fr_profiled_take(struct frusa_cache *c, size_t size, size_t align)
{
    unsigned cls = fr_cache_class(&c->own_end, size, align);
    return cls == FR_CLASS_NONE ? NULL : fr_profiled_pop(c, cls);
}

void *fr_profiled_count(struct fr_profile *profile, struct fr_instance *inst, struct frusa_cache *c,
                        void *p, size_t size)
{
    if (!c)
        c = fr_registry_find(inst);
    if (p && FR_HOSTED)
        fr_profile_count(profile, c ? &c->countdown : NULL, p, size);
    return p;
}

/* Whether the magazine of a layout is in the table, and the fast paths take the layout. */
static int is_small(const struct frusa_cache *c, size_t size, size_t align)
{
    return size <= FR_SMALL_TABLE_MAX && align <= FR_MIN_ALIGN && !(align & (align - 1)) &&
           align < fr_load_relaxed(&c->own_end);
}

FR_HOT void *fr_profiled_alloc(const struct fr_profile *profile, const struct fr_instance *inst,
                               size_t size, size_t align)
{
    struct frusa_cache *c = fr_fast_cache(inst);
    void *p = NULL;
    if (!c || !is_small(c, size, align) || !fr_countdown_lasts(&c->countdown, profile, size))
        return NULL;
    if (!frusa_inline_open_(&c->fast, &c->own_end, size) ||
        !frusa_inline_pop_(&c->fast, frusa_inline_small_(&c->fast, size), &p))
        return NULL;
    c->countdown.left -= size;
    return p;
}

/* As fr_profiled_push, by a layout. */
static int push(struct frusa_cache *c, void *p, size_t size, size_t align)
{
    if (FR_LIKELY(is_small(c, size, align)))
        return frusa_inline_open_(&c->fast, &c->own_end, size) &&
               frusa_inline_push_(&c->fast, frusa_inline_small_(&c->fast, size), p);
    unsigned cls = fr_cache_class(&c->own_end, size, align);
    return cls != FR_CLASS_NONE && fr_profiled_push(c, cls, p);
}

FR_HOT int fr_profiled_dealloc(struct fr_profile *profile, struct frusa_cache *c, void *p,
                               size_t size, size_t align)
{
    if (FR_HOSTED)
        fr_profile_forget(profile, p);
    return c && push(c, p, size, align);
}

FR_HOT int fr_profiled_free(struct fr_profile *profile, const struct fr_instance *inst, void *p)
{
    struct frusa_cache *c = fr_fast_cache(inst);
    if (FR_HOSTED)
        fr_profile_forget(profile, p);
    fr_entry e = fr_pagemap_get(&inst->heap.map, p);
    unsigned cls = e ? fr_entry_class(e) : FR_CLASS_NONE;
    return c && cls < FR_CACHED_CLASSES && fr_profiled_push(c, cls, p);
}
