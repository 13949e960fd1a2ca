/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The slow paths of a cache's owner. The protocol and its guarantees are in cache.h. */
#include "cache/cache.h"

#include "port/memory.h"
#include "port/probe.h"
#include "port/wait.h"
#include "spans/give.h"
#include "spans/grow.h"
#include "spans/meta.h"
#include "spans/slab.h"

/* Slots of a magazine, at most: the largest metadata block. */
#define CAPACITY_MAX (FR_META_MAX_SIZE / sizeof(void *))
/* Bytes of objects that a magazine starts with, and grows to, as far as slots go. */
#define START_BYTES                                                                                \
    ((size_t)32 << 10) /* less makes servers that hand objects over miss too often */
#define START_SLOTS 64 /* bursts of a hundred over a few classes stay inside */
#define FULL_BYTES  ((size_t)128 << 10)
#define LEAST_SLOTS 2

/* This part of what a cache may hold is for objects that it keeps in spans. */
#define KEPT_SHARE 4

/* The first refill takes so many bytes of objects, each further one twice as many, up to half the
 * magazine: thread after thread that needs a few of each size would otherwise keep ten times
 * that. */
#define FIRST_BATCH_BYTES ((size_t)1 << 10)

/* As many objects share a line of the processor's cache at most, and so many of any size fill
 * whole lines: a multiple of it is a batch after which another thread's begins on a line of its
 * own. */
#define LINE_SHARERS (FR_CACHE_LINE / FR_MIN_ALIGN)

/* A magazine doubles when this many more misses went the way of the one before than not (twice):
 * bursts longer than the magazine do, alternating traffic, which a longer array would only slow
 * down by keeping more memory out of the processor's caches, does not. */
#define SCORE_TO_GROW 6

/* Classes that one ageing looks at, and misses from one to the next: a class is looked at every
 * 320. */
#define AGEING_STEP       16
#define MISSES_PER_AGEING 64

/* Zeroed objects from here on bypass the magazine when it is empty: not touching fresh memory
 * saves more than the batch does. */
#define FRESH_MATTERS ((size_t)2 << 10)

#define OFFSET(i)                                                                                  \
    ((uint16_t)(offsetof(struct frusa_inline_cache_, magazines) +                                  \
                FR_CLASS_OF_SMALL((i)*FR_MIN_ALIGN) * sizeof(struct frusa_inline_magazine_)))

static const uint16_t magazine_offsets[FR_SMALL_ENTRIES] = FR_SMALL_TABLE(OFFSET);

/* One more than the smaller of two bounds on managed sizes. */
static size_t end_below(const struct fr_instance *inst, size_t bound)
{
    size_t most = inst->heap.managed_max;
    return (most < bound ? most : bound) + 1;
}

/* The fast paths take any align up to FR_MIN_ALIGN for managed. */
static int serves_layouts(const struct frusa_cache *c)
{
    const struct fr_heap *h = &c->instance->heap;
    return !fr_heap_is_checked(h) && h->managed_max >= FR_MIN_ALIGN;
}

static void close_to_programs(struct frusa_cache *c)
{
    fr_store_relaxed(&c->fast.small_end, 0);
    fr_store_relaxed(&c->fast.cached_end, 0);
    fr_store_relaxed(&c->fast.class_end, 0);
}

void fr_cache_open(struct frusa_cache *c)
{
    if (c->fenced)
        return;
    fr_store_release(&c->own_end, serves_layouts(c) ? end_below(c->instance, FR_CACHED_MAX) : 1);
    if (fr_instance_profile(c->instance)) { /* no call may go past the library */
        close_to_programs(c);
        return;
    }
    fr_store_release(&c->fast.class_end, FR_CACHED_CLASSES); /* [C.4] */
    if (!serves_layouts(c))
        return;
    fr_store_release(&c->fast.small_end, end_below(c->instance, FR_SMALL_TABLE_MAX));
    fr_store_release(&c->fast.cached_end, end_below(c->instance, FR_CACHED_MAX));
}

