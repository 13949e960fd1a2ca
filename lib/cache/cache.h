/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A cache: magazines of free objects for one thread, or one explicit owner, of one instance; and
 * the recall protocol, seen from its owner. (Seen from the reclaimer: recall.h.)
 *
 * A magazine is {lo, top, hi} over an array of pointers. Objects hold no links, so that an overflow
 * or a use after free cannot reach the allocator. The array's used part is [lo, top), its free part
 * [top, hi). A magazine without an array has lo = top = hi = 0.
 *
 * A cache has three limits: on sizes that the table knows, on layouts, on classes. Each fast path
 * tests one of them. A recall sets them to 0. That is how it keeps an owner out without a test, a
 * fence or an atomic operation of its own on the owner's fast path.
 *
 *   pop:  busy = 1; light barrier; n >= limit (acquire): slow; t = top; t <= lo: slow;
 *         p = t[-1]; top = t - 1; busy = 0 (release)
 *   push: the same; t >= hi: slow; t[0] = p; top = t + 1
 *
 * While a heap profile is taken the three limits stay 0 as well, because every call has to reach
 * the library. A fourth one, own_end, is open then, for the paths in profiled.h. A recall closes
 * and opens it with the others.
 *
 * Where the light barrier is a fence the limits are always 0. The paths with a fence, in fast.h,
 * test the state.
 *
 * What a magazine cannot hold may stay with the cache in spans that it owns, see owned.h.
 *
 * Magazines start short, double when bursts go past them, and fade while their owner works with
 * other classes.
 *
 * Values of busy: 0 outside; 1 inside a fast path; 2 holding free objects in a local buffer,
 * between slab and magazine. No critical section contains a call of the fallback, of a panic
 * handler, or a wait for anything but a slab lock.
 *
 * Who may change what
 *   busy                       the owner
 *   top, array contents        the owner; the reclaimer while the cache is RECALLED and busy was 0
 *   lo, hi, base, capacity     whoever holds the cache's state: the owner as RESIZING, the
 *                              reclaimer as RECALLED while busy was 0
 *   the limits                 the reclaimer that holds the cache as RECALLED
 *   state 0 -> RESIZING -> 0   the owner, by compare-and-swap. If the state is not 0 it does not
 *                              resize; only fr_cache_flush waits
 *   state 0 -> RECALLED        the reclaimer, under the registry lock, which it lets go of to
 *                              wait out a RESIZING [R.6]
 *   RECALLED -> 0              the reclaimer, under the registry lock, when the limits are back
 *   | DEAD                     the owner at its end, under the registry lock: a RECALLED cache is
 *                              left to the reclaimer, any other its owner takes down (counted in
 *                              `dying`)
 *
 * Guarantees (model: tests/model/recall.pml, reg.pml)
 *   [C.1] The limit is loaded before top (acquire): a top from before a drain is never used after
 *         the cache was opened again, which would hand an object out twice.
 *   [C.2] busy = 1 is ordered before the load of the limit by the asymmetric barrier [B.1]: the
 *         reclaimer, after closing and the heavy side, either sees busy or the owner sees the
 *         closed limit.
 *   [C.3] busy = 0 releases and the reclaimer's load of it acquires: what the owner did to the
 *         magazine happens before what the reclaimer does.
 *   [C.4] The reclaimer opens the limits, with release, after it drained: an owner that sees them
 *         open sees the drained magazines.
 *   [C.5] An owner that set busy = 2 and then finds the cache not RECALLED may hold free objects,
 *         and change magazines: the reclaimer waits for it. One that finds it RECALLED goes
 *         uncached: no free object leaves a slab behind the reclaimer's back.
 */
#ifndef FR_CACHE_H
#define FR_CACHE_H

#include "cache/instance.h"
#include "port/barrier.h"
#include "spans/owned.h"

/* Objects up to here are cached; beyond, a lock and two atomic operations are nothing beside the
 * use of the memory, and a handful of objects would fill a cache. */
#define FR_CACHED_MAX_LOG2 FRUSA_INLINE_CACHED_LOG2_
#define FR_CACHED_MAX      FRUSA_INLINE_CACHED_MAX_
#define FR_CACHED_CLASSES                                                                          \
    (FR_LINEAR_COUNT + ((FR_CACHED_MAX_LOG2 - FR_LINEAR_MAX_LOG2) << FR_STEPS_LOG2))

_Static_assert(FR_CACHED_CLASSES <= FRUSA_INLINE_CLASSES_, "each cached class has a magazine");

/* What the fast paths do not need of a magazine. Covered by the cache's state but for the
 * owner's. */
struct fr_magazine_info {
    uint16_t capacity; /* slots of the array */
    int8_t last;       /* the owner's: direction of the last slow path, see adapt */
    uint8_t score;     /* the owner's: how much they went the same way */
    uint8_t used;      /* the owner's: a slow path ran since the last ageing */
    /* the owner's: objects that the next refill takes; 0: as in the beginning */
    uint8_t batch;
    uint16_t seen;      /* the owner's: objects in it at the last ageing */
    fr_atomic_u32 kept; /* objects in spans that the cache owns, see owned.h */
};

