/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Statistics. Nothing is counted on the fast paths: objects in use are those reserved in slabs
 * less those in caches, which are read off the magazines.
 *
 * Signal handlers may ask for statistics, and may have interrupted a thread under any lock of the
 * library. So the list of caches is read only if its lock can be had in a bounded time; without
 * it, what is in caches counts as live.
 */
#include "stats.h"

#include "cache/registry.h"
#include "port/memory.h"
#include "port/wait.h"
#include "spans/meta.h"
#include "spans/quarantine.h"

/* Steps of waiting for the registry lock: about a tenth of a second. */
#define PATIENCE 160u

void fr_stats_begin(struct fr_stats_look *look, struct fr_instance *inst)
{
    unsigned round = 0;
    look->inst = inst;
    look->ranks = fr_lock_ranks_exchange(0);
    look->has_caches = fr_lock_try(&inst->registry.lock, FR_RANK_REGISTRY);
    for (unsigned i = 0; !look->has_caches && i < PATIENCE; i++) {
        fr_back_off(&round);
        look->has_caches = fr_lock_try(&inst->registry.lock, FR_RANK_REGISTRY);
    }
}

void fr_stats_end(struct fr_stats_look *look)
{
    if (look->has_caches)
        fr_lock_release(&look->inst->registry.lock, FR_RANK_REGISTRY);
    (void)fr_lock_ranks_exchange(look->ranks);
}

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

void fr_stats_class(const struct fr_stats_look *look, unsigned cls, struct fr_class_stats *out)
{
    struct fr_instance *inst = look->inst;
    struct fr_slab *slab = &inst->heap.slabs[cls];
    size_t used = fr_load_relaxed(&slab->used);
    out->object_size = fr_class_size(cls);
    out->held = fr_load_relaxed(&slab->held);
    out->empty = fr_load_relaxed(&inst->heap.empties[cls].bytes);
    out->cached = fr_quarantine_count(&inst->heap, cls);
    if (look->has_caches)
        out->cached += cached_bytes(inst, cls) / out->object_size;
    /* The counters are read one after the other: beside running threads they may disagree. */
    out->live = used > out->cached ? used - out->cached : 0;
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

void fr_stats_peak(const struct fr_instance *inst, struct fr_peak_stats *out)
{
    const struct fr_backing *b = &inst->heap.backing;
    out->spans = fr_load_relaxed(&b->peak_for[FR_FOR_SPANS]);
    out->metadata = fr_load_relaxed(&b->peak_for[FR_FOR_METADATA]);
    out->large = fr_load_relaxed(&b->peak_for[FR_FOR_LARGE]);
    out->kept = fr_load_relaxed(&b->peak_for[FR_FOR_KEPT]);
}

/* Divides what data spans hold among its uses, so that they add up even if the counters were read
 * while threads ran. */
static void divide_spans(const struct fr_heap *h, struct frusa_stats *out)
{
    size_t left = out->allocated_from_fallback - out->allocated_metadata;
    size_t taken = out->in_use - out->in_use_metadata + out->cached;
    left = left > taken ? left - taken : 0;
    out->kept = fr_load_relaxed(&h->empty_bytes);
    if (out->kept > left)
        out->kept = left;
    out->free_in_spans = left - out->kept;
}

void fr_stats_get(struct fr_instance *inst, struct frusa_stats *out)
{
    struct fr_heap *h = &inst->heap;
    struct fr_backing *b = &h->backing;
    struct fr_stats_look look;
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
    out->fallback_failures = fr_load_relaxed(&b->failures);
    out->refused = fr_load_relaxed(&inst->refused);
    fr_stats_begin(&look, inst);
    out->in_use_metadata =
        metadata_in_use(inst) - (look.has_caches ? fr_registry_spare_bytes(inst) : 0);
    out->in_use = out->in_use_metadata;
    for (unsigned cls = 0; cls < FR_CLASS_COUNT; cls++) {
        struct fr_class_stats row;
        fr_stats_class(&look, cls, &row);
        out->in_use += row.live * row.object_size;
        out->cached += row.cached * row.object_size;
    }
    fr_stats_end(&look);
    divide_spans(h, out);
}
