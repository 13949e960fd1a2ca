/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Functions that do nothing, in a shared library of their own: what calling any allocator there
 * costs. (On processors with branch predictors that reach a few GiB only, a call into a library
 * and back costs many times a call within the program.)
 */
#include "nothing.h"

void *bench_nothing_alloc(void *scratch, size_t size, size_t align)
{
    (void)size;
    (void)align;
    return scratch;
}

void bench_nothing_free(void *scratch, void *ptr, size_t size, size_t align)
{
    (void)scratch;
    (void)ptr;
    (void)size;
    (void)align;
}
