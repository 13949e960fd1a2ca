/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cache/retain.h"

#include "spans/release.h"
#include "spans/slab_scan.h"

/* Bytes that are retired between two looks at the sum. Threads that trim at the same time together
 * give back too much by this for each of them, at most. */
#define STEP ((size_t)512 << 10)

void fr_retain_init(struct fr_instance *inst)
{
    fr_store_relaxed(&inst->retain.bound, (size_t)-1);
}

void fr_retain_set(struct fr_instance *inst, size_t bytes)
{
    fr_store_relaxed(&inst->retain.bound, bytes);
    fr_retain_check(inst);
}

/* The class with the most empty memory; FR_CLASS_COUNT when there is none. */
static unsigned emptiest(const struct fr_heap *h)
{
    unsigned found = FR_CLASS_COUNT;
    size_t most = 0;
    for (unsigned cls = 0; cls < FR_CLASS_COUNT; cls++) {
        size_t bytes = fr_load_relaxed(&h->empties[cls].bytes);
        if (bytes > most) {
            most = bytes;
            found = cls;
        }
    }
    return found;
}

/* Retires empty spans, from the classes with the most of them, until `keep` bytes are left. */
static struct fr_link *retire(struct fr_heap *h, size_t keep)
{
    struct fr_link *retired = NULL;
    size_t empty;
    unsigned cls;
    while ((empty = fr_load_relaxed(&h->empty_bytes)) > keep &&
           (cls = emptiest(h)) < FR_CLASS_COUNT) {
        size_t want = empty - keep < STEP ? empty - keep : STEP;
        fr_slab_retire_empty(h, cls, &retired, &want);
    }
    return retired;
}

FR_COLD void fr_retain_trim(struct fr_instance *inst)
{
    struct fr_heap *h = &inst->heap;
    size_t passes = fr_release_passes(h);
    struct fr_link *retired = retire(h, fr_load_relaxed(&inst->retain.bound) / 2);
    fr_heap_count_reclaimed(h, fr_release_retired(h, retired, FR_DATA_SPANS, passes));
}
