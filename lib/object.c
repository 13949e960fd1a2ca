/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "object.h"

#include "cache/fast.h"
#include "cache/profiled.h"
#include "cache/registry.h"
#include "cache/report.h"
#include "cache/retain.h"
#include "life.h"
#include "port/error.h"
#include "port/memory.h"
#include "port/tools.h"
#include "providers/providers.h"
#include "reclaim/reclaim.h"
#include "spans/checked.h"
#include "spans/judge.h"
#include "spans/kept.h"
#include "spans/large.h"
#include "spans/release.h"

/* How a layout is served. */
enum service { SERVE_CACHED, SERVE_CHECKED, SERVE_LARGE };

static enum service service_of(const struct fr_heap *h, size_t size, size_t align)
{
    if (size > h->managed_max || align > h->managed_max)
        return SERVE_LARGE;
    if (!fr_heap_is_checked(h))
        return SERVE_CACHED;
    return fr_checked_is_large(size, align) ? SERVE_LARGE : SERVE_CHECKED;
}

/*
 * The bytes of a layout that is served as a large object; 0 when that overflows. A managed layout
 * is served so only in a checked instance, for lack of room around it: then all layouts of its
 * class are alike.
 */
static size_t large_bytes(const struct fr_heap *h, size_t size, size_t align)
{
    if (size <= h->managed_max && align <= h->managed_max)
        size = fr_class_size(fr_class_of_layout(size, align));
    return fr_large_bytes(size);
}

/* What a claim says about a large object, for fr_large_free; never 0, which would be no claim. */
static size_t claimed_bytes(const struct fr_heap *h, const struct fr_claim *claim)
{
    size_t bytes = large_bytes(h, claim->size, claim->align);
    return bytes ? bytes : (size_t)-1;
}

/* Bytes at an address of which no instance knows, if the instance's front does; else 0. */
static FR_COLD size_t foreign_bytes(const struct fr_instance *inst, const void *p)
{
    const struct frusa_front *front = fr_instance_front(inst);
    if (!front || !front->foreign || fr_pagemap_get(&inst->heap.map, p))
        return 0;
    return front->foreign(p);
}

/* A free that looks wrong but is allowed: the front knows the pointer. */
static int is_foreign(const struct fr_instance *inst, const struct fr_misuse *m, const void *p)
{
    return FR_UNLIKELY(m->kind == FR_INVALID_POINTER) && m->ptr == p && foreign_bytes(inst, p);
}

/* The cache that the fast paths can use; NULL: none. */
static struct frusa_cache *fast_cache_through(struct fr_via via)
{
    return via.cache ? via.cache : fr_fast_cache(via.inst);
}

static struct frusa_cache *cache_through(struct fr_via via)
{
    struct frusa_cache *c = fast_cache_through(via);
    return FR_LIKELY(c != NULL) ? c : fr_registry_cache(via.inst);
}

/* Whether the fast paths have no way to a cache: a fence, no slot, or a profile. */
static int is_out_of_reach(struct fr_via via, const struct frusa_cache *c)
{
    return !fr_load_relaxed(&c->fast.class_end) || c != fast_cache_through(via);
}

/* Attempts at a request while other threads have memory of the instance in hand that they are
 * giving back. */
#define ATTEMPTS_MAX 64

enum refusal { NOT_REFUSED, REFUSED, REFUSED_BY_SYSTEM, REFUSED_BY_LIMIT };

/* Why an attempt failed. */
static enum refusal refusal_of(const struct fr_instance *inst, int at_limit)
{
    if (at_limit)
        return REFUSED_BY_LIMIT;
    int is_system = fr_default_ops && inst->heap.backing.ops.alloc == fr_default_ops->alloc;
    return is_system ? REFUSED_BY_SYSTEM : REFUSED;
}

/*
 * Whether a request is tried, or tried again after a refusal. Before the second attempt a reclaim
 * gives back what is idle: at the instance's limit, or when the system is short of memory. (The
 * program's own fallback is taken at its word.) It may help even where it gives nothing back, as
 * caches are empty then. At the limit, attempts go on while threads give memory back. No lock held.
 */
