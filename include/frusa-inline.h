/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The fast paths of libfrusa, to be compiled into the program: twins of frusa_alloc, frusa_dealloc,
 * frusa_malloc, frusa_free, frusa_cache_alloc and frusa_cache_dealloc. They keep the same promises.
 * Each one takes an object out of the caller's cache, or puts it there, without a call. Everything
 * else is a call of the library: an empty or full cache, a large layout, a checked instance, a
 * cache that a reclaim has closed, a misuse.
 *
 * With constants for size and align the compiler resolves the size class. No table is read and no
 * sizes are compared but with one word of the cache.
 *
 *     #define FRUSA_INLINE
 *     #include <frusa-inline.h>
 *
 * maps the plain names to the inline ones in this translation unit. FRUSA_INLINE_NO_THREADS does
 * without the caches of threads, which libfrusa-core.a does not have; the two paths of explicit
 * caches stay inline. Freestanding compilations (-ffreestanding) imply it.
 *
 * Compatibility. A program that includes this header knows how caches are laid out. The names that
 * it refers to end in the number of that layout, and have a version of their own in the shared
 * library. A library with another layout does not have them, so the program fails to link or to
 * load with a message that names them. doc/INLINE.md says what may change, and how.
 *
 * Members and functions whose names end in an underscore are private: they are here for the inline
 * functions only.
 */
#ifndef FRUSA_INLINE_H
#define FRUSA_INLINE_H

#include <frusa.h>
#include <stddef.h>
#include <stdint.h>

#if !defined(__GNUC__)
#error "frusa-inline.h needs a compiler with gcc's builtins; call the functions of frusa.h instead"
#endif

#define FRUSA_INLINE_LAYOUT 1

#if !defined(FRUSA_INLINE_NO_THREADS) && defined(__STDC_HOSTED__) && !__STDC_HOSTED__
#define FRUSA_INLINE_NO_THREADS
#endif

#define FRUSA_INLINE_FN_        static inline __attribute__((always_inline, unused))
#define FRUSA_INLINE_LIKELY_(x) __builtin_expect(!!(x), 1)

/* gcc's analyzer does not see that a magazine keeps a pointer that is given back here, and reports
 * a leak. So its reports of leaks are turned off in a translation unit that includes this header.
 */
#if !defined(__clang__) && __GNUC__ >= 10
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

#if defined(__cplusplus)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------
 * Words that several threads read and write
 */

struct frusa_inline_word_ {
    size_t v;
};

FRUSA_INLINE_FN_ size_t frusa_inline_load_(const struct frusa_inline_word_ *w)
{
    return __atomic_load_n(&w->v, __ATOMIC_RELAXED);
}

FRUSA_INLINE_FN_ size_t frusa_inline_load_acquire_(const struct frusa_inline_word_ *w)
{
    return __atomic_load_n(&w->v, __ATOMIC_ACQUIRE);
}

FRUSA_INLINE_FN_ void frusa_inline_store_(struct frusa_inline_word_ *w, size_t value)
{
    __atomic_store_n(&w->v, value, __ATOMIC_RELAXED);
}

FRUSA_INLINE_FN_ void frusa_inline_store_release_(struct frusa_inline_word_ *w, size_t value)
{
    __atomic_store_n(&w->v, value, __ATOMIC_RELEASE);
}

/* ------------------------------------------------------------------------------------------------
 * The layout. Nothing here changes within a layout number.
 */

#define FRUSA_INLINE_MIN_ALIGN_       16u /* every size class is a multiple of it */
#define FRUSA_INLINE_LINEAR_MAX_      128u
#define FRUSA_INLINE_LINEAR_MAX_LOG2_ 7u
#define FRUSA_INLINE_LINEAR_COUNT_    (FRUSA_INLINE_LINEAR_MAX_ / FRUSA_INLINE_MIN_ALIGN_)
#define FRUSA_INLINE_STEPS_LOG2_      3u
#define FRUSA_INLINE_CACHED_LOG2_     16u
#define FRUSA_INLINE_CACHED_MAX_      ((size_t)1 << FRUSA_INLINE_CACHED_LOG2_)
#define FRUSA_INLINE_CLASSES_                                                                      \
    (FRUSA_INLINE_LINEAR_COUNT_ +                                                                  \
     ((FRUSA_INLINE_CACHED_LOG2_ - FRUSA_INLINE_LINEAR_MAX_LOG2_) << FRUSA_INLINE_STEPS_LOG2_))

