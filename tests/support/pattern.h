/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Contents of test objects. What belongs into an object follows from its address, its size and a
 * key, so that two objects that overlap, or one that somebody else wrote to, are found out.
 * Objects above 4 KiB are filled at both ends and here and there between, which keeps tests of
 * large ones fast.
 */
#ifndef SUPPORT_PATTERN_H
#define SUPPORT_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* Fills an object. */
void pattern_fill(void *ptr, size_t size, uintptr_t key);

/* Requires that the first `size` bytes hold what pattern_fill(at, filled_size, key) has put there;
 * size is at most filled_size. The object may have moved away from `at` since. */
void pattern_require_moved(const void *ptr, size_t size, const void *at, size_t filled_size,
                           uintptr_t key);

/* The same for an object that stayed where it was. */
void pattern_require(const void *ptr, size_t size, uintptr_t key);

/* Requires that the first `size` bytes are zero. Reads every byte. */
void pattern_require_zero(const void *ptr, size_t size);

#endif /* SUPPORT_PATTERN_H */
