/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * libfrusa: a slab allocator over a pluggable backing allocator, with reclaim on demand.
 *
 * Vocabulary. An *instance* (frusa_t) takes memory from its *fallback* and gives it back to it. A
 * request has a *layout* (size, align) and is rounded up to a *size class*. A *span* is a
 * contiguous run of pages from the fallback, carved into objects of one size class. A *cache*
 * holds free objects for one thread (or one explicit owner) in *magazines*, one for each size
 * class. An object is *live* from the call that hands it out until the call that gives it back has
 * returned. *Reclaim* returns to the fallback every span without a live object. A layout is
 * *managed* when max(size, align) is within the instance's managed_max; anything larger is *large*
 * and goes straight to the fallback.
 *
 * Conventions of all calls, unless a call says otherwise:
 *   - sizes are in bytes; an align is 0 (for alignof(max_align_t)) or a power of two;
 *   - every call may be made from any thread at any time, but not in a signal handler, except for
 *     the two that say so;
 *   - a pointer to an instance must be non-null and designate an instance that was initialised and
 *     not destroyed;
 *   - misuse that is detected goes to the panic handler (frusa_set_panic_handler);
 *   - the freestanding core, libfrusa-core.a, sets no errno; threads have no caches there but
 *     explicit ones, frusa_fallback_mmap, frusa_fallback_malloc and the control sockets do not
 *     exist, and no fallback stands for NULL.
 *     explicit ones, frusa_fallback_mmap and frusa_fallback_malloc do not exist, and no fallback
 *     stands for NULL. Calls that say "hosted only" do not exist there.
 */
#ifndef FRUSA_H
#define FRUSA_H

#include <stddef.h>

/* The version of this header. frusa_version() tells the version of the library in use. */
#define FRUSA_VERSION        "0.1.0"
#define FRUSA_VERSION_NUMBER 0x000100 /* major << 16 | minor << 8 | patch */

#if defined(__GNUC__)
#define FRUSA_ATTR_(x) __attribute__(x)
#else
#define FRUSA_ATTR_(x)
#endif

/*
 * The attributes of a function that returns a new object. They tell gcc (from 11 on) which
 * functions take the object back. With -Wall it then warns of an object that goes to free or
 * delete, of memory from malloc or new that goes to an instance, of the use of an object after
 * it was given back, and of a NULL instance. With -fanalyzer it also warns of objects that are
 * given back twice, lost, or used without a test for NULL.
 *
 * gcc does not follow what frusa_realloc and frusa_resize return, nor the inline functions of
 * <frusa-inline.h>, which turns reports of leaks off. It does not know that frusa_destroy gives
 * live objects back: it reports such an object as lost when only a local variable designates it.
 * Programs that rely on frusa_destroy for that use -Wno-analyzer-malloc-leak.
 *
 * frusa_create does not name frusa_destroy in the same way: gcc would then warn of each static
 * instance that a program destroys, as of memory that is not on the heap.
 *
 * FRUSA_NO_DEALLOC_WARNINGS, defined before this header is included, turns all but the warnings of
 * NULL off. It is for programs whose malloc is libfrusa-malloc, and so may give objects to free
 * (<frusa-malloc.h>, included first, defines it), and for instances with FRUSA_FRONT_INITIALIZER,
 * which take foreign pointers.
 */
#if defined(__GNUC__) && !defined(__clang__) && !defined(FRUSA_NO_DEALLOC_WARNINGS)
#if __GNUC__ >= 11
#define FRUSA_ATTR_NEW_                                                                            \
    __malloc__, __malloc__(frusa_dealloc, 2), __malloc__(frusa_free, 2),                           \
        __malloc__(frusa_cache_dealloc, 2)
#endif
#endif
#if !defined(FRUSA_ATTR_NEW_)
#define FRUSA_ATTR_NEW_ __malloc__
#endif

