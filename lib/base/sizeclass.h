/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Size classes: layout -> class, class -> size, and how long the spans of a class are.
 *
 * Sizes: multiples of 16 up to 128, then 8 per doubling up to 2 MiB (the geometric series with
 * linear steps that jemalloc and tcmalloc use too). A class is naturally aligned to the largest
 * power of two that divides its size, provided that its spans are, which fr_class_span_align
 * tells. A layout with a larger alignment is rounded up to a multiple of it first: any multiple of
 * `align` is either a class or lies between classes whose step is a multiple of `align`, so the
 * class found has the alignment.
 */
#ifndef FR_SIZECLASS_H
#define FR_SIZECLASS_H

#include <stddef.h>
#include <stdint.h>

#include "port/compiler.h"
#include "port/system.h"

#include <frusa-inline.h>

#define FR_PAGE_SHIFT FRUSA_INLINE_PAGE_LOG2_
#define FR_PAGE_SIZE  ((size_t)1 << FR_PAGE_SHIFT) /* the library's page, whatever the system's */

/* alignof(max_align_t) on every supported machine, or more */
#define FR_MIN_ALIGN FRUSA_INLINE_MIN_ALIGN_
/* classes are multiples of FR_MIN_ALIGN up to here */
#define FR_LINEAR_MAX      FRUSA_INLINE_LINEAR_MAX_
#define FR_LINEAR_MAX_LOG2 FRUSA_INLINE_LINEAR_MAX_LOG2_
/* Log2 of the classes per doubling beyond; the candidates and their figures:
 * doc/performance-classes.md. */
#if !defined(FR_STEPS_LOG2)
#define FR_STEPS_LOG2 FRUSA_INLINE_STEPS_LOG2_
#endif
#define FR_CLASS_MAX_LOG2 21
#define FR_CLASS_MAX_SIZE ((size_t)1 << FR_CLASS_MAX_LOG2)
#define FR_LINEAR_COUNT   (FR_LINEAR_MAX / FR_MIN_ALIGN)

/* Numbers below FR_CLASS_COUNT are size classes; the others mark spans that serve something else.
 * The last class, beyond every managed layout, is for checked instances, which guard objects on
 * both sides. */
#define FR_CLASS_COUNT                                                                             \
    (FR_LINEAR_COUNT + ((FR_CLASS_MAX_LOG2 - FR_LINEAR_MAX_LOG2) << FR_STEPS_LOG2) + 1)
#define FR_CHECKED_MAX_SIZE (FR_CLASS_MAX_SIZE + (FR_CLASS_MAX_SIZE >> FR_STEPS_LOG2))
#define FR_META_COUNT       4u /* metadata blocks of 256 .. 2048 bytes */
#define FR_META_FIRST       FR_CLASS_COUNT
#define FR_META_MIN_LOG2    8
#define FR_META_MAX_SIZE    ((size_t)1 << (FR_META_MIN_LOG2 + FR_META_COUNT - 1))
#define FR_CLASS_LARGE      (FR_META_FIRST + FR_META_COUNT)
#define FR_CLASS_BITS       7 /* all of the above fit */
#define FR_CLASS_NONE       127u

/* Blocks of metadata; neither objects of a size class nor a large one. */
static inline int fr_class_is_meta(unsigned cls)
{
    return cls >= FR_META_FIRST && cls < FR_CLASS_LARGE;
}

/* Sizes up to here find their class in a table: a few cache lines instead of a branch that mixed
 * sizes mispredict. */
#define FR_SMALL_TABLE_MAX 4096u
#define FR_SMALL_ENTRIES   (FR_SMALL_TABLE_MAX / FR_MIN_ALIGN + 1)
extern const uint8_t fr_class_of_small[FR_SMALL_ENTRIES];

/* For such tables: the class of a multiple of FR_MIN_ALIGN by the formula of fr_class_of_size, as
 * a constant expression, and an initialiser that applies a macro to every index. */
#define FR_GEOMETRIC_CLASS(s, log2)                                                                \
    (FR_LINEAR_COUNT + (((log2)-FR_LINEAR_MAX_LOG2) << FR_STEPS_LOG2) +                            \
     ((((s)-1) >> ((log2)-FR_STEPS_LOG2)) & ((1u << FR_STEPS_LOG2) - 1)))
