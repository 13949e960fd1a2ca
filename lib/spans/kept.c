/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/kept.h"

#include "base/bitrange.h"
#include "port/clock.h"
#include "port/memory.h"
#include "port/pages.h"
#include "providers/providers.h"

/* Blocks of one bin that a search looks at. */
#define LOOKS 8
/* A block that has to go out whole may be longer than what is asked for by this part of it. */
#define WASTE_SHARE 8
/* A block is not cut to be evicted where less than this would stay. */
#define LEAST_REST ((size_t)256 << 10)
/* Blocks that one hold of the lock evicts. */
#define EVICTIONS_PER_HOLD 32
/* Seconds after which an unused block is stale. */
#define STALE_SECONDS 5

/* A kept block, in the memory of a span's descriptor. */
struct fr_kept_block {
    struct fr_treap_node by_address;
    struct fr_link in_bin;
    struct fr_link by_age;
    char *base;
    size_t bytes;
    uint32_t since; /* when it came, in seconds */
    uint16_t slots; /* how long the descriptor is */
    uint8_t cls;
    uint8_t align_log2; /* asked of the fallback */
};

_Static_assert(sizeof(struct fr_kept_block) <= sizeof(struct fr_span),
               "a kept block must fit the descriptor of a span");

void fr_kept_init(struct fr_heap *h)
{
    struct fr_kept *k = &h->kept;
    k->divides = fr_providers_divide(&h->backing.ops) && fr_page_size() == FR_PAGE_SIZE;
    h->backing.alloc_sparse = fr_providers_sparse(&h->backing.ops);
}

size_t fr_kept_drains(const struct fr_heap *h)
{
    return fr_load_acquire(&h->kept.drains);
}

/* ---- records ---- */

static struct fr_kept_block *block_of_node(const struct fr_treap_node *node)
{
    return FR_CONTAINER_OF(node, struct fr_kept_block, by_address);
}

static struct fr_kept_block *block_of_bin(struct fr_link *link)
{
    return FR_CONTAINER_OF(link, struct fr_kept_block, in_bin);
}

static struct fr_kept_block *block_of_age(struct fr_link *link)
{
    return FR_CONTAINER_OF(link, struct fr_kept_block, by_age);
}

static uintptr_t key_of(const struct fr_treap_node *node)
{
    return (uintptr_t)block_of_node(node)->base;
}

static char *end_of(const struct fr_kept_block *b)
{
    return b->base + b->bytes;
}

/* Makes a descriptor the record of a block. */
static struct fr_kept_block *make_block(struct fr_span *s, char *base, size_t bytes, uint32_t since)
{
    struct fr_kept_block record = {
        .base = base,
        .bytes = bytes,
        .since = since,
        .slots = (uint16_t)fr_span_slots(s),
        .cls = s->cls,
        .align_log2 = s->align_log2,
    };
    struct fr_kept_block *b = (void *)s;
    *b = record;
    return b;
}

/* Makes a record a descriptor again, for fr_release_retired or fr_meta_free_descriptor. */
static struct fr_span *make_span(struct fr_heap *h, struct fr_kept_block *b)
{
    struct fr_kept_block record = *b;
    struct fr_span *s = (void *)b;
    memset(s, 0, sizeof(*s));
    s->heap = h;
    s->base = record.base;
    s->bytes = record.bytes;
    s->capacity = record.slots;
    s->cls = record.cls;
    s->align_log2 = record.align_log2;
    return s;
}

static void free_record(struct fr_heap *h, struct fr_kept_block *b)
{
    if (b)
        fr_meta_free_descriptor(h, make_span(h, b));
}

/* A record for one more block; NULL: no memory. */
static struct fr_kept_block *new_record(struct fr_heap *h)
{
    struct fr_span *s = fr_meta_alloc_large_descriptor(h, NULL);
    if (!s)
        return NULL;
    s->cls = FR_CLASS_LARGE;
    s->capacity = 1;
    s->align_log2 = FR_PAGE_SHIFT;
    return make_block(s, NULL, 0, 0);
}

