/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/supply.h"

#include "spans/release.h"
#include "spans/slab_scan.h"

/* Smaller blocks are not worth moving empty spans for. */
#define GATHER_MIN ((size_t)16 << 10)
/* What may lie idle when memory is taken from the fallback: this, and this share of what is held.
 * Short spans come and go all the time; without it they would go back one by one. */
#define IDLE_BYTES ((size_t)256 << 10)
#define IDLE_SHARE 32
/* Bytes that are given back at least, and that are retired between two looks at the sum. Threads
 * that trim at the same time together give back too much by STEP for each of them, at most. */
#define LEAST_BYTES ((size_t)256 << 10)
#define STEP        ((size_t)512 << 10)
/* Bytes of stale blocks that one call gives back. */
#define STALE_STEP ((size_t)4 << 20)

static size_t empty_bytes(const struct fr_heap *h)
{
    return fr_load_relaxed(&h->empty_bytes);
}

static size_t kept_bytes(const struct fr_heap *h)
{
    return fr_load_relaxed(&h->kept.bytes);
}

/* The class with the most empty memory; FR_CLASS_COUNT when there is none. */
static unsigned emptiest(const struct fr_heap *h, size_t *bytes)
{
    unsigned found = FR_CLASS_COUNT;
    *bytes = 0;
    for (unsigned cls = 0; cls < FR_CLASS_COUNT; cls++) {
        size_t empty = fr_load_relaxed(&h->empties[cls].bytes);
        if (empty > *bytes) {
            *bytes = empty;
            found = cls;
        }
    }
    return found;
}

/* ---- giving back ---- */

size_t fr_supply_give_kept(struct fr_heap *h, size_t *want)
{
    size_t passes = fr_release_passes(h);
    struct fr_link *list = NULL;
    if (kept_bytes(h) > *want) {
        list = fr_kept_evict(h, want);
    } else {
        size_t bytes = 0;
        list = fr_kept_drain(h, &bytes);
        *want -= bytes < *want ? bytes : *want;
    }
    return fr_release_retired(h, list, FR_DATA_SPANS, passes);
}

/* Retires a step of empty memory where there is most of it; 0: there is none. */
static int retire_step(struct fr_heap *h, size_t bytes, struct fr_link **retired)
{
    size_t want = bytes < STEP ? bytes : STEP;
    size_t most;
    unsigned cls = emptiest(h, &most);
    if (kept_bytes(h) > most) {
        struct fr_link *evicted = fr_kept_evict(h, &want);
        while (evicted) {
            struct fr_link *next = evicted->next;
            evicted->next = *retired;
            *retired = evicted;
            evicted = next;
        }
        return 1;
    }
    if (cls < FR_CLASS_COUNT)
        fr_slab_retire_empty(h, cls, retired, &want);
    return cls < FR_CLASS_COUNT;
}

static size_t trim_to(struct fr_heap *h, size_t most)
{
    size_t passes = fr_release_passes(h);
    struct fr_link *retired = NULL;
    size_t empty;
    while ((empty = empty_bytes(h)) > most && retire_step(h, empty - most, &retired))
        ;
    return fr_release_retired(h, retired, FR_DATA_SPANS, passes);
}

size_t fr_supply_trim(struct fr_heap *h)
{
    fr_rhythm_given(h, 0); /* may raise the bound */
    if (empty_bytes(h) <= fr_rhythm_bound(h))
        return 0;
    size_t bytes = trim_to(h, fr_rhythm_bound(h) / 2);
    fr_rhythm_given(h, bytes);
    return bytes;
}

/* A checked instance gives large objects back at once: a use after free faults then. */
void fr_supply_set_bound(struct fr_heap *h, size_t bytes)
{
    size_t kept = bytes == (size_t)-1 ? (h->kept.divides ? FR_KEPT_DEFAULT : 0) : bytes;
    fr_rhythm_set(h, bytes, fr_heap_is_checked(h) ? 0 : kept);
}

/* What may lie idle beside what is in use. */
static size_t idle_share(const struct fr_heap *h)
{
    return IDLE_BYTES + fr_load_relaxed(&h->backing.held) / IDLE_SHARE;
}

void fr_supply_make_room(struct fr_heap *h, size_t bytes)
{
    size_t empty = empty_bytes(h);
    size_t idle = idle_share(h);
    if (!h->kept.divides || empty <= idle)
        return;
    if (bytes < LEAST_BYTES)
        bytes = LEAST_BYTES;
    trim_to(h, empty - idle < bytes ? idle : empty - bytes);
}

static void give_stale(struct fr_heap *h)
{
    size_t want = STALE_STEP;
    if (fr_kept_is_stale(h))
        fr_supply_give_kept(h, &want);
    if (fr_rhythm_fade(h))
        trim_to(h, fr_rhythm_bound(h));
}