void fr_cache_close(struct frusa_cache *c)
{
    fr_store_relaxed(&c->own_end, 0);
    close_to_programs(c);
}

static void init_owner(struct frusa_cache *c)
{
    size_t most = c->instance->thread_cache_max;
    c->owner.most = most / KEPT_SHARE;
    c->budget = most - c->owner.most;
    if (fr_heap_has_owners(&c->instance->heap))
        c->owner.id = fr_owner_new_id();
}

void fr_cache_init(struct frusa_cache *c)
{
    init_owner(c);
    c->fast.offsets = magazine_offsets;
    c->fast.pages = fr_pagemap_root_for_inline();
    fr_cache_open(c);
}

static size_t clamp_slots(size_t bytes, size_t size, size_t most)
{
    size_t slots = bytes / size;
    return slots < LEAST_SLOTS ? LEAST_SLOTS : slots > most ? most : slots;
}

/* 0: not even one object fits the bound on the cache. */
static size_t start_capacity(const struct frusa_cache *c, unsigned cls)
{
    size_t slots = clamp_slots(START_BYTES, fr_class_size(cls), START_SLOTS);
    size_t most = c->instance->thread_cache_max / fr_class_size(cls);
    return slots < most ? slots : most;
}

static size_t full_capacity(unsigned cls)
{
    return clamp_slots(FULL_BYTES, fr_class_size(cls), CAPACITY_MAX);
}

static int has_magazine(const struct frusa_cache *c, unsigned cls)
{
    return fr_load_relaxed(&c->fast.magazines[cls].lo) != 0;
}

/* Objects that a magazine holds at most, for the owner; 0 when there is none. A recall may be
 * taking the array away just now. */
static size_t capacity_of(const struct frusa_cache *c, unsigned cls)
{
    size_t lo = fr_load_relaxed(&c->fast.magazines[cls].lo);
    size_t hi = fr_load_relaxed(&c->fast.magazines[cls].hi);
    return hi >= lo ? (hi - lo) / sizeof(void *) : 0;
}

/* Free slots of the array, for the owner inside an open cache. */
static size_t room_of(const struct frusa_inline_magazine_ *mag)
{
    return (fr_load_relaxed(&mag->hi) - fr_load_relaxed(&mag->top)) / sizeof(void *);
}

size_t fr_cache_objects(const struct frusa_cache *c, unsigned cls)
{
    const struct frusa_inline_magazine_ *mag = &c->fast.magazines[cls];
    return (fr_load_relaxed(&mag->top) - fr_load_relaxed(&mag->lo)) / sizeof(void *);
}

/* The owner holds the state. Replaces the array by a longer one, within the budget; 0 when it does
 * not fit, or a nested call was faster. */
static int install_array(struct frusa_cache *c, unsigned cls, void **array, size_t capacity)
{
    struct frusa_inline_magazine_ *mag = &c->fast.magazines[cls];
    struct fr_magazine_info *info = &c->info[cls];
    if (capacity <= info->capacity)
        return 0;
    size_t more = (capacity - info->capacity) * fr_class_size(cls);
    if (more > c->budget)
        return 0;
    size_t used = fr_cache_objects(c, cls);
    if (used)
        memcpy(array, fr_load_ptr_relaxed(&mag->lo), used * sizeof(void *));
    c->budget -= more;
    info->capacity = (uint16_t)capacity;
    fr_store_ptr_relaxed(&mag->top, array + used);
    fr_store_ptr_relaxed(&mag->lo, array);
    fr_store_ptr_relaxed(&mag->hi, array + capacity);
    return 1;
}

/* Gives the magazine an array of `capacity` slots, if that is longer than what it has. Calls the
 * fallback. Returns 0 when it cannot. */