/* ---- the index, under the lock ---- */

static unsigned bin_of(size_t bytes)
{
    size_t pages = bytes / FR_PAGE_SIZE;
    unsigned log2 = fr_log2_floor(pages | 1);
    unsigned bin = log2 < 2 ? (unsigned)pages : (log2 - 1) * 4 + (pages >> (log2 - 2) & 3);
    return bin < FR_KEPT_BINS ? bin : FR_KEPT_BINS - 1;
}

static void count_bytes(struct fr_heap *h, size_t more, size_t less)
{
    fr_fetch_add_relaxed(&h->kept.bytes, more - less); /* modulo the word */
    fr_fetch_add_relaxed(&h->empty_bytes, more - less);
}

/* A block of its present size can be found, or not any more. */
static void index_add(struct fr_heap *h, struct fr_kept_block *b)
{
    unsigned bin = bin_of(b->bytes);
    fr_ring_add(&h->kept.bins[bin], &b->in_bin);
    fr_bits_set(h->kept.filled, bin, bin + 1);
    fr_treap_insert(&h->kept.by_address, &b->by_address, key_of);
    count_bytes(h, b->bytes, 0);
}

static void index_remove(struct fr_heap *h, struct fr_kept_block *b)
{
    unsigned bin = bin_of(b->bytes);
    fr_ring_remove(&h->kept.bins[bin], &b->in_bin);
    if (!h->kept.bins[bin])
        fr_bits_clear(h->kept.filled, bin, bin + 1);
    fr_treap_remove(&h->kept.by_address, &b->by_address, key_of);
    count_bytes(h, 0, b->bytes);
}

static void note_oldest(struct fr_kept *k)
{
    if (k->by_age)
        fr_store_relaxed(&k->oldest, block_of_age(k->by_age)->since);
}

static void enter(struct fr_heap *h, struct fr_kept_block *b)
{
    index_add(h, b);
    fr_ring_add(&h->kept.by_age, &b->by_age);
    note_oldest(&h->kept);
}

static void leave(struct fr_heap *h, struct fr_kept_block *b)
{
    index_remove(h, b);
    fr_ring_remove(&h->kept.by_age, &b->by_age);
    note_oldest(&h->kept);
}

/* The block with the highest base that is not above p; NULL: none. */
static struct fr_kept_block *find_below(const struct fr_heap *h, const void *p)
{
    struct fr_treap_node *node = fr_treap_find(h->kept.by_address, (uintptr_t)p, key_of);
    return node ? block_of_node(node) : NULL;
}

static struct fr_kept_block *find_beginning(const struct fr_heap *h, const void *p)
{
    struct fr_kept_block *b = find_below(h, p);
    return b && b->base == p ? b : NULL;
}

/* ---- in ---- */

/* Joins the neighbours on both sides; their records, or NULL, go to unused[0] and [1]. */
static void join(struct fr_heap *h, struct fr_kept_block *b, struct fr_kept_block *unused[2])
{
    struct fr_kept_block *low = find_below(h, b->base);
    struct fr_kept_block *high = find_beginning(h, end_of(b));
    if (!h->kept.divides)
        return;
    if (low && end_of(low) == b->base && fr_providers_join(low->base, b->base)) {
        leave(h, low);
        b->base = low->base;
        b->bytes += low->bytes;
        unused[0] = low;
    }
    if (high && fr_providers_join(b->base, high->base)) {
        leave(h, high);
        b->bytes += high->bytes;
        unused[1] = high;
    }
}