/*
 * The free objects of one size class in a cache: an array of pointers between the addresses lo and
 * hi, used from lo up to top. All are 0 when the class has no array yet. `kept` is the library's
 * own.
 */
struct frusa_inline_magazine_ {
    struct frusa_inline_word_ top;
    struct frusa_inline_word_ lo;
    struct frusa_inline_word_ hi;
    void *kept;
};

struct frusa_inline_cache_ {
    /* non-zero: the owner is inside */
    struct frusa_inline_word_ busy;
    /* The limits, all 0 while a reclaim has the cache: sizes below small_end find their magazine
     * by the table; sizes and aligns below cached_end, and classes below class_end, have one. */
    struct frusa_inline_word_ small_end;
    struct frusa_inline_word_ cached_end;
    struct frusa_inline_word_ class_end;
    /* by (size + 15) / 16: the magazine's distance from the cache's beginning, in bytes */
    const uint16_t *offsets;
    /* the root of the process's page map */
    const struct frusa_inline_word_ *pages;
    size_t reserved[2];
    struct frusa_inline_magazine_ magazines[FRUSA_INLINE_CLASSES_];
};

/* Addresses of the calling thread's caches: entry 0 stays NULL, the others belong to one instance
 * each. */
#define FRUSA_INLINE_SLOTS_ 8
struct frusa_inline_thread_ {
    struct frusa_inline_word_ caches[FRUSA_INLINE_SLOTS_];
};

/* The size class of a size up to FRUSA_INLINE_CACHED_MAX_. */
FRUSA_INLINE_FN_ unsigned frusa_inline_class_(size_t size)
{
    if (size <= FRUSA_INLINE_LINEAR_MAX_)
        return size == 0 ? 0u : (unsigned)((size - 1) / FRUSA_INLINE_MIN_ALIGN_);
    unsigned log2 = (unsigned)(sizeof(long) * 8 - 1) - (unsigned)__builtin_clzl(size - 1);
    return FRUSA_INLINE_LINEAR_COUNT_ +
           ((log2 - FRUSA_INLINE_LINEAR_MAX_LOG2_) << FRUSA_INLINE_STEPS_LOG2_) +
           (unsigned)(((size - 1) >> (log2 - FRUSA_INLINE_STEPS_LOG2_)) &
                      ((1u << FRUSA_INLINE_STEPS_LOG2_) - 1));
}

/* The page map: two levels of words over the pages of 4 KiB. The low seven bits of an entry are
 * the size class plus 1; an entry of 0 is no span. */
#define FRUSA_INLINE_PAGE_LOG2_  12u
#define FRUSA_INLINE_PAGES_LOG2_ ((sizeof(void *) == 8 ? 48u : 32u) - FRUSA_INLINE_PAGE_LOG2_)
#define FRUSA_INLINE_LEAF_LOG2_  (FRUSA_INLINE_PAGES_LOG2_ / 2)
#define FRUSA_INLINE_ROOT_LOG2_  (FRUSA_INLINE_PAGES_LOG2_ - FRUSA_INLINE_LEAF_LOG2_)
#define FRUSA_INLINE_CLASS_MASK_ 127u

FRUSA_INLINE_FN_ size_t frusa_inline_entry_(const struct frusa_inline_word_ *root, const void *p)
{
    uintptr_t page = (uintptr_t)p >> FRUSA_INLINE_PAGE_LOG2_;
    uintptr_t place = (uintptr_t)p >> (FRUSA_INLINE_PAGE_LOG2_ + FRUSA_INLINE_LEAF_LOG2_);
    if (!FRUSA_INLINE_LIKELY_(place < (uintptr_t)1 << FRUSA_INLINE_ROOT_LOG2_))
        return 0;
    const struct frusa_inline_word_ *leaf =
        (const struct frusa_inline_word_ *)frusa_inline_load_acquire_(&root[place]);
    if (!FRUSA_INLINE_LIKELY_(leaf != NULL))
        return 0;
    return frusa_inline_load_(&leaf[page & (((uintptr_t)1 << FRUSA_INLINE_LEAF_LOG2_) - 1)]);
}