static int may_try(struct fr_instance *inst, unsigned attempt, enum refusal last,
                   struct fr_misuse *m)
{
    int partial;
    if (attempt == 0)
        return 1;
    if (attempt > (last == REFUSED_BY_LIMIT ? ATTEMPTS_MAX : last == REFUSED_BY_SYSTEM))
        return 0;
    size_t bytes = fr_reclaim(inst, FR_EVERYTHING, &partial, m);
    return attempt == 1 || bytes > 0 || fr_release_help(&inst->heap);
}

struct frusa_cache *fr_object_cache(struct fr_instance *inst, const char *call)
{
    struct fr_misuse m = FR_NO_MISUSE;
    struct frusa_cache *c = NULL;
    enum refusal refusal = NOT_REFUSED;
    for (unsigned attempt = 0; !c && may_try(inst, attempt, refusal, &m); attempt++) {
        int at_limit = 0;
        c = fr_registry_create(inst, &at_limit);
        refusal = refusal_of(inst, at_limit);
    }
    fr_report(inst, &m, call);
    if (!c)
        fr_report_refusal(inst);
    return c;
}

static void *alloc_cached(struct fr_via via, size_t size, size_t align, int *is_fresh,
                          int *at_limit, struct fr_misuse *m)
{
    unsigned cls = fr_class_of_layout(size, align);
    struct frusa_cache *c = cache_through(via);
    void *p;
    if (c && cls < FR_CACHED_CLASSES && is_out_of_reach(via, c) && (p = fr_cache_take(c, cls)))
        return p;
    return fr_cache_alloc_slow(via.inst, c, cls, is_fresh, at_limit, m);
}

/* One attempt; *is_zero says whether the memory is known to be zero. */
static void *try_alloc(struct fr_via via, size_t size, size_t align, int *is_zero, int *at_limit,
                       struct fr_misuse *m)
{
    struct fr_heap *h = &via.inst->heap;
    int is_fresh = 0;
    void *p;
    switch (service_of(h, size, align)) {
    case SERVE_LARGE:
        return fr_large_alloc(h, size, large_bytes(h, size, align), align, is_zero, at_limit);
    case SERVE_CHECKED:
        *is_zero = 0;
        return fr_checked_alloc(h, size, align, at_limit, m);
    default:
        /* is_fresh is asked for only where it saves clearing. */
        p = alloc_cached(via, size, align, *is_zero ? &is_fresh : NULL, at_limit, m);
        *is_zero = is_fresh && fr_heap_memory_is_zeroed(h);
        return p;
    }
}

/* All that the fast paths leave, and those of profiled instances. */
static FR_NOINLINE void *alloc_past_caches(struct fr_via via, size_t size, size_t align,
                                           enum fr_contents contents, const char *call)
{
    struct fr_misuse m = FR_NO_MISUSE;
    enum refusal refusal = NOT_REFUSED;
    int is_zero = 0;
    void *p = NULL;
    if (!fr_instance_ready(via.inst))
        return NULL;
    if (!fr_align_is_valid(align)) {
        fr_set_error(FR_EINVAL);
        return NULL;
    }
    for (unsigned attempt = 0; !p && may_try(via.inst, attempt, refusal, &m); attempt++) {
        int at_limit = 0;
        is_zero = contents == FR_ZEROED;
        p = size <= FR_SIZE_MAX ? try_alloc(via, size, align, &is_zero, &at_limit, &m) : NULL;
        refusal = size <= FR_SIZE_MAX ? refusal_of(via.inst, at_limit) : REFUSED;
        fr_report(via.inst, &m, call);
    }
    if (!p)
        fr_report_refusal(via.inst);
    else if (contents == FR_ZEROED && !is_zero)
        memset(p, 0, size);
    else if (contents == FR_ZEROED && fr_heap_is_watched(&via.inst->heap))
        fr_tools_open(p, size); /* its contents are known */
    fr_retain_check(via.inst);  /* ageing gives objects to slabs */
    return p;
}