int fr_kept_add(struct fr_heap *h, struct fr_span *s, size_t bytes, size_t drains)
{
    struct fr_kept_block *unused[2] = {NULL, NULL};
    uint32_t now = (uint32_t)fr_clock_seconds();
    fr_all_spans_guard(&h->all);
    int is_late = fr_load_relaxed(&h->kept.drains) != drains;
    if (!is_late) {
        struct fr_kept_block *b = make_block(s, s->base, bytes, now);
        join(h, b, unused);
        enter(h, b);
    }
    fr_all_spans_unguard(&h->all);
    if (is_late)
        return 0;
    fr_bell_ring(&h->bell);
    free_record(h, unused[0]);
    free_record(h, unused[1]);
    return 1;
}

/* ---- out ---- */

enum fit { DOES_NOT_FIT, FITS, FITS_WITH_A_RECORD };

/* What is asked for, and what was found. */
struct search {
    size_t bytes, align;
    struct fr_kept_block *block;
    char *at;
};

/* Whether a block serves, and from where on: with one piece left over rather than two, which needs
 * a record more. */
static enum fit fit(const struct fr_heap *h, const struct fr_kept_block *b, size_t bytes,
                    size_t align, char **at)
{
    size_t head = (size_t)(-(uintptr_t)b->base & (align - 1));
    *at = b->base;
    if (b->bytes < bytes)
        return DOES_NOT_FIT;
    if (!h->kept.divides)
        return b->bytes - bytes <= bytes / WASTE_SHARE && (size_t)1 << b->align_log2 >= align
                   ? FITS
                   : DOES_NOT_FIT;
    if (head > b->bytes - bytes)
        return DOES_NOT_FIT;
    if (head == 0)
        return FITS;
    *at = b->base + head;
    char *last = end_of(b) - bytes;
    if (!fr_is_aligned(last, align))
        return head == b->bytes - bytes ? FITS : FITS_WITH_A_RECORD;
    *at = last;
    return FITS;
}

/* The smallest of a few blocks of a bin that serve. */
static enum fit search_bin(const struct fr_heap *h, unsigned bin, struct search *s)
{
    struct fr_link *link = h->kept.bins[bin];
    enum fit found = DOES_NOT_FIT;
    for (unsigned i = 0; i < LOOKS; i++) {
        char *at;
        struct fr_kept_block *b = block_of_bin(link);
        enum fit how = fit(h, b, s->bytes, s->align, &at);
        if (how != DOES_NOT_FIT && (!found || b->bytes < s->block->bytes)) {
            found = how;
            s->block = b;
            s->at = at;
        }
        link = link->next;
        if (link == h->kept.bins[bin])
            break;
    }
    return found;
}

static enum fit search(const struct fr_heap *h, struct search *s)
{
    enum fit found = DOES_NOT_FIT;
    size_t bin = fr_bits_next_set(h->kept.filled, bin_of(s->bytes), FR_KEPT_BINS);
    while (bin < FR_KEPT_BINS && !found) {
        found = search_bin(h, (unsigned)bin, s);
        bin = fr_bits_next_set(h->kept.filled, bin + 1, FR_KEPT_BINS);
    }
    return found;
}

/* What is left above a piece that was cut out becomes a block of its own, as old as the other. */
static void keep_upper(struct fr_heap *h, const struct fr_kept_block *b,
                       struct fr_kept_block *record, char *base, size_t bytes)
{
    record->base = base;
    record->bytes = bytes;
    record->since = b->since;
    index_add(h, record);
    fr_ring_add(&h->kept.by_age, &record->by_age);
}

/* Records that a call has at hand: one for a second piece that is left over, and one that is not
 * used any more. */
struct records {
    struct fr_kept_block *spare;
    struct fr_kept_block *unused;
};

static void free_records(struct fr_heap *h, const struct records *r)
{
    free_record(h, r->spare);
    free_record(h, r->unused);
}

