/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Declarations of those functions of the family that the C library's headers may not have. */
#ifndef FR_MALLOC_FAMILY_H
#define FR_MALLOC_FAMILY_H

#include <malloc.h>
#include <stdlib.h>

void cfree(void *p);
void free_sized(void *p, size_t size);
void free_aligned_sized(void *p, size_t align, size_t size);

/* The C library's own names of its functions, which it exports too. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);
void *__libc_memalign(size_t align, size_t size);
void *__libc_valloc(size_t size);
void *__libc_pvalloc(size_t size);
int __posix_memalign(void **out, size_t align, size_t size);
struct mallinfo __libc_mallinfo(void);
int __libc_mallopt(int parameter, int value);

#endif /* FR_MALLOC_FAMILY_H */
