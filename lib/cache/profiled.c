/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cache/profiled.h"

#include "cache/registry.h"

/* The class of a layout that has a magazine, FR_CLASS_NONE for others and while a recall has the
 * cache. */
static unsigned class_of(const struct frusa_cache *c, size_t size, size_t align)
{
    size_t end = fr_load_relaxed(&c->own_end);
    if (size >= end || align >= end || !fr_align_is_valid(align))
        return FR_CLASS_NONE;
    unsigned cls = fr_class_of_layout(size, align);
    return cls < FR_CACHED_CLASSES ? cls : FR_CLASS_NONE;
}

void *fr_profiled_take(struct frusa_cache *c, size_t size, size_t align)
{
    unsigned cls = class_of(c, size, align);
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

/* 0: there is no profile. */
static int forget(const struct fr_instance *inst, const void *p)
{
    struct fr_profile *profile = fr_instance_profile(inst);
    if (!FR_HOSTED || !profile)
        return 0;
    fr_profile_forget(profile, p);
    return 1;
}

int fr_profiled_dealloc(struct fr_instance *inst, struct frusa_cache *c, void *p, size_t size,
                        size_t align)
{
    if (!forget(inst, p) || !c)
        return 0;
    unsigned cls = class_of(c, size, align);
    return cls != FR_CLASS_NONE && fr_profiled_push(c, cls, p);
}

int fr_profiled_free(struct fr_instance *inst, struct frusa_cache *c, void *p)
{
    if (!forget(inst, p) || !c)
        return 0;
    fr_entry e = fr_pagemap_get(&inst->heap.map, p);
    unsigned cls = e ? fr_entry_class(e) : FR_CLASS_NONE;
    return cls < FR_CACHED_CLASSES && fr_profiled_push(c, cls, p);
}
