/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A span: a run of pages from the fallback, carved into objects of one class, and its descriptor.
 *
 * Descriptors live outside the spans that they describe, in metadata spans; a metadata span keeps
 * its own descriptor in its slot 0, which is not counted. Each object has one bit in `taken`.
 *
 * Invariants, for every span at every instant
 *   count      = reserved objects, or RETIRED alone
 *   count     >= bits set in `taken`, less the bits that are set for good (slot 0 where it is not
 *             used,
 *                and the bits beyond the last slot)
 *   count     <= capacity
 *   linked     iff count < capacity, whenever the slab lock is free (and the span is not retired)
 *   empty      iff count = 0, under the same conditions: on the list of empty spans
 *   bits taken = objects live + in caches + in a thread's local buffer, when nobody is inside
 *   owner, kept, in_owner and the second words: see owned.h
 *
 * Who may change what
 *   count up          a reservation, under the slab lock; fr_span_init
 *   count down        anybody who released bits, by compare-and-swap; from `capacity`, and to 0,
 *                     under the slab lock
 *   count 0->RETIRED  reclaim, and growth of another class, under the slab lock
 *   bit 0->1          a thread with a reservation, unlocked
 *   bit 1->0          a thread that gives the object back, unlocked
 *   links, bin        under the slab lock (in_slab), under the spans lock (in_all)
 *
 * Guarantees (model: tests/model/span.pml)
 *   [S.1] A reservation is made under the slab lock: nobody can retire the span between its being
 *         found on the list and its count being raised.
 *   [S.2] A reserved bit exists at every instant: count >= bits. A scan can miss it (others move
 *         while it runs), so the scan is repeated until all reserved bits are had.
 *   [S.3] Bits are cleared (release) before the count is lowered (release): whoever sees count 0
 *         (acquire) knows that nobody is inside, and everything done to the objects happened
 *         before.
 *   [S.4] Lowering from `capacity`, or to 0, is done under the slab lock, with the change of
 *         lists. Any other lowering is a compare-and-swap from a value that is neither `capacity`
 *         nor what is lowered. A plain subtraction would miss the change of lists. So a span is on
 *         the list of empty spans exactly while its count is 0, and no other list has an empty
 *         span.
 *   [S.5] After its lowering, a thread without the slab lock touches nothing of the span.
 *   [S.6] The reservation that fills a span unlinks it in the same hold of the slab lock.
 *   [S.7] Retired: unlinked in the same hold, then dropped from the page map and from the list of
 *         all spans, then given back or made a span of another class with a descriptor of its own;
 *         nobody finds it or touches it any more.
 */
#ifndef FR_SPAN_H
#define FR_SPAN_H

#include "base/count.h"
#include "base/list.h"
#include "base/sizeclass.h"
#include "base/treap.h"
#include "pagemap/pagemap.h"
#include "port/atomic.h"

struct fr_heap;

/* In `count`: no objects, and never any again. */
#define FR_RETIRED ((size_t)1 << (FR_WORD_BITS - 1))

/* What taking and giving objects back needs comes first, in one line of the processor's cache. */
struct fr_span {
    fr_atomic count; /* reserved objects, or FR_RETIRED */
    union {
        fr_atomic fresh;      /* slots from here on were never taken */
        fr_atomic large_size; /* of a large object: the size that was asked for */
    };
    struct fr_heap *heap;
    fr_atomic owner; /* the id of the cache that may keep objects, 0: none; see owned.h */
    char *base;
    union {
        uint64_t reciprocal; /* of object_size, see fr_span_slot_of */
        size_t room;         /* of a large object: the bytes of its block, `bytes` or more */
    };
    uint32_t object_size; /* of the class; unused for a large object */
    uint16_t capacity;    /* slots that can be reserved */
    uint8_t words;        /* of `taken` */
    uint8_t cls;
    uint32_t kept;      /* objects that the owner keeps */
    fr_atomic_u32 hint; /* word of `taken` at which a scan begins */
    fr_entry outer;     /* what the page map had here before, see pagemap.h */
    /* slots before it are not used: 1 in a metadata or watched span, else 0 */
    uint8_t first_slot;
    uint8_t align_log2; /* asked of the fallback */
    /* the slab's list on which it is, by fullness; FR_BIN_NONE: on none */
    uint8_t bin;
    /* base is its complement: a watched large object, see fr_span_base */
    uint8_t disguised;
    /* pages marked as purged, a bit each; spans of up to FR_WORD_BITS pages */
    fr_atomic purged;
    size_t bytes;
    union {
        struct fr_link in_slab; /* valid while linked */
        /* of a large object: its node in large_index.h */
        struct fr_treap_node by_address;
    };
    struct fr_link in_all;
    struct fr_link in_owner; /* of a span with kept objects: in the owner's list */
    uint32_t seen;           /* the last claim scan that met it, under the slab lock */
    /* Then, in data spans, as many words again: the live bits in checked instances, elsewhere the
     * bits of the objects that the owner keeps. */
    fr_atomic taken[];
};

