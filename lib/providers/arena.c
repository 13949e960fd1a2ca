/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The arena: a fallback over a fixed buffer that never calls the operating system.
 *
 * The buffer is cut into pages of 4096 bytes at multiples of 4096, one bit each, found by first
 * fit. The bits live in the buffer too: in front of the first page or behind the last one where
 * alignment leaves room for them, else in the fewest pages at the end. The bits of 2 to 64 pages
 * are in struct frusa_arena. (One page is no use to an instance; it has no room for bits.)
 *
 *   | lost or bits | page 0 | page 1 | ... | page n-1 | bits or lost |
 *   ^ buf          ^ base                                            ^ buf + len
 *
 * Locks: an arena has no lock of its own but shares one of LOCK_COUNT with others, chosen by its
 * address (A). A lock inside the program's memory could not be taken around fork, because arenas
 * are not registered anywhere and are never ended (B); a lock that a thread held at the fork would
 * stay taken in the child for ever. Each lock is held for one search of the map at most, never two
 * at once (C).
 */
#include "providers/arena.h"

#include <frusa.h>

#include "port/compiler.h"
#include "port/error.h"
#include "base/lock.h"
#include "port/panic.h"
#include "base/runmap.h"

/* The core's page: what it asks for is a multiple of this in size and alignment. */
#define PAGE_BYTES ((size_t)4096)

/* Arenas of up to so many pages keep their bits in struct frusa_arena. */
#define SMALL_PAGES 64

/* Enough that arenas which are busy at the same moment rarely meet; a search takes 0.1 us or so. */
#define LOCK_COUNT 16

static fr_lock locks[LOCK_COUNT];

/* What frusa_private_ holds. */
struct arena {
    struct fr_runmap pages; /* covered by lock_of */
    char *base;             /* of page 0; constant */
    /* the bits of a small arena, for which a page would be too much */
    size_t words[SMALL_PAGES / FR_WORD_BITS + 1];
};

_Static_assert(sizeof(struct arena) <= sizeof(((struct frusa_arena *)0)->frusa_private_),
               "the arena's state fits its place in the public header");

static struct arena *arena_of(void *ctx)
{
    return (struct arena *)(void *)((struct frusa_arena *)ctx)->frusa_private_;
}

static fr_lock *lock_of(const struct arena *a)
{
    return &locks[(uintptr_t)a / sizeof(struct frusa_arena) % LOCK_COUNT];
}

static size_t pages_in(size_t bytes)
{
    return bytes / PAGE_BYTES + (bytes % PAGE_BYTES != 0);
}

static void *arena_alloc(void *ctx, size_t size, size_t align)
{
    struct arena *a = arena_of(ctx);
    size_t n = pages_in(size);
    size_t step = align > PAGE_BYTES ? align / PAGE_BYTES : 1;
    size_t phase = (uintptr_t)a->base / PAGE_BYTES & (step - 1);
    fr_lock_acquire(lock_of(a), FR_RANK_PROVIDER);
    size_t first = fr_runmap_find(&a->pages, n, step, phase);
    if (first != FR_RUNMAP_NONE)
        fr_runmap_take(&a->pages, first, first + n);
    fr_lock_release(lock_of(a), FR_RANK_PROVIDER);
    return first == FR_RUNMAP_NONE ? NULL : a->base + first * PAGE_BYTES;
}

/* Frees one block; the caller holds the lock. */
static void give(struct arena *a, void *ptr, size_t size)
{
    size_t first = (size_t)((char *)ptr - a->base) / PAGE_BYTES;
    size_t end = first + pages_in(size);
    if ((char *)ptr < a->base || !fr_runmap_is_taken(&a->pages, first, end))
        fr_panic_raw("frusa: arena: a block was given back that is not allocated");
    fr_runmap_give(&a->pages, first, end);
}

static void arena_dealloc(void *ctx, void *ptr, size_t size, size_t align)
{
    struct arena *a = arena_of(ctx);
    (void)align;
    fr_lock_acquire(lock_of(a), FR_RANK_PROVIDER);
    give(a, ptr, size);
    fr_lock_release(lock_of(a), FR_RANK_PROVIDER);
}

