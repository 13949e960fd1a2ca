/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * memcpy, memmove, memset and memcmp: all that the core needs of its surroundings. Compilers call
 * these four by themselves too, so a freestanding program has them already; a header for them it
 * need not have.
 */
#ifndef FR_PORT_MEMORY_H
#define FR_PORT_MEMORY_H

#include "port/system.h"

#if FR_HOSTED
#include <string.h>
#else
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);
#endif

#endif /* FR_PORT_MEMORY_H */
