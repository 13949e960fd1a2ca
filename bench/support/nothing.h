/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An allocator that does nothing, in a shared library: the floor of every library's figures. */
#ifndef BENCH_NOTHING_H
#define BENCH_NOTHING_H

#include <stddef.h>

/* Returns `scratch`. */
void *bench_nothing_alloc(void *scratch, size_t size, size_t align);
void bench_nothing_free(void *scratch, void *ptr, size_t size, size_t align);

#endif /* BENCH_NOTHING_H */
