/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The exported functions but for those of the providers: fast paths and argument checks, nothing
 * else. */
#include <frusa.h>

#include "cache/profiled.h"
#include "cache/registry.h"
#include "cache/report.h"
#include "cache/retain.h"
#include "life.h"
#include "object.h"
#include "port/error.h"
#include "reclaim/reclaim.h"
#include "reclaim/rest.h"
#include "stats.h"
#include "walk.h"

static struct fr_via through_thread(struct fr_instance *inst)
{
    struct fr_via via = {inst, NULL};
    return via;
}

static struct fr_via through(struct frusa_cache *c)
{
    /* A checked instance knows no caches: an explicit one is a name for the instance. */
    struct fr_via via = {c->instance, fr_heap_is_checked(&c->instance->heap) ? NULL : c};
    return via;
}

FR_EXPORT frusa_t *frusa_create(const struct frusa_fallback_ops *ops)
{
    return frusa_create_with(ops, NULL);
}

FR_EXPORT frusa_t *frusa_create_with(const struct frusa_fallback_ops *ops,
                                     const struct frusa_config *config)
{
    struct fr_instance *inst = fr_instance_create(ops, config);
    return inst ? fr_instance_public(inst) : NULL;
}

FR_EXPORT void frusa_destroy(frusa_t *f)
{
    struct fr_instance *inst = fr_instance_of(f);
    int saved = fr_save_errno();
    if (f)
        fr_instance_destroy(inst);
    fr_restore_errno(saved);
}

/* All calls of profiled instances come here. */
static void *alloc(struct fr_instance *inst, size_t size, size_t align, const char *call)
{
    struct fr_profile *profile = fr_instance_profile(inst);
    void *p = profile ? fr_profiled_alloc(profile, inst, size, align) : NULL;
    if (p)
        return p;
    return fr_object_alloc(through_thread(inst), size, align, FR_UNINITIALISED, call);
}

static void dealloc(struct fr_instance *inst, void *p, size_t size, size_t align, const char *call)
{
    struct fr_profile *profile = fr_instance_profile(inst);
    if (profile && p && fr_profiled_dealloc(profile, fr_fast_cache(inst), p, size, align))
        return;
    fr_object_dealloc(through_thread(inst), p, size, align, call);
}

/* What the inline paths leave. Their arguments are those of the calls, in the same order, so that
 * they are reached by a bare jump. */
FR_EXPORT void *frusa_inline_alloc_1(frusa_t *f, size_t size, size_t align)
{
    return alloc(fr_instance_of(f), size, align, "frusa_alloc");
}

FR_EXPORT void *frusa_inline_malloc_1(frusa_t *f, size_t size)
{
    return alloc(fr_instance_of(f), size, 0, "frusa_malloc");
}

FR_EXPORT void frusa_inline_dealloc_1(frusa_t *f, void *ptr, size_t size, size_t align)
{
    dealloc(fr_instance_of(f), ptr, size, align, "frusa_dealloc");
}

FR_EXPORT void frusa_inline_free_1(frusa_t *f, void *ptr)
{
    fr_object_free(fr_instance_of(f), ptr, "frusa_free");
}

FR_EXPORT void *frusa_inline_cache_alloc_1(frusa_cache_t *c, size_t size, size_t align)
{
    return fr_object_alloc(through(c), size, align, FR_UNINITIALISED, "frusa_cache_alloc");
}

FR_EXPORT void frusa_inline_cache_dealloc_1(frusa_cache_t *c, void *ptr, size_t size, size_t align)
{
    fr_object_dealloc(through(c), ptr, size, align, "frusa_cache_dealloc");
}

FR_EXPORT void *frusa_front_alloc(frusa_t *f, size_t size, size_t align, const char *call)
{
    return fr_object_alloc(through_thread(fr_instance_of(f)), size, align, FR_UNINITIALISED, call);
}

FR_EXPORT void frusa_front_dealloc(frusa_t *f, void *ptr, size_t size, size_t align,
                                   const char *call)
{
    fr_object_dealloc(through_thread(fr_instance_of(f)), ptr, size, align, call);
}

FR_EXPORT void frusa_front_free(frusa_t *f, void *ptr, const char *call)
{
    fr_object_free(fr_instance_of(f), ptr, call);
}

FR_EXPORT FR_HOT void *frusa_alloc(frusa_t *f, size_t size, size_t align)
{
    struct frusa_cache *c = fr_fast_cache(fr_instance_of(f));
    void *p = NULL;
    if (FR_LIKELY(c && frusa_inline_take_(&c->fast, size, align, &p)))
        return p;
    return frusa_inline_alloc_1(f, size, align);
}

