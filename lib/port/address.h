/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The addresses that the page map covers: in hosted builds those that programs see, in
 * freestanding ones all. */
#ifndef FR_PORT_ADDRESS_H
#define FR_PORT_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

#include "port/system.h"

/* 64-bit systems hand out more than 48 bits only to programs that ask for it by a hint. Kernels
 * live in the upper half. */
#if FR_HOSTED
#define FR_ADDRESS_BITS (sizeof(void *) == 8 ? 48 : 32)
#else
#define FR_ADDRESS_BITS (sizeof(void *) * 8)
#endif
#define FR_ADDRESS_LAST ((uintptr_t)-1 >> (sizeof(void *) * 8 - FR_ADDRESS_BITS))

/* Non-zero when all `size` bytes from `p` on are addresses that the page map covers; size is not
 * 0. */
static inline int fr_address_in_range(const void *p, size_t size)
{
    uintptr_t first = (uintptr_t)p;
    return first <= FR_ADDRESS_LAST && size - 1 <= FR_ADDRESS_LAST - first;
}

#endif /* FR_PORT_ADDRESS_H */
