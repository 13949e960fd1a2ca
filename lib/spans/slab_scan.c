/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/slab_scan.h"

#include "spans/slab_list.h"

/* Spans that one hold of the slab lock visits. */
#define RETIRE_PER_HOLD 32 /* a few nanoseconds each */
#define CLAIM_PER_HOLD  8  /* about a hundred each */
#define LOOKS           16 /* a few each */
/* Parts in which a span is claimed. */
#define ROUNDS_PER_SPAN 4

/* ---- retiring ---- */

/* Withdraws the spans of one hold, and adds them to the private list. */
static void withdraw(struct fr_heap *h, struct fr_link *found, struct fr_link **retired)
{
    while (found) {
        struct fr_link *next = found->next;
        fr_heap_withdraw(h, fr_span_of_slab_link(found));
        found->next = *retired;
        *retired = found;
        found = next;
    }
}

/* Under the slab lock. Retires a few spans off the front of the empties, at most *bytes of them. */
static struct fr_link *retire_some(struct fr_empties *empties, size_t *bytes, size_t *want)
{
    struct fr_link *found = NULL;
    for (unsigned i = 0; i < RETIRE_PER_HOLD && empties->list && *bytes && *want; i++) {
        struct fr_span *s = fr_span_of_slab_link(empties->list);
        fr_span_retire(s);
        s->in_slab.next = found;
        found = &s->in_slab;
        *bytes -= s->bytes < *bytes ? s->bytes : *bytes;
        *want -= s->bytes < *want ? s->bytes : *want;
    }
    return found;
}

void fr_slab_retire_empty(struct fr_heap *h, unsigned cls, struct fr_link **retired, size_t *want)
{
    struct fr_slab *slab = &h->slabs[cls];
    struct fr_empties *empties = &h->empties[cls];
    struct fr_link *found;
    size_t bytes = fr_load_relaxed(&empties->bytes); /* of those that are empty now */
    if (bytes == 0)
        return;
    do {
        fr_lock_acquire(&slab->lock, FR_RANK_SLAB);
        found = retire_some(empties, &bytes, want);
        fr_lock_release(&slab->lock, FR_RANK_SLAB);
        withdraw(h, found, retired);
    } while (found);
}

static int serves(const struct fr_span *s, size_t least, size_t most, size_t align)
{
    return s->bytes >= least && s->bytes <= most && fr_span_align(s) >= align &&
           fr_load_relaxed(&s->purged) == 0;
}

/* Under the slab lock: the first span that serves among a few that became empty last. */
static struct fr_span *find_empty(const struct fr_empties *empties, size_t least, size_t most,
                                  size_t align)
{
    struct fr_link *link = empties->list;
    for (unsigned i = 0; link && i < LOOKS; i++) {
        link = link->prev;
        struct fr_span *s = fr_span_of_slab_link(link);
        if (serves(s, least, most, align))
            return s;
        if (link == empties->list)
            break;
    }
    return NULL;
}

struct fr_span *fr_slab_retire_one(struct fr_heap *h, unsigned cls, size_t least, size_t most,
                                   size_t align)
{
    struct fr_slab *slab = &h->slabs[cls];
    fr_lock_acquire(&slab->lock, FR_RANK_SLAB);
    struct fr_span *s = find_empty(&h->empties[cls], least, most, align);
    if (s)
        fr_span_retire(s);
    fr_lock_release(&slab->lock, FR_RANK_SLAB);
    if (s)
        fr_heap_withdraw(h, s);
    return s;
}

/* ---- claiming free pages ---- */

void fr_slab_claims_begin(struct fr_heap *h, unsigned cls, struct fr_claim_scan *scan)
{
    scan->slab = &h->slabs[cls];
    scan->bins = FR_BIN_COUNT; /* downward [K.1] */
    scan->again = NULL;
    scan->rounds = 0;
    fr_lock_acquire(&scan->slab->lock, FR_RANK_SLAB);
    scan->slab->scan++;
    fr_lock_release(&scan->slab->lock, FR_RANK_SLAB);
}

/* Under the slab lock: the next span of the scan's bin that no scan has met since the last one
 * began; NULL: the bin is done. Scans of several reclaims take turns, and what one of them met is
 * done with for the others. */
static struct fr_span *next_unmet(const struct fr_claim_scan *scan)
{
    struct fr_link *first = scan->slab->bins[scan->bins - 1];
    if (!first || fr_span_is_met(fr_span_of_slab_link(first)))
        return NULL;
    return fr_span_of_slab_link(first);
}

/* Under the slab lock: the span is met, and goes to the bin of `count`, what is reserved of it
 * without the claim, unless it is full by now. Left where it was, a sparse span would be taken for
 * a full one by the next refills. */
static void pass(struct fr_slab *slab, struct fr_span *s, size_t count)
{
    unsigned bin = s->bin;
    s->seen = slab->scan;
    if (bin == FR_BIN_NONE)
        return;
    fr_bin_remove(s);
    fr_bin_add(s, fr_bin_for(s, count) < bin ? fr_bin_for(s, count) : bin);
}

/* Half of the free slots of the class may be claimed at a time. [G.3] Exact under the lock: `used`
 * is raised under it, and lowered late. */
static size_t claimable(const struct fr_slab *slab)
{
    size_t slots = fr_load_relaxed(&slab->slots);
    size_t used = fr_load_relaxed(&slab->used);
    return slots > used ? (slots - used) / 2 : 0;
}

static size_t least_of(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Under the slab lock: reserves the free pages of a span, as far as *slots goes. 0: more are
 * left. */
static int claim(struct fr_slab *slab, struct fr_span *s, struct fr_page_claim *out, size_t *slots)
{
    size_t set = fr_span_free_pages(s);
    size_t free_slots = s->capacity - fr_load_relaxed(&s->count);
    out->span = s;
    out->pages = fr_span_fitting_pages(s, set, least_of(*slots, free_slots, claimable(slab)),
                                       &out->reserved);
    if (out->reserved)
        fr_span_claim(s, out->reserved);
    *slots -= out->reserved;
    return out->pages == set;
}

/* A span is claimed in a few parts, each half of what is free. More parts than that mean that the
 * fallback refuses, or that mutators are as fast: then the rest of the span is left. */
static int may_go_on(struct fr_claim_scan *scan, const struct fr_span *s)
{
    scan->rounds = s == scan->again ? scan->rounds + 1 : 0;
    scan->again = s;
    return scan->rounds < ROUNDS_PER_SPAN;
}

size_t fr_slab_claim_pages(struct fr_claim_scan *scan, struct fr_page_claim *out, size_t max)
{
    struct fr_slab *slab = scan->slab;
    size_t slots = claimable(slab);
    size_t n = 0;
    while (scan->bins > 0 && n < max) {
        fr_lock_acquire(&slab->lock, FR_RANK_SLAB);
        for (unsigned i = 0; i < CLAIM_PER_HOLD && n < max; i++) {
            struct fr_span *s = next_unmet(scan);
            if (!s) {
                scan->bins--;
                break;
            }
            size_t count = fr_load_relaxed(&s->count);
            int is_whole = claim(slab, s, &out[n], &slots);
            n += out[n].reserved != 0;
            if (!is_whole && n && may_go_on(scan, s)) {
                /* the rest of the span after what is claimed was released */
                max = n;
                break;
            }
            pass(slab, s, count);
        }
        fr_lock_release(&slab->lock, FR_RANK_SLAB);
    }
    return n;
}