/* ------------------------------------------------------------------------------------------------
 * The paths. lib/cache/cache.h says why they are right; the letters are those of that file.
 */

/* [C.2] */
FRUSA_INLINE_FN_ void frusa_inline_enter_(struct frusa_inline_cache_ *c)
{
    frusa_inline_store_(&c->busy, 1);
    __asm__ volatile("" : : : "memory");
}

/* [C.3] */
FRUSA_INLINE_FN_ void frusa_inline_leave_(struct frusa_inline_cache_ *c)
{
    frusa_inline_store_release_(&c->busy, 0);
}

/* The owner is inside and the cache is open. Takes an object and leaves; 0: there is none. Each way
 * out leaves by itself, so that the compiler tests nothing twice. */
FRUSA_INLINE_FN_ int frusa_inline_pop_(struct frusa_inline_cache_ *c,
                                       struct frusa_inline_magazine_ *m, void **p)
{
    size_t top = frusa_inline_load_(&m->top);
    if (!FRUSA_INLINE_LIKELY_(top > frusa_inline_load_(&m->lo))) {
        frusa_inline_leave_(c);
        return 0;
    }
    void **slot = (void **)top - 1;
    *p = *slot;
    frusa_inline_store_(&m->top, (size_t)slot);
    frusa_inline_leave_(c);
    return 1;
}

/* The owner is inside and the cache is open. Puts an object there and leaves; 0: there is no
 * room. */
FRUSA_INLINE_FN_ int frusa_inline_push_(struct frusa_inline_cache_ *c,
                                        struct frusa_inline_magazine_ *m, void *p)
{
    size_t top = frusa_inline_load_(&m->top);
    if (!FRUSA_INLINE_LIKELY_(top < frusa_inline_load_(&m->hi))) {
        frusa_inline_leave_(c);
        return 0;
    }
    void **slot = (void **)top;
    *slot = p;
    frusa_inline_store_(&m->top, (size_t)(slot + 1));
    frusa_inline_leave_(c);
    return 1;
}

/* Enters the cache. 0: `n` is not below the limit, or the cache is closed; then the owner is
 * outside again. [C.1] */
FRUSA_INLINE_FN_ int frusa_inline_open_(struct frusa_inline_cache_ *c,
                                        const struct frusa_inline_word_ *limit, size_t n)
{
    frusa_inline_enter_(c);
    if (FRUSA_INLINE_LIKELY_(n < frusa_inline_load_acquire_(limit)))
        return 1;
    frusa_inline_leave_(c);
    return 0;
}

/* The magazine of a size below small_end. */
FRUSA_INLINE_FN_ struct frusa_inline_magazine_ *frusa_inline_small_(struct frusa_inline_cache_ *c,
                                                                    size_t size)
{
    size_t offset = c->offsets[(size + FRUSA_INLINE_MIN_ALIGN_ - 1) / FRUSA_INLINE_MIN_ALIGN_];
    return (struct frusa_inline_magazine_ *)(void *)((char *)c + offset);
}

/*
 * Enters the cache for a layout, whose magazine is *m. 0: these paths know none for the layout, or
 * the cache is closed; then the owner is outside. With constants, all but frusa_inline_open_
 * happens at compile time.
 */
FRUSA_INLINE_FN_ int frusa_inline_enter_for_(struct frusa_inline_cache_ *c, size_t size,
                                             size_t align, struct frusa_inline_magazine_ **m)
{
    if ((align & (align - 1)) != 0)
        return 0;
    if (__builtin_constant_p(size) && __builtin_constant_p(align)) {
        size_t rounded = size;
        if (align > FRUSA_INLINE_CACHED_MAX_ || size > FRUSA_INLINE_CACHED_MAX_)
            return 0;
        if (align > FRUSA_INLINE_MIN_ALIGN_)
            rounded = (size + (size == 0) + align - 1) & ~(align - 1);
        if (rounded > FRUSA_INLINE_CACHED_MAX_ ||
            !frusa_inline_open_(c, &c->cached_end, size > align ? size : align))
            return 0;
        *m = &c->magazines[frusa_inline_class_(rounded)];
        return 1;
    }
    if (align > FRUSA_INLINE_MIN_ALIGN_ || !frusa_inline_open_(c, &c->small_end, size))
        return 0;
    *m = frusa_inline_small_(c, size);
    return 1;
}

