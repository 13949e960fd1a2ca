/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Declarations of those functions of the family that the C library's headers may not have. */
#ifndef FR_MALLOC_FAMILY_H
#define FR_MALLOC_FAMILY_H

#include <malloc.h>
#include <stdlib.h>

void cfree(void *p);
void free_sized(void *p, size_t size);
void free_aligned_sized(void *p, size_t align, size_t size);

#endif /* FR_MALLOC_FAMILY_H */
