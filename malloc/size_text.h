/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Sizes as people write them: "4096", "64KiB", "5MB", "1.5g". The units are powers of 1024, with
 * or without "B" or "iB", in either case. Depends on nothing: it is also for the first call of
 * malloc, and for programs without the library.
 */
#ifndef FR_MALLOC_SIZE_TEXT_H
#define FR_MALLOC_SIZE_TEXT_H

#include <stddef.h>

enum fr_size_text { FR_SIZE_GOOD, FR_SIZE_MALFORMED, FR_SIZE_TOO_LARGE };

/* Reads a size that is all of the text, and sets *out if it is one. A fraction is rounded down to
 * bytes. */
enum fr_size_text fr_size_read(const char *text, size_t length, size_t *out);

/* Enough for any size. */
#define FR_SIZE_ROOM 24

/* Writes a size with the largest unit that divides it, and returns `out`. */
const char *fr_size_write(char out[FR_SIZE_ROOM], size_t size);

#endif /* FR_MALLOC_SIZE_TEXT_H */
