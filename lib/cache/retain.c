/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cache/retain.h"

#include "spans/release.h"
#include "spans/slab_scan.h"

/* Checks that are skipped after a trim that found nothing: others were faster, or a fork took a thread
 * between a count and its being counted. */
#define CHECKS_TO_SKIP 256

/* The class with the most empty memory among those not tried; FR_CLASS_COUNT when there is none. */
static unsigned emptiest(const struct fr_heap *h, const unsigned char *tried)
{
    unsigned found = FR_CLASS_COUNT;
    size_t most = 0;
    for (unsigned cls = 0; cls < FR_CLASS_COUNT; cls++) {
        size_t empty = fr_load_relaxed(&h->empty_of[cls]);
        if (!tried[cls] && empty > most && empty <= (size_t)-1 / 2) {
            most = empty;
            found = cls;
        }
    }
    return found;
}

/* With the recall lock held: retires empty spans, from the classes with the most of them. */
static struct fr_link *retire(struct fr_heap *h)
{
    unsigned char tried[FR_CLASS_COUNT] = {0};
    struct fr_link *retired = NULL;
    size_t empty = fr_load_relaxed(&h->empty);
    size_t keep = fr_load_relaxed(&h->retain) / 2;
    size_t want = empty > keep && empty <= (size_t)-1 / 2 ? empty - keep : 0;
    unsigned cls;
    while (want && (cls = emptiest(h, tried)) < FR_CLASS_COUNT) {
        tried[cls] = 1;
        fr_slab_retire_empty(h, cls, &retired, &want);
    }
    return retired;
}

FR_COLD void fr_retain_trim(struct fr_instance *inst)
{
    struct fr_heap *h = &inst->heap;
    size_t skip = fr_load_relaxed(&h->retain_skip);
    if (skip) {
        fr_store_relaxed(&h->retain_skip, skip - 1);
        return;
    }
    if (!fr_lock_try(&inst->recall_lock, FR_RANK_RECALL))
        return;
    struct fr_link *retired = retire(h);
    fr_lock_release(&inst->recall_lock, FR_RANK_RECALL);
    if (!retired)
        fr_store_relaxed(&h->retain_skip, CHECKS_TO_SKIP);
    fr_fetch_add_relaxed(&h->reclaimed_total, fr_release_retired(h, retired, FR_DATA_SPANS));
}