static void *alloc_profiled(struct fr_profile *profile, struct fr_via via, size_t size,
                            size_t align, enum fr_contents contents, const char *call)
{
    struct frusa_cache *c = fast_cache_through(via);
    void *p = c ? fr_profiled_take(c, size, align) : NULL;
    if (!p)
        p = alloc_past_caches(via, size, align, contents, call);
    else if (contents == FR_ZEROED)
        memset(p, 0, size);
    return fr_profiled_count(profile, via.inst, c, p, size);
}

static FR_NOINLINE void *alloc_slow(struct fr_via via, size_t size, size_t align,
                                    enum fr_contents contents, const char *call)
{
    struct fr_profile *profile = fr_instance_profile(via.inst);
    return profile ? alloc_profiled(profile, via, size, align, contents, call)
                   : alloc_past_caches(via, size, align, contents, call);
}

void *fr_object_alloc(struct fr_via via, size_t size, size_t align, enum fr_contents contents,
                      const char *call)
{
    void *p = fr_fast_take(fast_cache_through(via), size, align);
    if (FR_UNLIKELY(!p))
        return alloc_slow(via, size, align, contents, call);
    /* An object out of a magazine has been used before. */
    return contents == FR_ZEROED ? memset(p, 0, size) : p;
}

static void dealloc_cached(struct fr_via via, unsigned cls, void *p, struct fr_misuse *m)
{
    struct frusa_cache *c = cache_through(via);
    if (c && cls < FR_CACHED_CLASSES && is_out_of_reach(via, c) && fr_cache_put(c, cls, p))
        return;
    fr_cache_dealloc_slow(via.inst, c, cls, p, m);
}

/* Misuse of the very object that a call names: the call is to blame, and knows the layout. */
static FR_COLD void blame(struct fr_misuse *m, const void *p, const struct fr_claim *claim)
{
    if (m->ptr != p)
        return;
    m->option = NULL;
    if (claim->known) {
        m->freed_as = claim->size;
        m->freed_align = claim->align;
    }
}

static void report(const struct fr_instance *inst, struct fr_misuse *m, const void *p,
                   const struct fr_claim *claim, const char *call)
{
    if (FR_LIKELY(m->kind == FR_MISUSE_NONE))
        return;
    blame(m, p, claim);
    fr_report_noted(inst, m, call);
}

/* Notes misuse in *m. */
static void dealloc(struct fr_via via, void *p, const struct fr_claim *claim, struct fr_misuse *m)
{
    struct fr_heap *h = &via.inst->heap;
    if (!fr_align_is_valid(claim->align)) {
        fr_misuse_note(m, FR_LAYOUT_MISMATCH, p);
        return;
    }
    switch (service_of(h, claim->size, claim->align)) {
    case SERVE_LARGE:
        fr_large_free(h, p, claimed_bytes(h, claim), m);
        break;
    case SERVE_CHECKED:
        fr_checked_dealloc(h, p, claim, m);
        break;
    default:
        dealloc_cached(via, fr_class_of_layout(claim->size, claim->align), p, m);
    }
}

void fr_object_dealloc(struct fr_via via, void *p, size_t size, size_t align, const char *call)
{
    struct fr_misuse m = FR_NO_MISUSE;
    struct fr_claim claim = {1, size, align};
    if (FR_LIKELY(fr_fast_give(fast_cache_through(via), p, size, align)) || !p)
        return;
    struct fr_profile *profile = fr_instance_profile(via.inst);
    if (profile && fr_profiled_dealloc(profile, fast_cache_through(via), p, size, align))
        return;
    int saved = fr_save_errno();
    if (fr_instance_ready(via.inst))
        dealloc(via, p, &claim, &m);
    else
        fr_misuse_note(&m, FR_INVALID_POINTER, p);
    fr_retain_check(via.inst);
    fr_restore_errno(saved);
    report(via.inst, &m, p, &claim, call);
}

static const struct fr_claim no_claim = {0, 0, 0};