static int set_capacity(struct frusa_cache *c, unsigned cls, size_t capacity)
{
    struct fr_heap *h = &c->instance->heap;
    void **array = fr_meta_alloc(h, capacity * sizeof(void *), NULL);
    if (!array)
        return 0;
    void *unused = array;
    size_t unused_bytes = capacity * sizeof(void *);
    int done = 0;
    if (fr_cas_acquire(&c->state, 0, FR_CACHE_RESIZING)) {
        void *old = fr_load_ptr_relaxed(&c->fast.magazines[cls].lo);
        size_t old_bytes = c->info[cls].capacity * sizeof(void *);
        done = install_array(c, cls, array, capacity);
        fr_store_release(&c->state, 0);
        if (done) {
            unused = old;
            unused_bytes = old_bytes;
        }
    }
    if (unused)
        fr_meta_free(h, unused, unused_bytes);
    return done;
}

static void forget_array(struct frusa_cache *c, unsigned cls)
{
    struct frusa_inline_magazine_ *mag = &c->fast.magazines[cls];
    c->info[cls].capacity = 0;
    fr_store_relaxed(&mag->top, 0);
    fr_store_relaxed(&mag->lo, 0);
    fr_store_relaxed(&mag->hi, 0);
}

/* The caller has the cache to itself. */
static void drain_array(struct frusa_cache *c, unsigned cls, struct fr_misuse *m)
{
    struct fr_heap *h = &c->instance->heap;
    size_t capacity = c->info[cls].capacity;
    void **base = fr_load_ptr_relaxed(&c->fast.magazines[cls].lo);
    if (!base)
        return;
    fr_slab_give(h, cls, base, fr_cache_objects(c, cls), m);
    c->budget += capacity * fr_class_size(cls);
    forget_array(c, cls);
    fr_meta_free(h, base, capacity * sizeof(void *));
}

/* The same caller: gives what the cache keeps of the class in spans. */
static void give_kept(struct frusa_cache *c, unsigned cls, struct fr_misuse *m)
{
    struct fr_keep keep = fr_cache_keep(c, cls);
    fr_owned_give_all(&keep, m);
}

void fr_cache_drain(struct frusa_cache *c, unsigned cls, struct fr_misuse *m)
{
    drain_array(c, cls, m);
    give_kept(c, cls, m);
}

/* Spans that it owned go on with the old id, so that nobody trusts their kept bits. */
void fr_cache_lose_contents(struct frusa_cache *c)
{
    for (unsigned cls = 0; cls < FR_CACHED_CLASSES; cls++) {
        forget_array(c, cls);
        c->fast.magazines[cls].kept = NULL;
        fr_store_u32_relaxed(&c->info[cls].kept, 0);
    }
    c->owner.bytes = 0;
    init_owner(c);
}

void fr_cache_flush(struct frusa_cache *c, struct fr_misuse *m)
{
    unsigned round = 0;
    while (!fr_cas_acquire(&c->state, 0, FR_CACHE_RESIZING)) {
        if (fr_gate_is_mine()) /* the fork gave up waiting for the reclaim that has the cache */
            return;
        fr_back_off(&round);
    }
    for (unsigned cls = 0; cls < FR_CACHED_CLASSES; cls++)
        fr_cache_drain(c, cls, m);
    fr_store_release(&c->state, 0);
}

/* The owner holds the state. Gives half of a magazine back that holds what it held at the last
 * look, and in the end its array. (One that is only used within what it holds may look idle; that
 * costs it a miss.) */
static void fade(struct frusa_cache *c, unsigned cls, struct fr_misuse *m)
{
    struct frusa_inline_magazine_ *mag = &c->fast.magazines[cls];
    size_t n = fr_cache_objects(c, cls);
    if (n != c->info[cls].seen)
        return;
    if (n == 0) {
        drain_array(c, cls, m);
        return;
    }
    size_t half = (n + 1) / 2;
    c->info[cls].batch /= 2;
    size_t top = fr_load_relaxed(&mag->top) - half * sizeof(void *);
    fr_slab_give(&c->instance->heap, cls, (void **)top, half, m);
    fr_store_relaxed(&mag->top, top);
}

/* What age does with magazines that no slow path met since the last round: lets them fade, or
 * drops them, to make room in the budget. */