FR_EXPORT void *frusa_alloc_zeroed(frusa_t *f, size_t size, size_t align)
{
    return fr_object_alloc(through_thread(fr_instance_of(f)), size, align, FR_ZEROED,
                           "frusa_alloc_zeroed");
}

FR_EXPORT FR_HOT void frusa_dealloc(frusa_t *f, void *ptr, size_t size, size_t align)
{
    struct frusa_cache *c = fr_fast_cache(fr_instance_of(f));
    if (!FR_LIKELY(c && ptr && frusa_inline_give_(&c->fast, ptr, size, align)))
        frusa_inline_dealloc_1(f, ptr, size, align);
}

FR_EXPORT void *frusa_realloc(frusa_t *f, void *ptr, size_t size, size_t align, size_t new_size)
{
    return fr_object_realloc(fr_instance_of(f), ptr, size, align, new_size, "frusa_realloc");
}

FR_EXPORT FR_HOT void *frusa_malloc(frusa_t *f, size_t size)
{
    struct frusa_cache *c = fr_fast_cache(fr_instance_of(f));
    void *p = NULL;
    if (FR_LIKELY(c && frusa_inline_take_(&c->fast, size, 0, &p)))
        return p;
    return frusa_inline_malloc_1(f, size);
}

FR_EXPORT void *frusa_calloc(frusa_t *f, size_t n, size_t size)
{
    size_t bytes;
    if (fr_multiply(n, size, &bytes))
        bytes = (size_t)-1; /* refused as any request that is too large */
    return fr_object_alloc(through_thread(fr_instance_of(f)), bytes, 0, FR_ZEROED, "frusa_calloc");
}

FR_EXPORT void *frusa_resize(frusa_t *f, void *ptr, size_t new_size)
{
    return fr_object_resize(fr_instance_of(f), ptr, new_size, "frusa_resize");
}

FR_EXPORT FR_HOT void frusa_free(frusa_t *f, void *ptr)
{
    struct frusa_cache *c = fr_fast_cache(fr_instance_of(f));
    const fr_atomic *pages = fr_pagemap_root_for_inline();
    if (!FR_LIKELY(c && pages && frusa_inline_give_unsized_(&c->fast, pages, ptr)))
        frusa_inline_free_1(f, ptr);
}

FR_EXPORT size_t frusa_usable_size(frusa_t *f, const void *ptr)
{
    return fr_object_usable_size(fr_instance_of(f), ptr, "frusa_usable_size");
}

FR_EXPORT size_t frusa_good_size(const frusa_t *f, size_t size, size_t align)
{
    struct fr_instance *inst = fr_instance_of(f);
    int saved = fr_save_errno();
    size_t good = fr_instance_ready(inst) ? fr_object_good_size(inst, size, align) : 0;
    fr_restore_errno(saved);
    return good;
}

FR_EXPORT int frusa_owns(frusa_t *f, const void *ptr)
{
    struct fr_instance *inst = fr_instance_of(f);
    if (!fr_instance_is_ready(inst))
        return 0;
    return fr_object_owns(inst, ptr);
}

static size_t reclaim(frusa_t *f, size_t target, const char *call)
{
    struct fr_instance *inst = fr_instance_of(f);
    struct fr_misuse m = FR_NO_MISUSE;
    int partial = 0;
    int saved = fr_save_errno();
    if (target == 0 || !fr_instance_is_ready(inst))
        return 0;
    size_t bytes = fr_reclaim(inst, target, &partial, &m);
    bytes += fr_rest(inst, &m);
    fr_restore_errno(saved);
    if (partial)
        fr_set_error(FR_EPERM);
    fr_report(inst, &m, call);
    return bytes;
}

FR_EXPORT size_t frusa_reclaim(frusa_t *f)
{
    return reclaim(f, FR_EVERYTHING, "frusa_reclaim");
}

FR_EXPORT size_t frusa_reclaim_some(frusa_t *f, size_t target)
{
    return reclaim(f, target, "frusa_reclaim_some");
}

FR_EXPORT void frusa_thread_flush(frusa_t *f)
{
    struct fr_instance *inst = fr_instance_of(f);
    struct fr_misuse m = FR_NO_MISUSE;
    if (!fr_instance_is_ready(inst))
        return;
    int saved = fr_save_errno();
    struct frusa_cache *c = fr_registry_find(inst);
    if (c)
        fr_cache_flush(c, &m);
    fr_retain_check(inst);
    fr_restore_errno(saved);
    fr_report(inst, &m, "frusa_thread_flush");
}