static void arena_dealloc_batch(void *ctx, const struct frusa_range *ranges, size_t n, size_t align)
{
    struct arena *a = arena_of(ctx);
    (void)align;
    fr_lock_acquire(lock_of(a), FR_RANK_PROVIDER);
    for (size_t i = 0; i < n; i++)
        give(a, ranges[i].ptr, ranges[i].size);
    fr_lock_release(lock_of(a), FR_RANK_PROVIDER);
}

/* In place or not at all: the caller can copy as well as this could. */
static void *arena_resize(void *ctx, void *ptr, size_t old_size, size_t align, size_t new_size)
{
    struct arena *a = arena_of(ctx);
    size_t first = (size_t)((char *)ptr - a->base) / PAGE_BYTES;
    size_t old_end = first + pages_in(old_size);
    size_t n = pages_in(new_size);
    int done = 0;
    (void)align;
    fr_lock_acquire(lock_of(a), FR_RANK_PROVIDER);
    if (n <= a->pages.bits - first) {
        size_t end = first + n;
        done = end <= old_end || fr_runmap_is_free(&a->pages, old_end, end);
        if (done && end > old_end)
            fr_runmap_take(&a->pages, old_end, end);
        else if (done && end < old_end)
            fr_runmap_give(&a->pages, end, old_end);
    }
    fr_lock_release(lock_of(a), FR_RANK_PROVIDER);
    return done ? ptr : NULL;
}

/* The bytes of the map for n pages. */
static size_t map_bytes(size_t n)
{
    return fr_runmap_words(n) * sizeof(size_t);
}

/* Chooses the pages of a buffer and the place of its map; 0 when no page is left. */
static int lay_out(struct arena *a, char *buf, size_t len)
{
    char *first_word = buf + (size_t)(-(uintptr_t)buf & (sizeof(size_t) - 1));
    size_t lost = (size_t)(-(uintptr_t)buf & (PAGE_BYTES - 1));
    if (len < lost + PAGE_BYTES)
        return 0;
    a->base = buf + lost;
    size_t n = (len - lost) / PAGE_BYTES;
    size_t behind = (len - lost) % PAGE_BYTES;
    char *words = first_word;
    if (n > 1 && n <= SMALL_PAGES)
        words = (char *)a->words;
    else if ((size_t)(a->base - first_word) < map_bytes(n)) {
        if (behind < map_bytes(n))
            n -= pages_in(map_bytes(n) - behind);
        words = a->base + n * PAGE_BYTES;
    }
    if (n == 0)
        return 0;
    for (size_t i = 0; i < map_bytes(n); i++)
        words[i] = 0;
    fr_runmap_init(&a->pages, (size_t *)(void *)words, n);
    return 1;
}

FR_EXPORT int frusa_arena_init(struct frusa_arena *a, void *buf, size_t len)
{
    static const struct frusa_fallback_ops arena_ops = {
        .alloc = arena_alloc,
        .dealloc = arena_dealloc,
        .resize = arena_resize,
        .dealloc_batch = arena_dealloc_batch,
    };
    if (!a || !buf || len > (uintptr_t)-1 - (uintptr_t)buf || !lay_out(arena_of(a), buf, len)) {
        fr_set_error(FR_EINVAL);
        return -1;
    }
    a->ops = arena_ops;
    a->ops.ctx = a;
    return 0;
}

size_t fr_arena_bytes(const struct frusa_fallback_ops *ops)
{
    return ops->alloc == arena_alloc ? arena_of(ops->ctx)->pages.bits * PAGE_BYTES : 0;
}

void fr_fallback_arena_fork_prepare(void)
{
    for (unsigned i = 0; i < LOCK_COUNT; i++)
        fr_lock_settle(&locks[i]);
}

void fr_fallback_arena_fork_child(void)
{
    for (unsigned i = 0; i < LOCK_COUNT; i++)
        fr_lock_forget(&locks[i]);
}