enum ageing { FADE, DROP };

static void age(struct frusa_cache *c, enum ageing how, struct fr_misuse *m)
{
    if (!fr_cas_acquire(&c->state, 0, FR_CACHE_RESIZING))
        return;
    for (unsigned i = 0; i < AGEING_STEP; i++) {
        unsigned cls = c->ageing;
        c->ageing = (cls + 1) % FR_CACHED_CLASSES;
        if (!c->info[cls].used && how == DROP)
            fr_cache_drain(c, cls, m);
        else if (!c->info[cls].used) {
            fade(c, cls, m);
            give_kept(c, cls, m);
        }
        c->info[cls].used = 0;
        c->info[cls].seen = (uint16_t)fr_cache_objects(c, cls);
    }
    fr_store_release(&c->state, 0);
}

/* Makes sure that there is a magazine; 0 when there cannot be one now. */
static int open_magazine(struct frusa_cache *c, unsigned cls, struct fr_misuse *m)
{
    size_t slots;
    if (has_magazine(c, cls))
        return 1;
    if ((slots = start_capacity(c, cls)) == 0)
        return 0;
    c->info[cls].score = 0;
    if (set_capacity(c, cls, slots))
        return 1;
    age(c, DROP, m);
    return has_magazine(c, cls);
}

/* Objects of a batch at most: half a magazine. */
static size_t full_batch(const struct frusa_cache *c, unsigned cls)
{
    return (capacity_of(c, cls) + 1) / 2;
}

/* Objects that a refill takes now. */
static size_t batch_of(const struct frusa_cache *c, unsigned cls)
{
    size_t full = full_batch(c, cls);
    size_t batch = c->info[cls].batch;
    if (batch == 0)
        batch = clamp_slots(FIRST_BATCH_BYTES, fr_class_size(cls), START_SLOTS);
    if (batch > full)
        batch = full;
    return batch < LINE_SHARERS ? batch : batch - batch % LINE_SHARERS;
}

/* It took n: the next one takes more. */
static void batch_taken(struct frusa_cache *c, unsigned cls, size_t n)
{
    size_t full = full_batch(c, cls);
    if (n + LINE_SHARERS > c->info[cls].batch) /* batch_of rounds down */
        c->info[cls].batch = (uint8_t)(n + (n + 1) / 2 < full ? n + (n + 1) / 2 : full);
}

/* Notes a miss, -1 on the way in, 1 on the way out; may double the magazine, and lets others fade.
 * A refill of less than a full batch says nothing about the length of the magazine. */
static void adapt(struct frusa_cache *c, unsigned cls, int direction, struct fr_misuse *m)
{
    struct fr_magazine_info *info = &c->info[cls];
    info->used = 1;
    if (++c->misses % MISSES_PER_AGEING == 0)
        age(c, FADE, m);
    if (direction > 0 && info->batch < full_batch(c, cls))
        return;
    if (info->last == direction)
        info->score++;
    else
        info->score = info->score > 2 ? (uint8_t)(info->score - 2) : 0;
    info->last = (int8_t)direction;
    if (info->score < SCORE_TO_GROW)
        return;
    info->score = 0;
    size_t capacity = capacity_of(c, cls);
    size_t full = full_capacity(cls);
    size_t wanted = capacity * 2 < full ? capacity * 2 : full;
    if (wanted > capacity && !set_capacity(c, cls, wanted))
        age(c, DROP, m);
}

/* The owner is inside with busy 2, and the cache is not RECALLED [O.3]. Up to n objects: what the
 * cache keeps, or else others out of the slab. */
static size_t take_batch(struct frusa_cache *c, unsigned cls, size_t n, void **out)
{
    struct fr_keep keep = fr_cache_keep(c, cls);
    size_t got = fr_owned_take(&keep, n, out);
    return got ? got : fr_slab_take_for(&c->instance->heap, cls, c->owner.id, n, out, NULL);
}

/* A batch, straight into the array; returns one of it. NULL: no free object, or a
 * recall is on. */