/* Gives back by what the page map says. */
static void dealloc_unsized(struct fr_instance *inst, void *p, struct fr_misuse *m)
{
    struct fr_heap *h = &inst->heap;
    struct fr_via via = {inst, NULL};
    fr_entry e = fr_pagemap_get(&h->map, p);
    unsigned cls = e ? fr_entry_class(e) : FR_CLASS_NONE;
    if (cls == FR_CLASS_LARGE)
        fr_large_free(h, p, 0, m);
    else if (fr_heap_is_checked(h))
        fr_checked_dealloc(h, p, &no_claim, m);
    else if (cls < FR_CLASS_COUNT)
        dealloc_cached(via, cls, p, m);
    else
        fr_diagnose(h, p, m);
}

void fr_object_free(struct fr_instance *inst, void *p, const char *call)
{
    struct fr_misuse m = FR_NO_MISUSE;
    int saved = fr_save_errno();
    struct fr_profile *profile = fr_instance_profile(inst);
    if (!p || (profile && fr_profiled_free(profile, inst, p)))
        return;
    if (fr_instance_ready(inst))
        dealloc_unsized(inst, p, &m);
    else
        fr_misuse_note(&m, FR_INVALID_POINTER, p);
    fr_retain_check(inst);
    if (is_foreign(inst, &m, p))
        m.kind = FR_MISUSE_NONE;
    fr_restore_errno(saved);
    report(inst, &m, p, &no_claim, call);
}

/* What an unsized call knows of an object: how many bytes it has, and its descriptor if it is
 * large. */
struct known {
    size_t size;
    struct fr_span *large;
};

/* What is wrong with an object that is to be looked up; fills in *k where nothing is. */
static enum fr_misuse_kind judge(struct fr_heap *h, const void *p, const struct fr_claim *claim,
                                 struct known *k)
{
    struct fr_found found;
    enum fr_misuse_kind kind = fr_judge(h, p, &found);
    if (kind != FR_MISUSE_NONE)
        return kind;
    if (found.cls == FR_CLASS_LARGE) {
        k->large = found.span;
        k->size =
            fr_heap_is_checked(h) ? fr_load_relaxed(&found.span->large_size) : found.span->bytes;
        return claim->known && claimed_bytes(h, claim) != found.span->bytes ? FR_LAYOUT_MISMATCH
                                                                            : FR_MISUSE_NONE;
    }
    if (fr_heap_is_checked(h))
        return FR_MISUSE_NONE; /* fr_checked_size judges */
    k->size = found.span->object_size;
    if (claim->known && (service_of(h, claim->size, claim->align) != SERVE_CACHED ||
                         fr_class_of_layout(claim->size, claim->align) != found.cls))
        return FR_LAYOUT_MISMATCH;
    return FR_MISUSE_NONE;
}

/* Looks a live object up; misuse is noted. Checked instances hold the guard, so that any address
 * at all can be judged; others trust that the object, and with it its span, is the caller's
 * [P.1]. */
static struct known look_up(struct fr_heap *h, const void *p, const struct fr_claim *claim,
                            struct fr_misuse *m)
{
    struct known k = {0, NULL};
    int guarded = fr_heap_is_checked(h);
    if (guarded)
        fr_pagemap_guard(&h->map);
    enum fr_misuse_kind kind = judge(h, p, claim, &k);
    if (guarded)
        fr_pagemap_unguard(&h->map);
    if (kind != FR_MISUSE_NONE)
        fr_misuse_note_size(m, kind, p, kind == FR_LAYOUT_MISMATCH ? k.size : FR_UNKNOWN_SIZE);
    else if (guarded && !k.large)
        k.size = fr_checked_size(h, p, claim, m);
    return k;
}

/* A large object through the fallback's resize; NULL: copy. */
static void *resize_large(struct fr_instance *inst, struct fr_span *s, size_t new_size,
                          struct fr_misuse *m)
{
    void *p = NULL;
    enum refusal refusal = NOT_REFUSED;
    for (unsigned attempt = 0; !p && may_try(inst, attempt, refusal, m); attempt++) {
        int at_limit = 0;
        p = fr_large_resize(&inst->heap, s, new_size, &at_limit);
        refusal = at_limit ? REFUSED_BY_LIMIT : REFUSED;
    }
    return p;
}

