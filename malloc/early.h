/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory that the dynamic linker handed out before there was a malloc to ask: names and records of
 * the libraries that a program starts with. Some of it may come back through free or realloc.
 */
#ifndef FR_MALLOC_EARLY_H
#define FR_MALLOC_EARLY_H

#include <stddef.h>

/* Bytes that may be read at an address, which is in no span, if it is such memory; else 0. */
size_t fr_early_bytes(const void *p);

#endif /* FR_MALLOC_EARLY_H */