static void *refill(struct frusa_cache *c, unsigned cls)
{
    struct frusa_inline_magazine_ *mag = &c->fast.magazines[cls];
    void *p = NULL;
    fr_cache_enter(c, 2, c->fenced);
    if (!fr_cache_is_recalled(c)) { /* [C.5]: from here on the magazine is ours */
        size_t top = fr_load_relaxed(&mag->top);
        size_t room = room_of(mag);
        size_t n = batch_of(c, cls);
        if (n > room)
            n = room;
        size_t got = take_batch(c, cls, n, (void **)top);
        if (got) {
            fr_count(FR_EVENT_REFILL);
            FR_PROBE3(refill, &c->instance->heap.backing, fr_class_size(cls), got);
            batch_taken(c, cls, got);
            top += (got - 1) * sizeof(void *);
            p = *(void **)top;
            fr_store_relaxed(&mag->top, top);
        }
    }
    fr_cache_leave(c);
    return p;
}

/* The owner is inside with busy 2. Puts what fits of n objects into the magazine, the rest
 * back. */
static void deposit(struct frusa_cache *c, unsigned cls, void **objects, size_t n)
{
    struct frusa_inline_magazine_ *mag = &c->fast.magazines[cls];
    struct fr_misuse none = FR_NO_MISUSE;
    size_t fit = fr_cache_is_recalled(c) ? 0 : room_of(mag); /* [C.5] */
    if (fit > n)
        fit = n;
    if (fit) {
        size_t top = fr_load_relaxed(&mag->top);
        memcpy((void *)top, objects, fit * sizeof(void *));
        fr_store_relaxed(&mag->top, top + fit * sizeof(void *));
    }
    if (fit < n)
        fr_slab_give(&c->instance->heap, cls, objects + fit, n - fit, &none);
}

/* Takes n reserved objects of a new span; returns one of them. Not inlined: the buffer must be off
 * the stack when the fallback is called. */
static FR_NOINLINE void *refill_from(struct frusa_cache *c, unsigned cls, struct fr_span *s,
                                     size_t n)
{
    void *buffer[CAPACITY_MAX / 2 + 1];
    /* A recall that began meanwhile does not wait for this section; the object that is handed out
     * keeps the span anyway. */
    fr_cache_enter(c, 2, c->fenced);
    fr_slab_take_reserved(&c->instance->heap, s, n, buffer, NULL);
    deposit(c, cls, buffer + 1, n - 1);
    batch_taken(c, cls, n - 1);
    fr_cache_leave(c);
    return buffer[0];
}

/* A new span, and a batch of it; returns one object. */
static void *grow_and_refill(struct frusa_cache *c, unsigned cls, int *at_limit)
{
    /* As many as a refill takes, the object handed out included: whole lines. None: a recall is
     * on. */
    size_t batch = batch_of(c, cls);
    size_t n;
    struct fr_span *s = fr_grow(&c->instance->heap, cls, batch ? batch : 1, &n, at_limit);
    if (s && c->owner.id)
        fr_slab_adopt(s, c->owner.id);
    return s ? refill_from(c, cls, s, n) : NULL;
}

void *fr_cache_alloc_slow(struct fr_instance *inst, struct frusa_cache *c, unsigned cls,
                          int *is_fresh, int *at_limit, struct fr_misuse *m)
{
    int fresh_matters = is_fresh && fr_class_size(cls) >= FRESH_MATTERS;
    if (!c || cls >= FR_CACHED_CLASSES || fresh_matters || fr_cache_is_recalled(c) ||
        !open_magazine(c, cls, m)) {
        fr_count(FR_EVENT_UNCACHED);
        return fr_grow_alloc_one(&inst->heap, cls, is_fresh, at_limit);
    }
    if (is_fresh)
        *is_fresh = 0;
    adapt(c, cls, 1, m);
    void *p = refill(c, cls);
    if (p)
        return p;
    /* A recall came between, or is on: no magazine to fill. */
    if (capacity_of(c, cls) == 0)
        return fr_grow_alloc_one(&inst->heap, cls, is_fresh, at_limit);
    p = grow_and_refill(c, cls, at_limit);
    if (!p) /* others may have freed something while the fallback refused */
        fr_slab_take(&inst->heap, cls, 1, &p, is_fresh);
    return p;
}