/* Without copying: 1, the address, perhaps a new one, in *p; or 0. */
static int resize_in_place(struct fr_instance *inst, void **p, const struct known *old,
                           size_t align, size_t new_size, struct fr_misuse *m)
{
    struct fr_heap *h = &inst->heap;
    enum service service = service_of(h, new_size, align);
    if (align && !fr_is_aligned(*p, align))
        return 0;
    if (old->large) {
        if (service != SERVE_LARGE || align > fr_span_align(old->large))
            return 0;
        if (large_bytes(h, new_size, align) == old->large->bytes) {
            fr_large_set_size(old->large, new_size);
            return 1;
        }
        if (new_size <= h->managed_max && align <= h->managed_max)
            return 0; /* its bytes are those of a class, which resize does not know */
        void *moved = resize_large(inst, old->large, new_size, m);
        *p = moved ? moved : *p;
        return moved != NULL;
    }
    if (service == SERVE_CHECKED)
        return fr_checked_resize(h, *p, align, new_size);
    return service == SERVE_CACHED &&
           fr_class_size(fr_class_of_layout(new_size, align)) == old->size;
}

/* The same, and tells the profile of a large object that it is another one. First it is taken off
 * the profile: if it moves, another thread may get memory at its old address at once. */
static int resize_told(struct fr_instance *inst, void **p, const struct known *old, size_t align,
                       size_t new_size, struct fr_misuse *m)
{
    struct fr_profile *profile = fr_instance_profile(inst);
    if (!FR_HOSTED || !profile || !old->large)
        return resize_in_place(inst, p, old, align, new_size, m);
    struct fr_sampled sampled = fr_profile_forget_slow(profile, *p);
    int done = resize_in_place(inst, p, old, align, new_size, m);
    if (done)
        fr_profiled_count(profile, inst, NULL, *p, new_size);
    else
        fr_profile_restore(profile, &sampled, *p);
    return done;
}

/* A new object with what a foreign one holds, which stays. */
static FR_COLD void *copy_foreign(struct fr_instance *inst, const void *p, size_t new_size,
                                  const char *call)
{
    struct fr_via via = {inst, NULL};
    size_t keep = foreign_bytes(inst, p);
    void *q = fr_object_alloc(via, new_size, 0, FR_UNINITIALISED, call);
    if (q)
        memcpy(q, p, keep < new_size ? keep : new_size);
    return q;
}

static void *change_size(struct fr_instance *inst, void *p, const struct fr_claim *claim,
                         size_t align, size_t new_size, const char *call)
{
    struct fr_misuse m = FR_NO_MISUSE;
    struct fr_via via = {inst, NULL};
    struct known old = look_up(&inst->heap, p, claim, &m);
    if (!claim->known && is_foreign(inst, &m, p))
        return copy_foreign(inst, p, new_size, call);
    report(inst, &m, p, claim, call);
    if (new_size > FR_SIZE_MAX) {
        fr_report_refusal(inst);
        return NULL;
    }
    if (resize_told(inst, &p, &old, align, new_size, &m)) {
        fr_report(inst, &m, call);
        return p;
    }
    fr_report(inst, &m, call);
    void *q = fr_object_alloc(via, new_size, align, FR_UNINITIALISED, call);
    if (!q)
        return NULL;
    /* What is claimed may be another layout of the class. */
    size_t keep = claim->known && claim->size < old.size ? claim->size : old.size;
    memcpy(q, p, keep < new_size ? keep : new_size);
    if (claim->known)
        fr_object_dealloc(via, p, claim->size, claim->align, call);
    else
        fr_object_free(inst, p, call);
    return q;
}

/* Changes the size of an object of a cached class through the thread's cache: `cls` is its class,
 * `keep` the bytes that it holds. NULL: by the long way. */
static void *resize_cached(struct fr_instance *inst, void *p, unsigned cls, size_t keep,
                           size_t new_size, size_t align, const char *call)
{
    struct frusa_cache *c = fr_fast_cache(inst);
    unsigned new_cls = c ? fr_fast_class(c, new_size, align) : FR_CLASS_NONE;
    if (new_cls == FR_CLASS_NONE || cls >= FR_CACHED_CLASSES)
        return NULL;
    if (cls == new_cls && fr_is_aligned(p, align ? align : 1))
        return p;
    void *q = fr_cache_pop(c, new_cls);
    if (!q)
        return NULL;
    memcpy(q, p, keep < new_size ? keep : new_size);
    if (fr_cache_push(c, cls, p))
        return q;
    struct fr_misuse m = FR_NO_MISUSE;
    struct fr_via via = {inst, NULL};
    dealloc_cached(via, cls, p, &m);
    fr_retain_check(inst);
    report(inst, &m, p, &no_claim, call);
    return q;
}

