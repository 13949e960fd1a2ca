/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The fallback over the C library's heap. It keeps no state: the C library's own locks make it
 * thread-safe, around fork too. Resizing is not offered, because realloc does not keep an
 * alignment, nor purging, because the pages of a block also hold the C library's bookkeeping.
 */
#include <frusa.h>

#include <stdlib.h>

#include "port/compiler.h"
#include "port/error.h"

/* The size must be a multiple of the alignment in C11; sanitizers insist on it. */
static void *malloc_alloc(void *ctx, size_t size, size_t align)
{
    (void)ctx;
    return size > PTRDIFF_MAX - (align - 1) ? NULL : aligned_alloc(align, fr_align_up(size, align));
}

/* free keeps errno only from POSIX.1-2024 (glibc 2.33) on. */
static void malloc_dealloc(void *ctx, void *ptr, size_t size, size_t align)
{
    int saved = fr_save_errno();
    (void)ctx;
    (void)size;
    (void)align;
    free(ptr);
    fr_restore_errno(saved);
}

FR_EXPORT const struct frusa_fallback_ops frusa_fallback_malloc = {
    .alloc = malloc_alloc,
    .dealloc = malloc_dealloc,
};