/* ---- taking ---- */

static int take_kept(struct fr_heap *h, const struct fr_need *need, struct fr_block *out)
{
    if (kept_bytes(h) < need->bytes || !fr_kept_take(h, need->bytes, need->align, out))
        return 0;
    fr_fallback_repurpose(&h->backing, out->bytes, FR_FOR_KEPT, need->purpose);
    return 1;
}

/* Empty spans off their slabs become kept blocks; those that come too late go back. */
static void keep_retired(struct fr_heap *h, struct fr_link *retired, size_t drains, size_t passes)
{
    struct fr_link *late = NULL;
    while (retired) {
        struct fr_span *s = fr_span_of_slab_link(retired);
        size_t bytes = s->bytes;
        retired = retired->next;
        fr_fallback_repurpose(&h->backing, bytes, FR_FOR_SPANS, FR_FOR_KEPT);
        if (fr_kept_add(h, s, bytes, drains)) {
            fr_heap_settle(h, bytes);
            continue;
        }
        fr_fallback_repurpose(&h->backing, bytes, FR_FOR_KEPT, FR_FOR_SPANS);
        s->in_slab.next = late;
        late = &s->in_slab;
    }
    fr_release_retired(h, late, FR_DATA_SPANS, passes);
}

/* Moves empty spans to the kept blocks until one fits. */
static int gather(struct fr_heap *h, const struct fr_need *need, struct fr_block *out)
{
    size_t passes = fr_release_passes(h);
    size_t most;
    int found = 0;
    if (!h->kept.divides || fr_heap_is_checked(h) || need->bytes < GATHER_MIN ||
        empty_bytes(h) < need->bytes)
        return 0;
    for (unsigned cls; !found && (cls = emptiest(h, &most)) < FR_CLASS_COUNT;) {
        struct fr_link *retired = NULL;
        size_t want = need->bytes;
        size_t drains = fr_kept_drains(h);
        fr_slab_retire_empty(h, cls, &retired, &want);
        keep_retired(h, retired, drains, passes);
        found = take_kept(h, need, out);
    }
    fr_release_later_metadata(h, passes);
    return found;
}

/* Blocks that cannot be cut serve large objects only. */
static int take_held(struct fr_heap *h, const struct fr_need *need, struct fr_block *out)
{
    return (h->kept.divides || need->purpose == FR_FOR_LARGE) &&
           (take_kept(h, need, out) || gather(h, need, out));
}

static int take_fresh(struct fr_heap *h, const struct fr_need *need, struct fr_block *out,
                      int *at_limit)
{
    struct fr_block block = {NULL, need->bytes, need->align, 1};
    if (need->is_sparse)
        block.base = fr_fallback_alloc_sparse(&h->backing, need->bytes, need->align, need->purpose,
                                              at_limit);
    else
        block.base =
            fr_fallback_alloc(&h->backing, need->bytes, need->align, need->purpose, at_limit);
    *out = block;
    if (block.base)
        fr_rhythm_taken(h, need->bytes);
    return block.base != NULL;
}

int fr_supply_take(struct fr_heap *h, const struct fr_need *need, struct fr_block *out,
                   int *at_limit)
{
    size_t all = (size_t)-1;
    give_stale(h);
    if (take_held(h, need, out))
        return 1;
    fr_supply_make_room(h, need->bytes);
    size_t kept = kept_bytes(h);
    if (take_fresh(h, need, out, kept ? NULL : at_limit))
        return 1;
    if (!kept)
        return 0;
    fr_supply_give_kept(h, &all);
    return take_fresh(h, need, out, at_limit);
}

/* ---- keeping ---- */

/* Blocks that were kept longest go when there are too many. */
static void keep_to_bound(struct fr_heap *h, size_t most)
{
    size_t kept = kept_bytes(h);
    size_t over = kept > most ? kept - most : 0;
    if (over)
        fr_rhythm_given(h, fr_supply_give_kept(h, &over));
}

int fr_supply_keep(struct fr_heap *h, struct fr_span *s)
{
    size_t most = fr_rhythm_kept_bound(h);
    size_t bytes = s->room;
    if (most == 0)
        return 0;
    if (bytes > most)
        fr_rhythm_given(h, bytes);
    if (bytes > fr_rhythm_kept_bound(h))
        return 0;
    fr_fallback_repurpose(&h->backing, bytes, FR_FOR_LARGE, FR_FOR_KEPT);
    if (!fr_kept_add(h, s, bytes, fr_kept_drains(h))) {
        fr_fallback_repurpose(&h->backing, bytes, FR_FOR_KEPT, FR_FOR_LARGE);
        return 0;
    }
    keep_to_bound(h, fr_rhythm_kept_bound(h));
    give_stale(h);
    return 1;
}