/* Takes [at, at + bytes) out of a block; 0: the provider does not cut there. */
static int carve(struct fr_heap *h, struct fr_kept_block *b, char *at, size_t bytes,
                 struct records *r)
{
    size_t head = (size_t)(at - b->base);
    size_t tail = b->bytes - head - bytes;
    if ((head && !fr_providers_cut(at)) || (tail && !fr_providers_cut(at + bytes)))
        return 0;
    if (!head && !tail) {
        leave(h, b);
        r->unused = b;
        return 1;
    }
    index_remove(h, b);
    if (head && tail) {
        keep_upper(h, b, r->spare, at + bytes, tail);
        r->spare = NULL;
    }
    b->base = head ? b->base : at + bytes;
    b->bytes = head ? head : tail;
    index_add(h, b);
    return 1;
}

/* One attempt, under the lock. */
static enum fit try_take(struct fr_heap *h, struct search *s, struct records *r)
{
    enum fit found = search(h, s);
    if (found == DOES_NOT_FIT || (found == FITS_WITH_A_RECORD && !r->spare))
        return found;
    if (!h->kept.divides) {
        s->bytes = s->block->bytes;
        s->align = (size_t)1 << s->block->align_log2;
    }
    return carve(h, s->block, s->at, s->bytes, r) ? FITS : DOES_NOT_FIT;
}

int fr_kept_take(struct fr_heap *h, size_t bytes, size_t align, struct fr_block *out)
{
    struct search s = {bytes, align, NULL, NULL};
    struct records r = {NULL, NULL};
    enum fit found;
    do {
        fr_all_spans_guard(&h->all);
        found = try_take(h, &s, &r);
        fr_all_spans_unguard(&h->all);
    } while (found == FITS_WITH_A_RECORD && (r.spare = new_record(h)) != NULL);
    free_records(h, &r);
    struct fr_block block = {s.at, s.bytes, s.align, 0};
    *out = block;
    return found == FITS;
}

int fr_kept_take_behind(struct fr_heap *h, const void *inside, char *end, size_t bytes)
{
    struct records r = {NULL, NULL};
    fr_all_spans_guard(&h->all);
    struct fr_kept_block *b = h->kept.divides ? find_beginning(h, end) : NULL;
    int found =
        b && b->bytes >= bytes && fr_providers_join(inside, end) && carve(h, b, end, bytes, &r);
    fr_all_spans_unguard(&h->all);
    free_records(h, &r);
    return found;
}

/* ---- out, to be given back ---- */

static void withdraw(struct fr_heap *h, size_t bytes)
{
    fr_fallback_repurpose(&h->backing, bytes, FR_FOR_KEPT, FR_FOR_SPANS);
    fr_heap_leave(h, bytes);
}

static void push(struct fr_heap *h, struct fr_kept_block *b, struct fr_link **list)
{
    struct fr_span *s = make_span(h, b);
    s->in_slab.next = *list;
    *list = &s->in_slab;
}

/* Cuts the upper end off a block; the record of that, or NULL. */
static struct fr_kept_block *cut_end(struct fr_heap *h, struct fr_kept_block *b, size_t bytes,
                                     struct fr_kept_block **spare)
{
    struct fr_kept_block *piece = *spare;
    if (!piece || b->bytes < LEAST_REST || bytes > b->bytes - LEAST_REST ||
        !fr_providers_cut(end_of(b) - bytes))
        return NULL;
    *spare = NULL;
    index_remove(h, b);
    b->bytes -= bytes;
    index_add(h, b);
    piece->base = end_of(b);
    piece->bytes = bytes;
    return piece;
}

/* Under the lock: the oldest block, or the end of it. */
static size_t evict_one(struct fr_heap *h, size_t want, struct fr_kept_block **spare,
                        struct fr_link **list)
{
    struct fr_kept_block *b = block_of_age(h->kept.by_age);
    size_t part = want < b->bytes ? fr_align_up(want, FR_PAGE_SIZE) : want;
    struct fr_kept_block *piece = cut_end(h, b, part, spare);
    if (!piece) {
        piece = b;
        leave(h, b);
    }
    size_t bytes = piece->bytes;
    push(h, piece, list);
    return bytes;
}

