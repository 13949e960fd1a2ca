/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Statistics. Nothing is counted on the fast paths: objects in use are those reserved in slabs
 * less those in caches, which are read off the magazines.
 */
#include "stats.h"

#include "cache/registry.h"
#include "port/memory.h"
#include "spans/meta.h"
#include "spans/quarantine.h"

/* Free objects of a class in all caches, in bytes. Under the registry lock. */
static size_t cached_bytes(struct fr_instance *inst, unsigned cls)
{
    size_t bytes = 0;
    if (cls >= FR_CACHED_CLASSES)
        return 0;
    for (struct fr_link *link = inst->registry.caches.next; link != &inst->registry.caches;
         link = link->next)
        bytes += fr_cache_bytes(fr_cache_of_link(link), cls,
                                !fr_load_relaxed(&inst->registry.recall_on));
    return bytes;
}

static void class_stats_locked(struct fr_instance *inst, unsigned cls, struct fr_class_stats *out)
{
    struct fr_slab *slab = &inst->heap.slabs[cls];
    size_t used = fr_load_relaxed(&slab->used);
    out->object_size = fr_class_size(cls);
    out->held = fr_load_relaxed(&slab->held);
    out->cached =
        cached_bytes(inst, cls) / out->object_size + fr_quarantine_count(&inst->heap, cls);
    /* The counters are read one after the other: beside running threads they may disagree. */
    out->live = used > out->cached ? used - out->cached : 0;
}

void fr_stats_class(struct fr_instance *inst, unsigned cls, struct fr_class_stats *out)
{
    fr_lock_acquire(&inst->registry.lock, FR_RANK_REGISTRY);
    class_stats_locked(inst, cls, out);
    fr_lock_release(&inst->registry.lock, FR_RANK_REGISTRY);
}

/* Record, cache headers, nodes of the page map, blocks in use, and the descriptors that metadata
 * spans hold of themselves. */
static size_t metadata_in_use(const struct fr_instance *inst)
{
    const struct fr_heap *h = &inst->heap;
    size_t bytes = fr_registry_record_bytes(inst) + fr_pagemap_in_use(&h->map);
    for (unsigned cls = FR_META_FIRST; cls < FR_CLASS_LARGE; cls++) {
        size_t spans = fr_load_relaxed(&h->slabs[cls].held) / FR_META_SPAN_BYTES(cls);
        bytes += (fr_load_relaxed(&h->slabs[cls].used) + spans) * fr_meta_size(cls);
    }
    return bytes;
}

void fr_stats_get(struct fr_instance *inst, struct frusa_stats *out)
{
    struct fr_heap *h = &inst->heap;
    struct fr_backing *b = &h->backing;
    memset(out, 0, sizeof(*out));
    out->allocated_metadata = fr_load_relaxed(&b->held_for[FR_FOR_METADATA]);
    out->allocated_from_fallback = fr_load_relaxed(&b->held_for[FR_FOR_SPANS]) +
                                   fr_load_relaxed(&b->held_for[FR_FOR_KEPT]) +
                                   out->allocated_metadata;
    out->large = fr_load_relaxed(&b->held_for[FR_FOR_LARGE]);
    out->purged = fr_load_relaxed(&h->purged);
    out->reclaimed_total = fr_load_relaxed(&h->reclaimed);
    out->peak_allocated = fr_load_relaxed(&b->peak);
    out->fallback_allocs = fr_load_relaxed(&b->allocs);
    out->fallback_deallocs = fr_load_relaxed(&b->deallocs);
    fr_lock_acquire(&inst->registry.lock, FR_RANK_REGISTRY);
    out->in_use_metadata = metadata_in_use(inst) - fr_registry_spare_bytes(inst);
    out->in_use = out->in_use_metadata;
    for (unsigned cls = 0; cls < FR_CLASS_COUNT; cls++) {
        struct fr_class_stats row;
        class_stats_locked(inst, cls, &row);
        out->in_use += row.live * row.object_size;
        out->cached += row.cached * row.object_size;
    }
    fr_lock_release(&inst->registry.lock, FR_RANK_REGISTRY);
}
