/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One reclaim: recall; class by class, drain and retire; end of the recall; hand back. The
 * fallback is called with no lock held, after the recall is over, so mutators and other reclaims
 * go on meanwhile. Then whole free pages inside spans that stay are purged. Descriptors of data
 * spans become free metadata blocks when their spans are handed back, so metadata spans are
 * retired after that, in a second pass.
 */
#include "reclaim/reclaim.h"

#include "cache/retain.h"
#include "port/probe.h"
#include "reclaim/purge.h"
#include "spans/quarantine.h"
#include "spans/release.h"
#include "spans/slab_scan.h"
#include "spans/supply.h"

static struct fr_link *retire_data(struct fr_recall *r, size_t *want, struct fr_misuse *m)
{
    struct fr_link *retired = NULL;
    for (unsigned cls = 0; cls < FR_CLASS_COUNT && *want; cls++) {
        fr_recall_drain(r, cls, m);
        fr_slab_retire_empty(&r->inst->heap, cls, &retired, want);
    }
    return retired;
}

/* Purges, and retires what other threads emptied while the purge held slots of it: another reclaim
 * may have met it just then. */
static size_t purge(struct fr_instance *inst, size_t *want)
{
    struct fr_link *retired = NULL;
    size_t all = FR_EVERYTHING;
    int emptied = 0;
    size_t bytes = fr_purge(inst, want, &emptied);
    if (!emptied)
        return bytes;
    size_t passes = fr_release_passes(&inst->heap);
    for (unsigned cls = 0; cls < FR_CLASS_COUNT; cls++)
        fr_slab_retire_empty(&inst->heap, cls, &retired, &all);
    return bytes + fr_release_retired(&inst->heap, retired, FR_DATA_SPANS, passes);
}

size_t fr_reclaim(struct fr_instance *inst, size_t target, int *partial, struct fr_misuse *m)
{
    struct fr_recall r;
    size_t want = target;
    FR_PROBE2(reclaim_begin, &inst->heap.backing, target);
    fr_quarantine_empty(&inst->heap, m);
    fr_recall_begin(&r, inst);
    size_t passes = fr_release_passes(&inst->heap);
    struct fr_link *retired = retire_data(&r, &want, m);
    *partial = r.partial;
    size_t bytes = fr_recall_end(&r, m);
    bytes += fr_release_retired(&inst->heap, retired, FR_DATA_SPANS, passes);
    if (want)
        bytes += fr_supply_give_kept(&inst->heap, &want); /* after the empty spans, see kept.h */
    bytes += purge(inst, &want);
    bytes += fr_release_empty_metadata(&inst->heap, &want);
    if (want)
        bytes += fr_registry_free_spares(inst);
    if (want)
        bytes += fr_pagemap_trim(&inst->heap.map);
    fr_heap_count_reclaimed(&inst->heap, bytes);
    fr_retain_check(inst); /* what was in caches may be empty spans now, beyond the target */
    FR_PROBE2(reclaim_end, &inst->heap.backing, bytes);
    return bytes;
}

void fr_reclaim_caches_only(struct fr_instance *inst, struct fr_misuse *m)
{
    struct fr_recall r;
    fr_quarantine_empty(&inst->heap, m);
    fr_recall_begin(&r, inst);
    for (unsigned cls = 0; cls < FR_CACHED_CLASSES; cls++)
        fr_recall_drain(&r, cls, m);
    fr_recall_end(&r, m);
    fr_retain_check(inst);
}