/* Puts an object into the magazine; 0 when the magazine is full. */
static int keep(struct frusa_inline_magazine_ *mag, void *p)
{
    size_t top = fr_load_relaxed(&mag->top);
    if (room_of(mag) == 0)
        return 0;
    *(void **)top = p;
    fr_store_relaxed(&mag->top, top + sizeof(void *));
    return 1;
}

/* The owner is inside with busy 2, and the cache is not RECALLED. Gives n objects back that it will
 * not look at any more; those of spans that it owns stay with it. */
static void give_or_keep(struct frusa_cache *c, unsigned cls, void **objects, size_t n,
                         struct fr_misuse *m)
{
    struct fr_keep keep = fr_cache_keep(c, cls);
    size_t left = fr_owned_keep(&keep, objects, n, m);
    if (left)
        fr_slab_give(&c->instance->heap, cls, objects, left, m);
}

/* Makes room by giving the upper half back, then keeps p. 0: a recall is on, or the magazine has
 * no array. */
static int flush_half(struct frusa_cache *c, unsigned cls, void *p, struct fr_misuse *m)
{
    struct frusa_inline_magazine_ *mag = &c->fast.magazines[cls];
    int done = 0;
    fr_cache_enter(c, 2, c->fenced);
    if (!fr_cache_is_recalled(c) && has_magazine(c, cls)) { /* [C.5] */
        size_t top = fr_load_relaxed(&mag->top);
        if (room_of(mag) == 0) {
            size_t n = (fr_cache_objects(c, cls) + 1) / 2;
            top -= n * sizeof(void *);
            fr_count(FR_EVENT_FLUSH);
            FR_PROBE3(flush, &c->instance->heap.backing, fr_class_size(cls), n);
            give_or_keep(c, cls, (void **)top, n, m);
            fr_store_relaxed(&mag->top, top);
        }
        done = keep(mag, p);
    }
    fr_cache_leave(c);
    return done;
}

/* Non-zero for an object smaller than a line of the processor's cache that the thread gives back
 * before it allocated any of its size: it is from another thread's batch, and so are its
 * neighbours in the line. Kept, it would be the next that this thread writes to, which is passive
 * false sharing (E. Berger et al., "Hoard", ASPLOS 2000). */
static int shares_a_line(const struct frusa_cache *c, unsigned cls)
{
    return !has_magazine(c, cls) && fr_class_size(cls) < FR_CACHE_LINE;
}

void fr_cache_dealloc_slow(struct fr_instance *inst, struct frusa_cache *c, unsigned cls, void *p,
                           struct fr_misuse *m)
{
    if (c && cls < FR_CACHED_CLASSES && !fr_cache_is_recalled(c)) {
        int is_foreign = shares_a_line(c, cls);
        if (open_magazine(c, cls, m) && !is_foreign) {
            adapt(c, cls, -1, m);
            if (flush_half(c, cls, p, m))
                return;
        }
    }
    fr_count(FR_EVENT_UNCACHED);
    fr_slab_give(&inst->heap, cls, &p, 1, m);
}

size_t fr_cache_bytes(const struct frusa_cache *c, unsigned cls, int no_recall)
{
    const struct frusa_inline_magazine_ *mag = &c->fast.magazines[cls];
    size_t lo = fr_load_acquire(&mag->lo);
    size_t top = fr_load_relaxed(&mag->top);
    if (!no_recall && fr_cache_is_recalled(c))
        return 0;
    size_t n =
        top > lo && top - lo <= CAPACITY_MAX * sizeof(void *) ? (top - lo) / sizeof(void *) : 0;
    return (n + fr_load_u32_relaxed(&c->info[cls].kept)) * fr_class_size(cls);
}
