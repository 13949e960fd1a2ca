/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Spans with owners: objects that a cache frees stay with it, without atomic operations.
 *
 * A span may have an owner, a cache, known by its id. When the owner's magazine overflows, the
 * objects of the spans that it owns go into the spans' words of kept bits, by plain stores. When
 * its magazine is empty, they come out of there first. Anybody else gives objects of such a span
 * back as of any other.
 *
 * A kept object is a cached object. Its bit in `taken` stays set, and the span's count includes it.
 * So nothing else knows about kept objects: neither the slab's lists, nor retiring, nor purging. A
 * recall, a flush and the end of a thread give kept objects to their slabs together with what is in
 * the magazines: for each word of bits one atomic operation, for each span one lowering of the
 * count.
 *
 * Invariants, for every span, when nobody is inside
 *   kept           = bits set in the kept words
 *   kept words     are a part of `taken`
 *   kept > 0      iff the span is in a list of its owner
 *   owner's bytes  = sum of kept * object_size over its lists, at most `most`
 *
 * Who may change what
 *   owner                        as [O.1] says, under the slab lock
 *   kept words, kept, in_owner,  whoever has the owner's cache to itself: its thread inside, with
 *   the owner's lists and bytes  busy 2 or holding the state, and the reclaimer after waiting
 *
 * Guarantees (models: tests/model/span.pml, recall.pml)
 *   [O.1] The owner of a span changes from none to a cache, or to another cache while the count
 *         is 0. Whoever holds an object of the span therefore sees an owner that does not change,
 *         or that changes from none to a cache, which may be its own only by its own doing.
 *   [O.2] A kept object is reserved and taken. So a span with kept objects is neither empty nor
 *         retired, and its descriptor stays.
 *   [O.3] The kept words are exclusive to who has the cache to itself: [C.2], [C.3] and [C.5] say
 *         so, as for the magazines.
 */
#ifndef FR_OWNED_H
#define FR_OWNED_H

#include "base/misuse.h"
#include "spans/heap.h"

struct fr_owner {
    size_t id;    /* of the cache; 0: it owns nothing. Never the same for two caches */
    size_t bytes; /* of kept objects */
    size_t most;
};

/* What an owner keeps of one class. */
struct fr_keep {
    struct fr_heap *heap;
    struct fr_owner *owner;
    void **spans;           /* holds the first of the spans with kept objects, by in_owner */
    fr_atomic_u32 *objects; /* counts the kept objects; others read it */
    unsigned cls;
};

/* An id for a cache. */
size_t fr_owner_new_id(void);

/*
 * Keeps those of n objects of the class that lie in spans of the owner; all were given back by the
 * program. Moves the others to the front of objects[], in their order, and returns how many these
 * are: they go to fr_slab_give. Objects that are kept already are noted in *m.
 */
size_t fr_owned_keep(const struct fr_keep *k, void **objects, size_t n, struct fr_misuse *m);

/* Takes up to n kept objects into out[]; returns how many. */
size_t fr_owned_take(const struct fr_keep *k, size_t n, void **out);

/* Gives all kept objects of the class to their slab. */
void fr_owned_give_all(const struct fr_keep *k, struct fr_misuse *m);

#endif /* FR_OWNED_H */