/* An object of a layout; 0: by a call. */
FRUSA_INLINE_FN_ int frusa_inline_take_(struct frusa_inline_cache_ *c, size_t size, size_t align,
                                        void **p)
{
    struct frusa_inline_magazine_ *m = NULL;
    return frusa_inline_enter_for_(c, size, align, &m) && frusa_inline_pop_(c, m, p);
}

/* An object of a layout back; 0: by a call. */
FRUSA_INLINE_FN_ int frusa_inline_give_(struct frusa_inline_cache_ *c, void *p, size_t size,
                                        size_t align)
{
    struct frusa_inline_magazine_ *m = NULL;
    return frusa_inline_enter_for_(c, size, align, &m) && frusa_inline_push_(c, m, p);
}

/* An object back whose class the page map knows; 0: by a call. */
FRUSA_INLINE_FN_ int frusa_inline_give_unsized_(struct frusa_inline_cache_ *c,
                                                const struct frusa_inline_word_ *pages, void *p)
{
    size_t cls = (frusa_inline_entry_(pages, p) & FRUSA_INLINE_CLASS_MASK_) - 1;
    if (!frusa_inline_open_(c, &c->class_end, cls))
        return 0;
    return frusa_inline_push_(c, &c->magazines[cls], p);
}

/* ------------------------------------------------------------------------------------------------
 * What the paths leave to the library: the calls of frusa.h without their fast paths
 */

void *frusa_inline_cache_alloc_1(frusa_cache_t *c, size_t size, size_t align);
void frusa_inline_cache_dealloc_1(frusa_cache_t *c, void *ptr, size_t size, size_t align);
void *frusa_inline_alloc_1(frusa_t *f, size_t size, size_t align);
void *frusa_inline_malloc_1(frusa_t *f, size_t size);
void frusa_inline_dealloc_1(frusa_t *f, void *ptr, size_t size, size_t align);
void frusa_inline_free_1(frusa_t *f, void *ptr);

#if !defined(FRUSA_INLINE_NO_THREADS)
/* The initial-exec model makes an access one load relative to the thread pointer. musl does not
 * open libraries at run time that use it. */
#if defined(__GLIBC__)
extern __attribute__((tls_model("initial-exec")))
#else
extern
#endif
__thread struct frusa_inline_thread_ frusa_inline_thread_1;

/* The calling thread's cache for the instance, NULL when it has none that these paths may use. */
FRUSA_INLINE_FN_ struct frusa_inline_cache_ *frusa_inline_cache_of_(const frusa_t *f)
{
    size_t slot = __atomic_load_n(&f->frusa_slot_, __ATOMIC_RELAXED);
    return (struct frusa_inline_cache_ *)frusa_inline_load_(&frusa_inline_thread_1.caches[slot]);
}
#endif

/* ------------------------------------------------------------------------------------------------
 * The calls. Parameters, results and promises are those of the calls in frusa.h without `inline_`.
 */

FRUSA_ATTR_((malloc, nonnull(1), alloc_size(2), warn_unused_result))
FRUSA_INLINE_FN_ void *frusa_inline_cache_alloc(frusa_cache_t *c, size_t size, size_t align)
{
    void *p = NULL;
    if (FRUSA_INLINE_LIKELY_(
            frusa_inline_take_((struct frusa_inline_cache_ *)(void *)c, size, align, &p)))
        return p;
    return frusa_inline_cache_alloc_1(c, size, align);
}