/* Bits of a cache's state. */
#define FR_CACHE_RESIZING ((size_t)1)
#define FR_CACHE_RECALLED ((size_t)2)
#define FR_CACHE_DEAD     ((size_t)4)

struct frusa_cache {
    struct frusa_inline_cache_ fast; /* what inline paths in programs know */
    /* A fourth limit, on sizes and aligns, for the paths of profiled.h, which programs do not
     * know. */
    fr_atomic own_end;
    struct fr_countdown countdown; /* the owner's */
    fr_atomic state;
    struct fr_instance *instance;
    struct fr_thread *thread; /* NULL: explicit, or DEAD. Under the registry lock */
    /* Of an instance at rest, under the process lock: the last fork that the owner called, by the
     * child's fr_fork_count. */
    size_t fork_survived;
    struct fr_link in_registry;
    /* bytes of capacity that may still be given out; covered by the state */
    size_t budget;
    struct fr_owner owner; /* of spans; covered like the magazines */
    int fenced;            /* the light barrier is a fence here; constant */
    unsigned ageing;       /* the owner's: class at which ageing goes on */
    unsigned misses;       /* the owner's: slow paths taken so far */
    int is_lost;           /* a fork's: the owner did not leave in time */
    struct fr_magazine_info info[FR_CACHED_CLASSES];
};

#define FR_CACHE_BYTES fr_align_up(sizeof(struct frusa_cache), FR_PAGE_SIZE)

/* Acquire: an owner that finds the recall over sees the magazines as it left them. */
static inline int fr_cache_is_recalled(const struct frusa_cache *c)
{
    return (fr_load_acquire(&c->state) & FR_CACHE_RECALLED) != 0;
}

static inline struct frusa_cache *fr_cache_of_link(struct fr_link *link)
{
    return FR_CONTAINER_OF(link, struct frusa_cache, in_registry);
}

/* Enters the owner's critical section. [C.2] */
FR_INLINE void fr_cache_enter(struct frusa_cache *c, size_t busy, int fenced)
{
    fr_store_relaxed(&c->fast.busy, busy);
    if (fenced)
        fr_barrier_light_fenced();
    else
        fr_barrier_light();
}

/* [C.3] */
FR_INLINE void fr_cache_leave(struct frusa_cache *c)
{
    fr_store_release(&c->fast.busy, 0);
}

/* What the cache keeps of a class in spans that it owns; for whoever has it to itself. */
static inline struct fr_keep fr_cache_keep(struct frusa_cache *c, unsigned cls)
{
    return (struct fr_keep){&c->instance->heap, &c->owner, &c->fast.magazines[cls].kept,
                            &c->info[cls].kept, cls};
}

/* The magazine of a class. */
static inline struct frusa_inline_magazine_ *fr_cache_magazine(struct frusa_cache *c, unsigned cls)
{
    return &c->fast.magazines[cls];
}

/* Fills in what is constant in a cache all of whose bytes are zero, and opens it. */
void fr_cache_init(struct frusa_cache *c);

/* The reclaimer that has the cache as RECALLED: closes the limits, and opens them again. Whoever
 * registers a cache opens it once more, under the registry lock: a profile may have begun or ended
 * since it was filled in. */
void fr_cache_close(struct frusa_cache *c);
void fr_cache_open(struct frusa_cache *c);

/* Objects in a magazine, for whoever has the cache to itself. */
size_t fr_cache_objects(const struct frusa_cache *c, unsigned cls);

/*
 * What pop and push leave: refills and flushes in batches, opens and resizes magazines, goes
 * uncached during a recall. `cls` is any data class, also one that is not cached; `c` may be NULL
 * (uncached).
 */
void *fr_cache_alloc_slow(struct fr_instance *inst, struct frusa_cache *c, unsigned cls,
                          int *is_fresh, int *at_limit, struct fr_misuse *m);
void fr_cache_dealloc_slow(struct fr_instance *inst, struct frusa_cache *c, unsigned cls, void *p,
                           struct fr_misuse *m);

/* Owner: empties all magazines into the slabs. First waits for a recall or a fork that has the
 * cache, because those may put the objects back where they were. Allocating calls must not use
 * this function: they never wait for a recall. */
void fr_cache_flush(struct frusa_cache *c, struct fr_misuse *m);

/*
 * Empties one magazine into its slab, drops its array, and gives what is kept of the class. The
 * caller has the cache to itself: as its reclaimer (RECALLED, busy 0), or at its end (DEAD).
 */
void fr_cache_drain(struct frusa_cache *c, unsigned cls, struct fr_misuse *m);

/* In the child of a fork: leaves the cache empty. Whatever it held stays allocated. */
void fr_cache_lose_contents(struct frusa_cache *c);

/* Bytes of free objects in a magazine, for a holder of the registry lock, who knows whether a
 * recall is on; exact when the owner is outside and none is. */
size_t fr_cache_bytes(const struct frusa_cache *c, unsigned cls, int no_recall);

#endif /* FR_CACHE_H */