struct fr_link *fr_kept_evict(struct fr_heap *h, size_t *want)
{
    struct fr_link *list = NULL;
    int may_cut = h->kept.divides && fr_load_relaxed(&h->kept.bytes) >= LEAST_REST;
    struct fr_kept_block *spare = may_cut ? new_record(h) : NULL;
    int more = 1;
    while (*want && more) {
        size_t bytes = 0;
        fr_all_spans_guard(&h->all);
        for (unsigned i = 0; i < EVICTIONS_PER_HOLD && bytes < *want && h->kept.by_age; i++)
            bytes += evict_one(h, *want - bytes, &spare, &list);
        more = h->kept.by_age != NULL;
        fr_all_spans_unguard(&h->all);
        withdraw(h, bytes);
        *want -= bytes < *want ? bytes : *want;
    }
    free_record(h, spare);
    return list;
}

struct fr_link *fr_kept_drain(struct fr_heap *h, size_t *drained)
{
    struct fr_kept *k = &h->kept;
    struct fr_link *list = NULL;
    fr_all_spans_guard(&h->all);
    size_t bytes = fr_load_relaxed(&k->bytes);
    struct fr_link *ring = k->by_age;
    fr_store_release(&k->drains, fr_load_relaxed(&k->drains) + 1);
    k->by_age = NULL;
    k->by_address = NULL;
    memset(k->bins, 0, sizeof(k->bins));
    memset(k->filled, 0, sizeof(k->filled));
    count_bytes(h, 0, bytes);
    fr_all_spans_unguard(&h->all);
    while (ring) {
        struct fr_kept_block *b = block_of_age(ring);
        fr_ring_remove(&ring, &b->by_age);
        push(h, b, &list);
    }
    withdraw(h, bytes);
    *drained = bytes;
    return list;
}

int fr_kept_is_stale(const struct fr_heap *h)
{
    if (fr_load_relaxed(&h->kept.bytes) == 0)
        return 0;
    return (uint32_t)fr_clock_seconds() - (uint32_t)fr_load_relaxed(&h->kept.oldest) >=
           STALE_SECONDS;
}

/* ---- looks ---- */

int fr_kept_owns(struct fr_heap *h, const void *p)
{
    fr_all_spans_guard(&h->all);
    struct fr_kept_block *b = find_below(h, p);
    int owns = b && (const char *)p < end_of(b);
    fr_all_spans_unguard(&h->all);
    return owns;
}

/* Under the lock. */
static int is_filed(const struct fr_heap *h, const struct fr_kept_block *b)
{
    struct fr_link *first = h->kept.bins[bin_of(b->bytes)];
    struct fr_link *link = first;
    while (link && link != &b->in_bin)
        link = link->next == first ? NULL : link->next;
    return link && fr_bits_test(h->kept.filled, bin_of(b->bytes)) && b->bytes > 0 &&
           b->bytes % FR_PAGE_SIZE == 0 && find_below(h, b->base) == b &&
           find_below(h, end_of(b) - 1) == b;
}

int fr_kept_is_valid(struct fr_heap *h)
{
    size_t bytes = 0;
    int is_valid = 1;
    fr_all_spans_guard(&h->all);
    struct fr_link *link = h->kept.by_age;
    while (link && is_valid) {
        struct fr_kept_block *b = block_of_age(link);
        is_valid = is_filed(h, b);
        bytes += b->bytes;
        link = link->next == h->kept.by_age ? NULL : link->next;
    }
    is_valid = is_valid && bytes == fr_load_relaxed(&h->kept.bytes) &&
               bytes == fr_load_relaxed(&h->backing.held_for[FR_FOR_KEPT]);
    fr_all_spans_unguard(&h->all);
    return is_valid;
}