FRUSA_ATTR_((nonnull(1)))
FRUSA_INLINE_FN_ void frusa_inline_cache_dealloc(frusa_cache_t *c, void *ptr, size_t size,
                                                 size_t align)
{
    if (!FRUSA_INLINE_LIKELY_(
            ptr && frusa_inline_give_((struct frusa_inline_cache_ *)(void *)c, ptr, size, align)))
        frusa_inline_cache_dealloc_1(c, ptr, size, align);
}

#if defined(FRUSA_INLINE_NO_THREADS)

FRUSA_ATTR_((malloc, nonnull(1), alloc_size(2), warn_unused_result))
FRUSA_INLINE_FN_ void *frusa_inline_alloc(frusa_t *f, size_t size, size_t align)
{
    return frusa_alloc(f, size, align);
}

FRUSA_ATTR_((nonnull(1)))
FRUSA_INLINE_FN_ void frusa_inline_dealloc(frusa_t *f, void *ptr, size_t size, size_t align)
{
    frusa_dealloc(f, ptr, size, align);
}

FRUSA_ATTR_((malloc, nonnull(1), alloc_size(2), warn_unused_result))
FRUSA_INLINE_FN_ void *frusa_inline_malloc(frusa_t *f, size_t size)
{
    return frusa_malloc(f, size);
}

FRUSA_ATTR_((nonnull(1)))
FRUSA_INLINE_FN_ void frusa_inline_free(frusa_t *f, void *ptr)
{
    frusa_free(f, ptr);
}

#else

FRUSA_ATTR_((malloc, nonnull(1), alloc_size(2), warn_unused_result))
FRUSA_INLINE_FN_ void *frusa_inline_alloc(frusa_t *f, size_t size, size_t align)
{
    struct frusa_inline_cache_ *c = frusa_inline_cache_of_(f);
    void *p = NULL;
    if (FRUSA_INLINE_LIKELY_(c && frusa_inline_take_(c, size, align, &p)))
        return p;
    return frusa_inline_alloc_1(f, size, align);
}

FRUSA_ATTR_((nonnull(1)))
FRUSA_INLINE_FN_ void frusa_inline_dealloc(frusa_t *f, void *ptr, size_t size, size_t align)
{
    struct frusa_inline_cache_ *c = frusa_inline_cache_of_(f);
    if (!FRUSA_INLINE_LIKELY_(c && ptr && frusa_inline_give_(c, ptr, size, align)))
        frusa_inline_dealloc_1(f, ptr, size, align);
}

FRUSA_ATTR_((malloc, nonnull(1), alloc_size(2), warn_unused_result))
FRUSA_INLINE_FN_ void *frusa_inline_malloc(frusa_t *f, size_t size)
{
    struct frusa_inline_cache_ *c = frusa_inline_cache_of_(f);
    void *p = NULL;
    if (FRUSA_INLINE_LIKELY_(c && frusa_inline_take_(c, size, 0, &p)))
        return p;
    return frusa_inline_malloc_1(f, size);
}

/* The page map has nothing at NULL. */
FRUSA_ATTR_((nonnull(1)))
FRUSA_INLINE_FN_ void frusa_inline_free(frusa_t *f, void *ptr)
{
    struct frusa_inline_cache_ *c = frusa_inline_cache_of_(f);
    if (!FRUSA_INLINE_LIKELY_(c && frusa_inline_give_unsized_(c, c->pages, ptr)))
        frusa_inline_free_1(f, ptr);
}

#endif

#if defined(FRUSA_INLINE)
#define frusa_alloc(f, size, align)              frusa_inline_alloc(f, size, align)
#define frusa_dealloc(f, ptr, size, align)       frusa_inline_dealloc(f, ptr, size, align)
#define frusa_malloc(f, size)                    frusa_inline_malloc(f, size)
#define frusa_free(f, ptr)                       frusa_inline_free(f, ptr)
#define frusa_cache_alloc(c, size, align)        frusa_inline_cache_alloc(c, size, align)
#define frusa_cache_dealloc(c, ptr, size, align) frusa_inline_cache_dealloc(c, ptr, size, align)
#endif

#if defined(__cplusplus)
}
#pragma GCC diagnostic pop
#endif

#endif /* FRUSA_INLINE_H */