#define FR_CLASS_OF_SMALL(s)                                                                       \
    ((s) == 0      ? 0                                                                             \
     : (s) <= 128  ? (s) / FR_MIN_ALIGN - 1                                                        \
     : (s) <= 256  ? FR_GEOMETRIC_CLASS(s, 7)                                                      \
     : (s) <= 512  ? FR_GEOMETRIC_CLASS(s, 8)                                                      \
     : (s) <= 1024 ? FR_GEOMETRIC_CLASS(s, 9)                                                      \
     : (s) <= 2048 ? FR_GEOMETRIC_CLASS(s, 10)                                                     \
                   : FR_GEOMETRIC_CLASS(s, 11))
#define FR_ROW4(X, i)  X(i), X((i) + 1), X((i) + 2), X((i) + 3)
#define FR_ROW16(X, i) FR_ROW4(X, i), FR_ROW4(X, (i) + 4), FR_ROW4(X, (i) + 8), FR_ROW4(X, (i) + 12)
#define FR_ROW64(X, i)                                                                             \
    FR_ROW16(X, i), FR_ROW16(X, (i) + 16), FR_ROW16(X, (i) + 32), FR_ROW16(X, (i) + 48)
#define FR_SMALL_TABLE(X)                                                                          \
    {                                                                                              \
        FR_ROW64(X, 0u), FR_ROW64(X, 64u), FR_ROW64(X, 128u), FR_ROW64(X, 192u), X(256u)           \
    }

/* Class of a size, 0 .. FR_CHECKED_MAX_SIZE; naturally aligned classes, see above. */
static inline unsigned fr_class_of_size(size_t size)
{
    if (size <= FR_SMALL_TABLE_MAX)
        return fr_class_of_small[(size + FR_MIN_ALIGN - 1) / FR_MIN_ALIGN];
    unsigned log2 = fr_log2_floor(size - 1);
    unsigned shift = log2 - FR_STEPS_LOG2;
    return FR_LINEAR_COUNT + ((log2 - FR_LINEAR_MAX_LOG2) << FR_STEPS_LOG2) +
           (unsigned)(((size - 1) >> shift) & ((1u << FR_STEPS_LOG2) - 1));
}

/* 0 or a power of two. */
static inline int fr_align_is_valid(size_t align)
{
    return (align & (align - 1)) == 0;
}

/* 1, 2, 4, 8, 16 and 0 are the aligns that every class has. */
static inline int fr_align_is_small(size_t align)
{
    return align <= FR_MIN_ALIGN && fr_align_is_valid(align);
}

/* Class of a valid layout that, rounded up to its align, is no more than FR_CHECKED_MAX_SIZE. */
static inline unsigned fr_class_of_layout(size_t size, size_t align)
{
    if (align > FR_MIN_ALIGN)
        size = fr_align_up(size + (size == 0), align);
    return fr_class_of_size(size);
}

/* Size of the objects of a class. */
static inline size_t fr_class_size(unsigned cls)
{
    if (cls < FR_LINEAR_COUNT)
        return (size_t)(cls + 1) * FR_MIN_ALIGN;
    unsigned step = cls - FR_LINEAR_COUNT;
    unsigned log2 = FR_LINEAR_MAX_LOG2 + (step >> FR_STEPS_LOG2);
    size_t fraction = (step & ((1u << FR_STEPS_LOG2) - 1)) + 1;
    return ((size_t)1 << log2) + (fraction << (log2 - FR_STEPS_LOG2));
}

/* Alignment that the spans of a class need for the natural alignment of its objects; a page or
 * more. */
size_t fr_class_span_align(unsigned cls);

/*
 * Length of a span of class `cls` for a slab that holds `held` bytes already: slabs start with
 * short spans, so that a class with few objects costs little, and double until the full length.
 */
size_t fr_class_span_bytes(unsigned cls, size_t held);

/* Length of the shortest span of the class: what is tried when the fallback refuses more. */
size_t fr_class_span_bytes_min(unsigned cls);

/* Metadata blocks: the class for a length up to FR_META_MAX_SIZE, and back. */
static inline unsigned fr_meta_class_of(size_t bytes)
{
    unsigned log2 = bytes <= 1 ? 0 : fr_log2_floor(bytes - 1) + 1;
    return FR_META_FIRST + (log2 <= FR_META_MIN_LOG2 ? 0 : log2 - FR_META_MIN_LOG2);
}

static inline size_t fr_meta_size(unsigned cls)
{
    return (size_t)1 << (FR_META_MIN_LOG2 + (cls - FR_META_FIRST));
}

#endif /* FR_SIZECLASS_H */