#if defined(__cplusplus)
#define FRUSA_ALIGNAS_(n) alignas(n)
extern "C" {
#else
#define FRUSA_ALIGNAS_(n) _Alignas(n)
#endif

/* ------------------------------------------------------------------------------------------------
 * Types
 */

/* A range of memory: `size` bytes from `ptr` on. */
struct frusa_range {
    void *ptr;
    size_t size;
};

/* Flags of struct frusa_fallback_ops. */
#define FRUSA_FALLBACK_ZEROED 1u /* alloc hands out zero-filled memory */

/*
 * A fallback: where an instance takes its memory from. It must be thread-safe. It may fail any
 * call, be slow, block, and call back into the same instance from any of its functions (except
 * while that instance is being destroyed); bounding such a recursion is its own affair. libfrusa
 * never holds a lock while it calls a fallback.
 *
 * Sizes and aligns that libfrusa passes are never 0; every align is a power of two and at least
 * 4096, every size a multiple of 4096. Memory that is not aligned as asked counts as a failed call
 * and is handed straight back with dealloc.
 */
struct frusa_fallback_ops {
    /* Returns `size` bytes at a multiple of `align`, or NULL on failure. */
    void *(*alloc)(void *ctx, size_t size, size_t align);
    /* Takes back a block, with the same size and align as at its alloc (or its last resize). */
    void (*dealloc)(void *ctx, void *ptr, size_t size, size_t align);
    /* Passed to every function; borrowed until the instance is destroyed. */
    void *ctx;
    /* FRUSA_FALLBACK_ZEROED or 0; an unknown flag is refused with EINVAL. */
    unsigned flags;
    /* Optional from here on; NULL: not offered. */
    /* Gives a block a new size, in place or elsewhere, contents kept up to the smaller size.
     * Returns the block's new address, a multiple of `align`; NULL on failure, the old block then
     * intact. */
    void *(*resize)(void *ctx, void *ptr, size_t old_size, size_t align, size_t new_size);
    /* Takes back `n` blocks at once, in ascending order of address. Each range is one that alloc
     * handed out with this align. The array belongs to the caller. */
    void (*dealloc_batch)(void *ctx, const struct frusa_range *ranges, size_t n, size_t align);
    /* Told that the contents of `n` ranges (page-aligned, ascending, inside blocks that stay
     * allocated) are no longer needed. Returns the number of bytes purged. The array belongs to
     * the caller. */
    size_t (*purge)(void *ctx, const struct frusa_range *ranges, size_t n);
    /* Must be NULL: a non-null entry is refused with EINVAL. */
    void *reserved[4];
};

/* Values of managed_max in struct frusa_config. */
#define FRUSA_4K_MAX ((size_t)4096)
#define FRUSA_2M_MAX ((size_t)2097152)

/* Flags of struct frusa_config. */
/* validate every object given back; canaries around objects; uncached */
#define FRUSA_CHECKED         1u
#define FRUSA_NO_THREAD_CACHE 2u /* no implicit caches; explicit ones still work */

/* Options of an instance. All zero, which is FRUSA_CONFIG_INIT, gives the defaults. */
struct frusa_config {
    /* Largest max(size, align) that is served from spans, 1 .. FRUSA_2M_MAX; 0: FRUSA_2M_MAX. */
    size_t managed_max;
    /* Upper bound on the bytes of free objects in one cache; 0: 4 MiB. */
    size_t thread_cache_max;
    /* Upper bound on the bytes held from the fallback, large objects included. A call that would
     * exceed it reclaims once, then fails with ENOMEM. 0: none. */
    size_t limit;
    /* FRUSA_CHECKED, FRUSA_NO_THREAD_CACHE or 0; an unknown flag is refused with EINVAL. */
    unsigned flags;
    /* Must be NULL: a non-null entry is refused with EINVAL. */
    void *reserved[4];
};
#define FRUSA_CONFIG_INIT                                                                          \
    {                                                                                              \
        0, 0, 0, 0,                                                                                \
        {                                                                                          \
            0, 0, 0, 0                                                                             \
        }                                                                                          \
    }

/*
 * An instance: one allocator. Its size never changes within soname 0. All members are private; a
 * program either gets a pointer from frusa_create or defines a static instance with one of the
 * initialisers below, for instance
 *
 *     static frusa_t heap = FRUSA_4K_INITIALIZER(&my_ops);
 *
 * A static instance works before any constructor has run, from any thread, with no init call. What
 * the pointers designate must stay valid and unchanged while the instance is in use. An opsptr of
 * NULL means frusa_fallback_mmap (it must be a pointer expression: 0 will not do in C++), a
 * configptr of NULL the defaults. Options out of range make every allocation from the instance
 * fail with EINVAL. An instance must not be copied or moved.
 */
typedef struct frusa_instance frusa_t;
struct frusa_instance {
    FRUSA_ALIGNAS_(64) const struct frusa_fallback_ops *frusa_ops_;
    const struct frusa_config *frusa_config_;
    size_t frusa_managed_max_;
    size_t frusa_slot_;
    size_t frusa_private_[16384 / sizeof(size_t) - 4];
};
#define FRUSA_INITIALIZER_(opsptr, configptr, managed_max)                                         \
    {                                                                                              \
        (opsptr), (configptr), (managed_max), 0,                                                   \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }
#define FRUSA_INITIALIZER(opsptr, configptr) FRUSA_INITIALIZER_(opsptr, configptr, 0)
#define FRUSA_4K_INITIALIZER(opsptr)         FRUSA_INITIALIZER_(opsptr, NULL, FRUSA_4K_MAX)
#define FRUSA_2M_INITIALIZER(opsptr)         FRUSA_INITIALIZER_(opsptr, NULL, FRUSA_2M_MAX)

/*
 * What is special about a static instance that stands behind an interface of another kind, as the
 * one of libfrusa-malloc does behind malloc. All members may be zero.
 */
struct frusa_front {
    /* The options to start from. */
    struct frusa_config config;
    /* Called before the instance is first used, to change a copy of these options by what is only
     * known at run time. It must not use the instance. Several threads may call it at once, and
     * the result of one of them holds, so it should come to the same result each time. */
    void (*configure)(struct frusa_config *config);
    /* Asked when frusa_free, frusa_resize or frusa_usable_size meets a pointer to memory that
     * belongs to no instance: returns how many bytes may be read there, 0 when nothing is known,
     * which makes it misuse. The object is left as it is; frusa_resize returns a new one with a
     * copy of the contents. */
    size_t (*foreign)(const void *ptr);
    /* What messages about misuse call the calls, and the flag FRUSA_CHECKED: pairs of a name in
     * this header and the name instead of it, then NULL. */
    const char *const *calls;
    /* Must be NULL. */
    void *reserved[4];
};

/* A static instance with a struct frusa_front, which must stay valid and unchanged. Everything
 * else is as with FRUSA_INITIALIZER; reserved entries that are not NULL count as options out of
 * range. */
#define FRUSA_FRONT_ ((size_t)-1)
#define FRUSA_FRONT_INITIALIZER(opsptr, frontptr)                                                  \
    FRUSA_INITIALIZER_(opsptr, &(frontptr)->config, FRUSA_FRONT_)

/* An explicit cache; opaque. */
typedef struct frusa_cache frusa_cache_t;

/* What an instance holds. In bytes unless the name says otherwise. */
struct frusa_stats {
    /* held from the fallback for spans and metadata, large excluded */
    size_t allocated_from_fallback;
    /* live objects rounded to their size class, plus in_use_metadata */
    size_t in_use;
    /* part of allocated_from_fallback that holds metadata */
    size_t allocated_metadata;
    size_t in_use_metadata; /* part of allocated_metadata that is in use */
    size_t cached;          /* free objects sitting in caches */
    size_t large;           /* live objects that went straight to the fallback */
    /* part of allocated_from_fallback whose pages are purged */
    size_t purged;
    /* given back by reclaim so far, purged pages included */
    size_t reclaimed_total;
    /* high-water mark of allocated_from_fallback + large */
    size_t peak_allocated;
    size_t fallback_allocs;   /* successful calls of the fallback's alloc */
    size_t fallback_deallocs; /* blocks given back to the fallback, pieces one by one */
    /* free memory kept for reuse: spans without any object, live or cached, and other blocks */
    size_t kept;
    /* free memory in the other spans: free slots, and what is left beside the slots */
    size_t free_in_spans;
    size_t refused;           /* calls that failed with ENOMEM */
    size_t fallback_failures; /* calls of the fallback's alloc that failed */
    size_t reserved[2];       /* zero */
};

/* One row of frusa_walk. */
struct frusa_span_info {
    const void *address; /* of the span's first byte */
    size_t bytes;        /* length of the span */
    size_t object_size;  /* size class of its objects; for a large one its length */
    size_t slots;        /* objects that fit */
    size_t live;         /* objects that are live */
    size_t purged;       /* bytes whose pages are purged */
    int large;           /* 1: one object straight from the fallback */
    size_t reserved[4];  /* zero */
};

/* ------------------------------------------------------------------------------------------------
 * Instances
 */

/*
 * Creates an instance over `ops`, with default options.
 *
 * ops: copied; its ctx is borrowed until frusa_destroy. NULL: frusa_fallback_mmap. Returns the
 * instance, whose own memory comes from the fallback; release it with frusa_destroy. NULL with
 * errno on failure:
 *   EINVAL  alloc or dealloc is NULL, an unknown flag or a non-null reserved entry
 *   ENOMEM  the fallback refused
 */
frusa_t *frusa_create(const struct frusa_fallback_ops *ops) FRUSA_ATTR_((warn_unused_result));

/*
 * The same with options.
 *
 * config: copied; NULL: the defaults.
 * Returns and fails as frusa_create; also:
 *   EINVAL  managed_max above FRUSA_2M_MAX, an unknown flag or a non-null reserved entry in config
 *   ENOMEM  limit is too small for the instance itself
 */
frusa_t *frusa_create_with(const struct frusa_fallback_ops *ops, const struct frusa_config *config)
    FRUSA_ATTR_((warn_unused_result));

/*
 * Gives every byte that the instance holds back to the fallback, live objects and explicit caches
 * included, and ends the instance. No other call on `f` may be running or start; threads that used
 * it may still exist, and exit meanwhile. Must not be called from within a fallback call of `f`.
 * NULL is a no-op. A static instance can be used again afterwards, as if new. Leaves errno alone.
 */
void frusa_destroy(frusa_t *f);

/* ------------------------------------------------------------------------------------------------
 * Giving back. Each of these takes an object of any allocating call.
 */

/*
 * Gives an object back, from any thread. The layout is the one that it was allocated with, or any
 * other of the same size class (frusa_good_size tells). NULL is a no-op. Leaves errno alone.
 */
void frusa_dealloc(frusa_t *f, void *ptr, size_t size, size_t align) FRUSA_ATTR_((nonnull(1)));

/* Gives an object back, whatever its layout. NULL is a no-op. Leaves errno alone. */
void frusa_free(frusa_t *f, void *ptr) FRUSA_ATTR_((nonnull(1)));

/* As frusa_dealloc on the cache's instance, through the cache (see frusa_cache_create). */
void frusa_cache_dealloc(frusa_cache_t *c, void *ptr, size_t size, size_t align)
    FRUSA_ATTR_((nonnull(1)));

/* ------------------------------------------------------------------------------------------------
 * Allocation with a layout at both ends
 */

/*
 * Allocates `size` bytes at a multiple of `align`. Size 0 gives a unique pointer to no usable byte.
 *
 * Returns uninitialised memory, to be given back with frusa_dealloc or frusa_free on the same
 * instance. NULL with errno on failure:
 *   EINVAL  align is not 0 and not a power of two; or a static instance with options out of range
 *   ENOMEM  the fallback refused, the limit is reached or the request overflows (above PTRDIFF_MAX)
 */
void *frusa_alloc(frusa_t *f, size_t size, size_t align)
    FRUSA_ATTR_((FRUSA_ATTR_NEW_, nonnull(1), alloc_size(2), warn_unused_result));

/* The same, with the first `size` bytes zero. Memory known to be zero is not touched. */
void *frusa_alloc_zeroed(frusa_t *f, size_t size, size_t align)
    FRUSA_ATTR_((FRUSA_ATTR_NEW_, nonnull(1), alloc_size(2), warn_unused_result));

/*
 * Changes an object's size.
 *
 * ptr: an object whose layout is (size, align); NULL: allocates (new_size, align). Returns an
 * object with the layout (new_size, align) and the old contents up to the smaller size; the same
 * pointer when the size class is the same; any other return takes over the old object. NULL with
 * errno on failure, the old object untouched:
 *   EINVAL, ENOMEM  as frusa_alloc
 */
void *frusa_realloc(frusa_t *f, void *ptr, size_t size, size_t align, size_t new_size)
    FRUSA_ATTR_((nonnull(1), alloc_size(5), warn_unused_result));

/* ------------------------------------------------------------------------------------------------
 * Allocation without a layout at the later ends. Both families mix freely on the same object.
 */

/* As frusa_alloc(f, size, 0). */
void *frusa_malloc(frusa_t *f, size_t size)
    FRUSA_ATTR_((FRUSA_ATTR_NEW_, nonnull(1), alloc_size(2), warn_unused_result));

/* As frusa_alloc_zeroed(f, n * size, 0); ENOMEM when the product overflows. */
void *frusa_calloc(frusa_t *f, size_t n, size_t size)
    FRUSA_ATTR_((FRUSA_ATTR_NEW_, nonnull(1), alloc_size(2, 3), warn_unused_result));

/*
 * As frusa_realloc for an object whose layout the caller does not know. Only alignof(max_align_t)
 * is promised for the result's alignment when the object moves. A new_size of 0 does not give the
 * object back, it gives an object of size 0.
 */
void *frusa_resize(frusa_t *f, void *ptr, size_t new_size)
    FRUSA_ATTR_((nonnull(1), alloc_size(3), warn_unused_result));

/*
 * Returns the bytes at `ptr`, an object of `f`, that its owner may use: at least the size asked
 * for; under FRUSA_CHECKED exactly that. 0 for NULL. A compiler that checks bounds
 * (_FORTIFY_SOURCE) knows only the size asked for: frusa_resize to the usable size, which moves
 * nothing, before using the rest.
 */
size_t frusa_usable_size(frusa_t *f, const void *ptr) FRUSA_ATTR_((nonnull(1)));

/*
 * Returns the bytes that a layout really gets from `f`: its size class (under FRUSA_CHECKED with
 * what guards the object), or for a large one the size asked of the fallback. 0 for a layout that
 * frusa_alloc would refuse with EINVAL or as overflowing. Does not allocate and sets no errno.
 */
size_t frusa_good_size(const frusa_t *f, size_t size, size_t align) FRUSA_ATTR_((nonnull(1)));

/* Returns 1 when the address `ptr`, any address at all, lies in a span or large object of `f`,
 * else 0. */
int frusa_owns(frusa_t *f, const void *ptr) FRUSA_ATTR_((nonnull(1)));

/*
 * As frusa_alloc, frusa_dealloc and frusa_free, for an interface in front of the instance that has
 * more calls than there are here (struct frusa_front): messages about misuse name `call`, a
 * constant.
 */
void *frusa_front_alloc(frusa_t *f, size_t size, size_t align, const char *call)
    FRUSA_ATTR_((FRUSA_ATTR_NEW_, nothrow, nonnull(1, 4), alloc_size(2), warn_unused_result));
void frusa_front_dealloc(frusa_t *f, void *ptr, size_t size, size_t align, const char *call)
    FRUSA_ATTR_((nothrow, nonnull(1, 5)));
void frusa_front_free(frusa_t *f, void *ptr, const char *call)
    FRUSA_ATTR_((nothrow, nonnull(1, 3)));

/* ------------------------------------------------------------------------------------------------
 * Reclaim
 */

/*
 * Returns to the fallback every span that holds no live object.
 *
 * The guarantee: when it returns, every span that held no live object from the start of the call
 * on has been given back to the fallback, or is being handed back by another reclaim still in
 * progress, whichever threads freed its objects and whatever those threads are doing now, alive,
 * asleep or busy. Other threads go on allocating meanwhile and never wait for it. (A thread that a
 * debugger holds inside the allocator delays it.) Where the fallback offers purge, whole free
 * pages inside spans that stay are purged. Once nothing is live, what stays is the instance record
 * and the headers of caches whose threads still exist: at most 32 KiB, plus 16 KiB for each such
 * cache.
 *
 * Returns the bytes given back: deallocated plus newly purged. If the system's barrier between
 * threads begins to be refused after caches exist (a system call filter installed late), the
 * caches of other threads cannot be emptied: errno is then set to EPERM, else it is left alone.
 */
size_t frusa_reclaim(frusa_t *f) FRUSA_ATTR_((nonnull(1)));

/* The same, but stops once at least `target` bytes went back. A target of 0 does nothing. */
size_t frusa_reclaim_some(frusa_t *f, size_t target) FRUSA_ATTR_((nonnull(1)));

/* Empties the calling thread's own cache into the spans, for a thread about to idle. */
void frusa_thread_flush(frusa_t *f) FRUSA_ATTR_((nonnull(1)));

/*
 * Changes the limit on the bytes held from the fallback, large objects included (the member limit
 * of struct frusa_config). 0: no limit. When more is held than that, the call reclaims once. What
 * live objects still hold beyond the limit stays, and calls that need more memory from the
 * fallback fail with ENOMEM until enough objects are given back. Returns 0, or -1 with errno:
 *   EINVAL  a static instance with options out of range
 */
int frusa_set_limit(frusa_t *f, size_t limit) FRUSA_ATTR_((nonnull(1)));

/*
 * Bounds the empty memory that the instance keeps for reuse without being asked: when spans
 * without an object, cached ones counted as objects, come to more than `bytes`, the thread that
 * emptied the last of them gives spans back to the fallback until half of that is left. Other
 * threads' caches are left alone. (size_t)-1, which every instance starts with: no bound; 0: empty
 * spans are kept no longer than a call.
 *
 * Blocks of large objects count too. Within the bound they stay for later large objects, and they
 * go back when they were not used for some seconds, at the next call that needs memory or gives a
 * large object back. Without a bound up to 64 MiB of them stay over frusa_fallback_mmap, none over
 * other fallbacks. A bound of 16 MiB or more rises for a while, to up to eight times as much, for
 * use that goes up and down by more in a steady rhythm. Returns 0, or -1 with errno:
 *   EINVAL  a static instance with options out of range
 */
int frusa_set_retain(frusa_t *f, size_t bytes) FRUSA_ATTR_((nonnull(1)));

/* ------------------------------------------------------------------------------------------------
 * Introspection
 */

/*
 * Fills *out; exact when no other thread is inside the instance. Safe in a signal handler once the
 * instance has been used. Returns 0, or -1 with errno:
 *   EINVAL  out is NULL; or a static instance with options out of range
 */
int frusa_get_stats(frusa_t *f, struct frusa_stats *out) FRUSA_ATTR_((nonnull(1)));

/*
 * Writes the statistics, plus one row for each size class in use, as JSON text.
 *
 * buf, len: where to, at most len bytes including the terminating zero byte; buf may be NULL if
 * len is 0. Returns the length of the whole text without its zero byte, as snprintf does: a value
 * of len or more means that the text was cut. Safe in a signal handler as frusa_get_stats is.
 */
size_t frusa_stats_json(frusa_t *f, char *buf, size_t len) FRUSA_ATTR_((nonnull(1)));

/*
 * Calls `visit` with one row for every span and large object; metadata spans are not shown.
 * `visit` runs with no lock held and may call the instance; spans that come or go meanwhile may be
 * missed. Caches are emptied first, so that `live` is exact when no other thread is inside the
 * instance. `visit` must return: it is not to be left by longjmp, an exception, or the thread's
 * end. Returns 0, or the first non-zero value that `visit` returned, which ends the walk.
 */
int frusa_walk(frusa_t *f, int (*visit)(const struct frusa_span_info *info, void *arg), void *arg)
    FRUSA_ATTR_((nonnull(1)));

/* Returns the version of the library in use, "MAJOR.MINOR.PATCH". */
const char *frusa_version(void);

/* ------------------------------------------------------------------------------------------------
 * Explicit caches, for owners without thread-local storage: a kernel's CPU, a fibre scheduler's
 * worker. A cache is used by one owner at a time; the owner may move between threads if the
 * program orders that. Reclaim empties it like any other. */

/*
 * Returns a new cache, to be released with frusa_cache_destroy (or, with the instance, by
 * frusa_destroy). NULL with errno on failure:
 *   ENOMEM  the fallback refused or the limit is reached
 *   EINVAL  a static instance with options out of range
 */
frusa_cache_t *frusa_cache_create(frusa_t *f) FRUSA_ATTR_((nonnull(1), warn_unused_result));

/* As frusa_alloc on the cache's instance, through the cache; frusa_cache_dealloc gives back. */
void *frusa_cache_alloc(frusa_cache_t *c, size_t size, size_t align)
    FRUSA_ATTR_((FRUSA_ATTR_NEW_, nonnull(1), alloc_size(2), warn_unused_result));

/* Empties the cache and ends it. NULL is a no-op. Leaves errno alone. */
void frusa_cache_destroy(frusa_cache_t *c);

/* ------------------------------------------------------------------------------------------------
 * Misuse
 */

/*
 * Sets what happens when misuse is detected, for all instances of the process. The default
 * (restored by a NULL handler) writes the message as one line to standard error and aborts.
 *
 * handler: called with no lock held, with `arg` and a message without a newline that is valid
 *     during the call; it must not return (it may leave with longjmp), else the process is
 *     aborted. The message begins "frusa: CALL: KIND: POINTER"; the sizes of the layouts may
 *     follow, and the option with which the call to blame would be found. KIND is one of: double
 *     free, invalid pointer, layout mismatch, wrong instance; under FRUSA_CHECKED also: overflow,
 *     underflow, write after free. The freestanding core says invalid pointer for wrong instance,
 *     and its default is a trap.
 * Setting it while another thread is in misuse may run either handler.
 */
void frusa_set_panic_handler(void (*handler)(void *arg, const char *message), void *arg);

/* ------------------------------------------------------------------------------------------------
 * Fallbacks that ship with the library
 */

/* The embedded default: pages from the operating system. */
extern const struct frusa_fallback_ops frusa_fallback_mmap;

/* Modes of frusa_set_huge. */
#define FRUSA_HUGE_AUTO   0 /* once the heap has grown, for objects of up to 8 KiB */
#define FRUSA_HUGE_NEVER  1 /* not even where the system would do it by itself */
#define FRUSA_HUGE_ALWAYS 2 /* from the first byte: then a small program holds 2 MiB at least */

/*
 * Sets when frusa_fallback_mmap asks for huge pages, for memory that it takes from now on, for the
 * whole process. The system may refuse: with its setting "never" all modes are alike. Returns 0,
 * or -1 with errno:
 *   EINVAL  no such mode
 */
int frusa_set_huge(int mode);

/* The C library's aligned_alloc and free. */
extern const struct frusa_fallback_ops frusa_fallback_malloc;

/* A fallback over a fixed buffer, which never calls the operating system. Hand `&arena.ops` to
 * frusa_create; the other members are private. Must not be copied or moved after
 * frusa_arena_init. */
struct frusa_arena {
    struct frusa_fallback_ops ops;
    size_t frusa_private_[16];
};

/*
 * Makes *a a fallback over the buffer.
 *
 * buf, len: the buffer and its length in bytes, of any alignment; borrowed for as long as the
 *     arena is in use. A part of it is taken for bookkeeping (what alignment costs, and beyond 64
 *     pages 1 bit for each page).
 * Returns 0, or -1 with errno:
 *   EINVAL  a or buf is NULL, or the buffer is too small to hold a single page beside the
 *           bookkeeping
 */
int frusa_arena_init(struct frusa_arena *a, void *buf, size_t len);

#if defined(__cplusplus)
}
#endif

#include "frusa-service.h"

#endif /* FRUSA_H */