void *fr_object_realloc(struct fr_instance *inst, void *p, size_t size, size_t align,
                        size_t new_size, const char *call)
{
    struct fr_via via = {inst, NULL};
    struct fr_claim claim = {1, size, align};
    if (!p)
        return fr_object_alloc(via, new_size, align, FR_UNINITIALISED, call);
    if (!fr_instance_ready(inst))
        return NULL;
    if (!fr_align_is_valid(align)) {
        fr_set_error(FR_EINVAL);
        return NULL;
    }
    /* The layout is the caller's word: nothing needs to be looked up. */
    if (service_of(&inst->heap, size, align) == SERVE_CACHED) {
        unsigned cls = fr_class_of_layout(size, align);
        void *q = resize_cached(inst, p, cls, size, new_size, align, call);
        if (q)
            return q;
    }
    return change_size(inst, p, &claim, align, new_size, call);
}

/* The same for an object whose class the page map knows, if it is sound as far as that shows. */
static void *resize_unsized(struct fr_instance *inst, void *p, size_t new_size, const char *call)
{
    struct fr_found found;
    if (!fr_fast_cache(inst) || fr_judge(&inst->heap, p, &found) != FR_MISUSE_NONE ||
        found.cls == FR_CLASS_LARGE)
        return NULL;
    return resize_cached(inst, p, found.cls, found.span->object_size, new_size, 0, call);
}

void *fr_object_resize(struct fr_instance *inst, void *p, size_t new_size, const char *call)
{
    struct fr_via via = {inst, NULL};
    if (!p)
        return fr_object_alloc(via, new_size, 0, FR_UNINITIALISED, call);
    void *q = resize_unsized(inst, p, new_size, call);
    if (q)
        return q;
    if (!fr_instance_ready(inst))
        return NULL;
    return change_size(inst, p, &no_claim, 0, new_size, call);
}

/* Of an object of a class, what a program may use: no layout beyond managed_max names the object,
 * so where that is no class size, the rest of the class's largest objects stays unused. */
static size_t managed_bytes(const struct fr_heap *h, size_t size)
{
    return size < h->managed_max ? size : h->managed_max;
}

size_t fr_object_usable_size(struct fr_instance *inst, const void *p, const char *call)
{
    struct fr_misuse m = FR_NO_MISUSE;
    if (!p || !fr_instance_ready(inst))
        return 0;
    struct known k = look_up(&inst->heap, p, &no_claim, &m);
    if (is_foreign(inst, &m, p))
        return foreign_bytes(inst, p);
    fr_report(inst, &m, call);
    return k.large ? k.size : managed_bytes(&inst->heap, k.size);
}

int fr_object_owns(struct fr_instance *inst, const void *p)
{
    struct fr_heap *h = &inst->heap;
    fr_pagemap_guard(&h->map);
    struct fr_span *s = fr_entry_span(fr_pagemap_get(&h->map, p));
    /* Another instance's span may lie in an object of this one. */
    while (s && s->heap != h)
        s = fr_entry_span(s->outer);
    fr_pagemap_unguard(&h->map);
    return s || fr_large_owns(h, p) || fr_kept_owns(h, p);
}

size_t fr_object_good_size(const struct fr_instance *inst, size_t size, size_t align)
{
    if (!fr_align_is_valid(align) || size > FR_SIZE_MAX)
        return 0;
    const struct fr_heap *h = &inst->heap;
    switch (service_of(h, size, align)) {
    case SERVE_LARGE:
        return large_bytes(h, size, align);
    case SERVE_CHECKED:
        return fr_checked_slot_bytes(size, align);
    default:
        return fr_class_size(fr_class_of_layout(size, align));
    }
}
