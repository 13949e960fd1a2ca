/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * malloc and its family, over the one instance. The fast paths of libfrusa are compiled in. What is
 * added is where the C library's functions differ: in what they say of sizes of 0, of alignments,
 * and in errno.
 *
 * Where the standards leave a choice these do as glibc does, because programs have come to rely on
 * it.
 *
 * All of them stand in one file, with the instance, so that a static link takes all of them or
 * none: some beside some of the C library's would be two heaps.
 */
#include "family.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <frusa-malloc.h>

#include "heap.h"
#include "paths.h"
#include "port/compiler.h"

frusa_t fr_malloc_heap = FRUSA_FRONT_INITIALIZER(NULL, &fr_malloc_front);

FR_EXPORT frusa_t *frusa_malloc_instance(void)
{
    return &fr_malloc_heap;
}

FR_EXPORT void *malloc(size_t size)
{
    return fr_malloc_alloc(size, 0, "malloc");
}

FR_EXPORT void *calloc(size_t n, size_t size)
{
    struct frusa_inline_cache_ *c = frusa_inline_cache_of_(&fr_malloc_heap);
    void *p = NULL;
    size_t bytes;
    if (FR_LIKELY(c && !fr_multiply(n, size, &bytes) && frusa_inline_take_(c, bytes, 0, &p)))
        return memset(p, 0, bytes);
    return frusa_calloc(&fr_malloc_heap, n, size);
}

FR_EXPORT void free(void *p)
{
    fr_malloc_free(p, "free");
}

FR_EXPORT void cfree(void *p)
{
    fr_malloc_free(p, "cfree");
}

FR_EXPORT void free_sized(void *p, size_t size)
{
    fr_malloc_dealloc(p, size, 0, "free_sized");
}

FR_EXPORT void free_aligned_sized(void *p, size_t align, size_t size)
{
    fr_malloc_dealloc(p, size, align, "free_aligned_sized");
}

/* A size of 0 gives the object back and returns NULL, as with glibc; C23 leaves it undefined. */
static void *free_by_realloc(void *p)
{
    fr_malloc_free(p, "realloc");
    return NULL;
}

FR_EXPORT void *realloc(void *p, size_t size)
{
    if (FR_UNLIKELY(size == 0 && p != NULL))
        return free_by_realloc(p);
    return frusa_resize(&fr_malloc_heap, p, size);
}

FR_EXPORT void *reallocarray(void *p, size_t n, size_t size)
{
    size_t bytes;
    if (fr_multiply(n, size, &bytes))
        bytes = SIZE_MAX; /* refused as any request that is too large */
    return realloc(p, bytes);
}

static int is_power_of_two(size_t n)
{
    return n && (n & (n - 1)) == 0;
}

FR_EXPORT void *aligned_alloc(size_t align, size_t size)
{
    if (FR_UNLIKELY(align == 0)) {
        errno = EINVAL;
        return NULL;
    }
    return fr_malloc_alloc(size, align, "aligned_alloc");
}

/* Any alignment will do: the next power of two serves it. */
FR_EXPORT void *memalign(size_t align, size_t size)
{
    if (FR_UNLIKELY(align > SIZE_MAX / 2 + 1)) {
        errno = EINVAL;
        return NULL;
    }
    if (FR_UNLIKELY(align && !is_power_of_two(align)))
        align = (size_t)2 << fr_log2_floor(align);
    return fr_malloc_alloc(size, align, "memalign");
}

/* The error is the result, and *out stays as it is. Like glibc's, it leaves ENOMEM in errno, but
 * not EINVAL. */
FR_EXPORT int posix_memalign(void **out, size_t align, size_t size)
{
    if (FR_UNLIKELY(!is_power_of_two(align) || align % sizeof(void *)))
        return EINVAL;
    void *p = fr_malloc_alloc(size, align, "posix_memalign");
    if (FR_UNLIKELY(!p))
        return ENOMEM;
    *out = p;
    return 0;
}

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

FR_EXPORT void *valloc(size_t size)
{
    return fr_malloc_alloc(size, page_size(), "valloc");
}

FR_EXPORT void *pvalloc(size_t size)
{
    size_t page = page_size();
    if (size <= SIZE_MAX - (page - 1)) /* else refused as it is */
        size = fr_align_up(size, page);
    return fr_malloc_alloc(size, page, "pvalloc");
}

FR_EXPORT size_t malloc_usable_size(void *p)
{
    return frusa_usable_size(&fr_malloc_heap, p);
}

/* What to leave at the top of the heap is not for the caller to say here: there is no such
 * place. */
FR_EXPORT int malloc_trim(size_t pad)
{
    (void)pad;
    return frusa_reclaim(&fr_malloc_heap) != 0;
}

/*
 * The names that the C library gives its own functions. Wrappers of malloc call them, and mix them
 * with the public names: an object of __libc_malloc comes back through free.
 */
FR_ALIAS_OF(malloc) void *__libc_malloc(size_t size);
FR_ALIAS_OF(calloc) void *__libc_calloc(size_t n, size_t size);
FR_ALIAS_OF(realloc) void *__libc_realloc(void *p, size_t size);
FR_ALIAS_OF(free) void __libc_free(void *p);
FR_ALIAS_OF(memalign) void *__libc_memalign(size_t align, size_t size);
FR_ALIAS_OF(valloc) void *__libc_valloc(size_t size);
FR_ALIAS_OF(pvalloc) void *__libc_pvalloc(size_t size);
FR_ALIAS_OF(posix_memalign) int __posix_memalign(void **out, size_t align, size_t size);