#define FR_BIN_NONE 0xff

/* The span's first byte, of any span: the pointer to a watched large object is kept in disguise,
 * so that it does not count as a reference to the object in a search for leaks. */
static inline char *fr_span_base(const struct fr_span *s)
{
    return s->disguised ? (char *)~(uintptr_t)s->base : s->base;
}

static inline size_t fr_span_align(const struct fr_span *s)
{
    return (size_t)1 << s->align_log2;
}

/* Slots of a span, the one that holds a descriptor included. */
static inline size_t fr_span_slots(const struct fr_span *s)
{
    return (size_t)s->capacity + s->first_slot;
}

static inline char *fr_span_object(const struct fr_span *s, size_t slot)
{
    return s->base + slot * s->object_size;
}

/*
 * Slot of an address inside the span, by multiplication with a rounded-up reciprocal of 44
 * fractional bits: exact for offsets below 2^22 and sizes up to 2^21, as offset * size < 2^44
 * (Granlund and Montgomery, "Division by Invariant Integers using Multiplication", 1994).
 */
#define FR_RECIPROCAL_SHIFT 44
static inline size_t fr_span_slot_of(const struct fr_span *s, const void *p)
{
    uint64_t offset = (uint64_t)((const char *)p - s->base);
    return (size_t)((offset * s->reciprocal) >> FR_RECIPROCAL_SHIFT);
}

/*
 * The slot of an object that begins exactly at p, an address inside the span; 0 when none does.
 * The fraction of the product tells whether the division is exact (Lemire, Kaser and Kurz, "Faster
 * Remainder by Direct Computation", 2019).
 */
static inline int fr_span_slot_exactly(const struct fr_span *s, const void *p, size_t *slot)
{
    uint64_t product = (uint64_t)((const char *)p - s->base) * s->reciprocal;
    *slot = (size_t)(product >> FR_RECIPROCAL_SHIFT);
    return (product & (((uint64_t)1 << FR_RECIPROCAL_SHIFT) - 1)) < s->reciprocal &&
           *slot < fr_span_slots(s);
}

/* The span on one of its slab's lists. */
static inline struct fr_span *fr_span_of_slab_link(struct fr_link *link)
{
    return FR_CONTAINER_OF(link, struct fr_span, in_slab);
}

/* Bytes of a descriptor for a span of `slots` slots, with one word for 64 of them or with two. */
size_t fr_span_descriptor_bytes(size_t slots, int twice);

/*
 * Fills in a descriptor, all of whose bytes are zero. Slots before `first_slot` are not used.
 * `reserved` objects are reserved from the start, with no bit taken yet. Links and lists are the
 * caller's.
 */
void fr_span_init(struct fr_span *s, struct fr_heap *heap, unsigned cls, void *base, size_t bytes,
                  size_t align, unsigned first_slot, size_t reserved);

/*
 * Takes `n` reserved bits [S.2] and stores their objects' addresses in out[0 .. n-1]. Returns a
 * slot number: those of them in slots from there on were never taken before.
 */
size_t fr_span_take(struct fr_span *s, size_t n, void **out);

/* Clears the bits of `mask` in a word of `taken` [S.3]; returns those of them that were set. */
size_t fr_span_untake(struct fr_span *s, size_t word, size_t mask);

/* Lowers the count by n and returns what is left [S.4]. Returns 0 without lowering when the count
 * is `capacity` or n: that is done under the slab lock. */
FR_INLINE size_t fr_span_lower(struct fr_span *s, size_t n)
{
    for (;;) {
        size_t count = fr_load_relaxed(&s->count);
        if (FR_UNLIKELY(count == n || count == s->capacity))
            return 0;
        if (FR_LIKELY(fr_cas_release(&s->count, count, count - n)))
            return count - n; /* [S.5] */
        fr_count(FR_EVENT_RETRY);
    }
}

/* Bits set in `taken` that belong to objects. */
size_t fr_span_taken_count(const struct fr_span *s);

#endif /* FR_SPAN_H */
