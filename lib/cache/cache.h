/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A cache: magazines of free objects for one thread, or one explicit owner, of one instance; and
 * the recall protocol, seen from its owner. (Seen from the reclaimer: recall.h.)
 *
 * A magazine is {lo, top, hi} over an array of pointers; objects hold no links, so that an
 * overflow or a use after free cannot reach the allocator. The array's used part is [lo, top), its
 * free part [top, hi). A magazine without an array has lo = top = hi = 0, a closed one lo =
 * FR_CLOSED_LO, hi = 0: in both the emptiness test of pop (top <= lo) and the fullness test of
 * push (top >= hi) hold, which are there anyway. That is how a recall keeps an owner out without a
 * test, a fence or an atomic operation of its own on the owner's fast path.
 *
 *   pop:  busy = 1; light barrier; l = lo (acquire); t = top; t <= l: slow; take t[-1]; top = t -
 *         1; busy = 0 (release)
 *   push: the same with hi and t >= h
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
 *                              reclaimer as RECALLED
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
 *   [C.1] The limit is loaded before top (acquire): a top from before a drain never meets a limit
 *         from after it, which would hand an object out twice.
 *   [C.2] busy = 1 is ordered before the load of the limit by the asymmetric barrier [B.1]: the
 *         reclaimer, after closing and the heavy side, either sees busy or the owner sees the
 *         closed limit.
 *   [C.3] busy = 0 releases and the reclaimer's load of it acquires: what the owner did to the
 *         magazine happens before what the reclaimer does.
 *   [C.4] The reclaimer stores top before the limits, and these with release: an owner that sees
 *         them open sees the drained top.
 *   [C.5] An owner that set busy = 2 and then finds the cache not RECALLED may hold free objects:
 *         the reclaimer waits for it. One that finds it RECALLED goes uncached: no free object
 *         leaves a slab behind the reclaimer's back.
 *   [C.6] A deposit tests top >= hi first and then compares distances: with hi = 0 a subtraction
 *         wraps.
 */
#ifndef FR_CACHE_H
#define FR_CACHE_H

#include "cache/instance.h"
#include "port/barrier.h"

/* Objects up to here are cached; beyond, a lock and two atomic operations are nothing beside the
 * use of the memory, and a handful of objects would fill a cache. */
#define FR_CACHED_MAX_LOG2 16
#define FR_CACHED_MAX      ((size_t)1 << FR_CACHED_MAX_LOG2)
#define FR_CACHED_CLASSES                                                                          \
    (FR_LINEAR_COUNT + ((FR_CACHED_MAX_LOG2 - FR_LINEAR_MAX_LOG2) << FR_STEPS_LOG2))

#define FR_CLOSED_LO (~(size_t)0)

/* The hot part of a magazine: addresses of slots of the array. */
struct fr_magazine {
    fr_atomic lo;
    fr_atomic top;
    fr_atomic hi;
};

/* The cold part. */
struct fr_magazine_info {
    void **base;       /* the array; NULL: none. Covered by the cache's state */
    uint16_t capacity; /* slots of it. Covered by the cache's state */
    int8_t last;       /* the owner's: direction of the last slow path, see adapt */
    uint8_t score;     /* the owner's: how much they went the same way */
    uint8_t used;      /* the owner's: a slow path ran since the last ageing */
    /* the owner's: objects that the next refill takes; 0: as in the beginning */
    uint8_t batch;
    uint16_t seen; /* the owner's: objects in it at the last ageing */
};

/* Bits of a cache's state. */
#define FR_CACHE_RESIZING ((size_t)1)
#define FR_CACHE_RECALLED ((size_t)2)
#define FR_CACHE_DEAD     ((size_t)4)