/* Has an instance rest again that was woken for a call. */
static void rest_again(struct fr_instance *inst, int rested)
{
    struct fr_misuse m = FR_NO_MISUSE;
    if (rested)
        fr_rest(inst, &m);
}

FR_EXPORT int frusa_set_limit(frusa_t *f, size_t limit)
{
    struct fr_instance *inst = fr_instance_of(f);
    struct fr_misuse m = FR_NO_MISUSE;
    int rested = fr_instance_rests(inst);
    int partial = 0;
    if (!fr_instance_ready(inst))
        return -1;
    int saved = fr_save_errno();
    fr_fallback_set_limit(&inst->heap.backing, limit);
    if (fr_fallback_is_over_limit(&inst->heap.backing))
        fr_reclaim(inst, FR_EVERYTHING, &partial, &m);
    rest_again(inst, rested);
    fr_restore_errno(saved);
    fr_report(inst, &m, "frusa_set_limit");
    return 0;
}

FR_EXPORT int frusa_set_retain(frusa_t *f, size_t bytes)
{
    struct fr_instance *inst = fr_instance_of(f);
    if (!fr_instance_ready(inst))
        return -1;
    int saved = fr_save_errno();
    fr_retain_set(inst, bytes);
    fr_restore_errno(saved);
    return 0;
}

/* An instance at rest is looked at as it is. */
static int may_look_into(struct fr_instance *inst)
{
    return fr_instance_rests(inst) || fr_instance_ready(inst);
}

FR_EXPORT int frusa_get_stats(frusa_t *f, struct frusa_stats *out)
{
    struct fr_instance *inst = fr_instance_of(f);
    if (!out) {
        fr_set_error(FR_EINVAL);
        return -1;
    }
    if (!may_look_into(inst))
        return -1;
    fr_stats_get(inst, out);
    return 0;
}

FR_EXPORT size_t frusa_stats_json(frusa_t *f, char *buf, size_t len)
{
    struct fr_instance *inst = fr_instance_of(f);
    if (!may_look_into(inst)) {
        if (len)
            buf[0] = '\0';
        return 0;
    }
    return fr_stats_json(inst, buf, len);
}

FR_EXPORT int frusa_walk(frusa_t *f, int (*visit)(const struct frusa_span_info *, void *),
                         void *arg)
{
    struct fr_instance *inst = fr_instance_of(f);
    struct fr_misuse m = FR_NO_MISUSE;
    if (!fr_instance_is_ready(inst))
        return 0;
    fr_reclaim_caches_only(inst, &m);
    fr_report(inst, &m, "frusa_walk");
    return fr_walk(&inst->heap, visit, arg);
}

FR_EXPORT const char *frusa_version(void)
{
    return FRUSA_VERSION;
}

FR_EXPORT void frusa_set_panic_handler(void (*handler)(void *arg, const char *message), void *arg)
{
    fr_misuse_set_handler(handler, arg);
}

FR_EXPORT frusa_cache_t *frusa_cache_create(frusa_t *f)
{
    struct fr_instance *inst = fr_instance_of(f);
    return fr_instance_ready(inst) ? fr_object_cache(inst, "frusa_cache_create") : NULL;
}

FR_EXPORT FR_HOT void *frusa_cache_alloc(frusa_cache_t *c, size_t size, size_t align)
{
    void *p = NULL;
    if (FR_LIKELY(frusa_inline_take_(&c->fast, size, align, &p)))
        return p;
    return frusa_inline_cache_alloc_1(c, size, align);
}

FR_EXPORT FR_HOT void frusa_cache_dealloc(frusa_cache_t *c, void *ptr, size_t size, size_t align)
{
    if (!FR_LIKELY(ptr && frusa_inline_give_(&c->fast, ptr, size, align)))
        frusa_inline_cache_dealloc_1(c, ptr, size, align);
}

FR_EXPORT void frusa_cache_destroy(frusa_cache_t *c)
{
    struct fr_misuse m = FR_NO_MISUSE;
    int saved = fr_save_errno();
    if (!c)
        return;
    fr_registry_end(c, &m);
    fr_restore_errno(saved);
    if (m.kind != FR_MISUSE_NONE)
        fr_misuse_report("frusa_cache_destroy", &m); /* the instance may be gone */
}