struct frusa_cache {
    fr_atomic busy;
    /* Constant ends of the fast paths of fast.h, both 0 where there is a fence. Sizes below
     * fast_end may take the small ones. Managed, cached sizes and aligns are below cached_end. */
    size_t fast_end;
    size_t cached_end;
    fr_atomic state;
    struct fr_instance *instance;
    struct fr_thread *thread; /* NULL: explicit, or DEAD. Under the registry lock */
    struct fr_link in_registry;
    /* bytes of capacity that may still be given out; covered by the state */
    size_t budget;
    int fenced;      /* the light barrier is a fence here; constant */
    unsigned ageing; /* the owner's: class at which ageing goes on */
    unsigned misses; /* the owner's: slow paths taken so far */
    struct fr_magazine mags[FR_CACHED_CLASSES];
    struct fr_magazine_info info[FR_CACHED_CLASSES];
};

#define FR_CACHE_BYTES fr_align_up(sizeof(struct frusa_cache), FR_PAGE_SIZE)

static inline struct frusa_cache *fr_cache_of_link(struct fr_link *link)
{
    return FR_CONTAINER_OF(link, struct frusa_cache, in_registry);
}

/* Enters the owner's critical section. [C.2] */
FR_INLINE void fr_cache_enter(struct frusa_cache *c, size_t busy, int fenced)
{
    fr_store_relaxed(&c->busy, busy);
    if (fenced)
        fr_barrier_light_fenced();
    else
        fr_barrier_light();
}

/* [C.3] */
FR_INLINE void fr_cache_leave(struct frusa_cache *c)
{
    fr_store_release(&c->busy, 0);
}

/* The magazine of a class. */
static inline struct fr_magazine *fr_cache_magazine(struct frusa_cache *c, unsigned cls)
{
    return &c->mags[cls];
}

/* The magazine for a size below fast_end: its place in the cache is in a table, which saves the
 * fast paths the way through the class number. */
extern const uint16_t fr_magazine_offset[FR_SMALL_ENTRIES];
FR_INLINE struct fr_magazine *fr_cache_magazine_of_size(struct frusa_cache *c, size_t size)
{
    size_t offset = fr_magazine_offset[(size + FR_MIN_ALIGN - 1) / FR_MIN_ALIGN];
    return (struct fr_magazine *)(void *)((char *)c + offset);
}

/* An object out of the magazine into *p; 0 (and NULL): the slow path. Each way out leaves by
 * itself, so that the compiler tests nothing twice. */
FR_INLINE int fr_cache_pop(struct frusa_cache *c, struct fr_magazine *m, void **p, int fenced)
{
    fr_cache_enter(c, 1, fenced);
    size_t lo = fr_load_acquire(&m->lo); /* [C.1] */
    size_t top = fr_load_relaxed(&m->top);
    if (FR_UNLIKELY(top <= lo)) {
        *p = NULL;
        fr_cache_leave(c);
        return 0;
    }
    top -= sizeof(void *);
    *p = *(void **)top;
    fr_store_relaxed(&m->top, top);
    fr_cache_leave(c);
    return 1;
}

/* An object into the magazine; 0: the slow path. */
FR_INLINE int fr_cache_push(struct frusa_cache *c, struct fr_magazine *m, void *p, int fenced)
{
    fr_cache_enter(c, 1, fenced);
    size_t hi = fr_load_acquire(&m->hi); /* [C.1] */
    size_t top = fr_load_relaxed(&m->top);
    if (FR_UNLIKELY(top >= hi)) {
        fr_cache_leave(c);
        return 0;
    }
    *(void **)top = p;
    fr_store_relaxed(&m->top, top + sizeof(void *));
    fr_cache_leave(c);
    return 1;
}

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
 * Empties one magazine into its slab and drops its array. The caller has the cache to itself: as
 * its reclaimer (RECALLED, busy 0), or at its end (DEAD).
 */
void fr_cache_drain(struct frusa_cache *c, unsigned cls, struct fr_misuse *m);

/* Non-zero when the class has an array. For whoever may call fr_cache_drain. */
static inline int fr_cache_has_array(const struct frusa_cache *c, unsigned cls)
{
    return c->info[cls].base != NULL;
}

/* Bytes of free objects in a magazine, for a holder of the registry lock, who knows whether a
 * recall is on; exact when the owner is outside and none is. */
size_t fr_cache_bytes(const struct frusa_cache *c, unsigned cls, int no_recall);

#endif /* FR_CACHE_H */
