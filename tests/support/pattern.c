/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Fills and checks test objects. */
#include "pattern.h"
#include "require.h"

#include <string.h>

enum { FILLED_WHOLE = 4096, END = 128, SAMPLES = 64, STRIDE_MIN = 4096 };

static unsigned char expected_byte(uintptr_t base, size_t size, uintptr_t key, size_t i)
{
    uintptr_t word = (base >> 4) + size * 31 + key * 131 + (i >> 3) * 2654435761u;
    return (unsigned char)((word ^ word >> 11) >> (i & 7));
}

/* The next index after `i` that is filled, for an object of `size` bytes. */
static size_t next_index(size_t i, size_t size)
{
    if (size <= FILLED_WHOLE || i + 1 < END || i + 1 >= size - END)
        return i + 1;
    size_t stride = size / SAMPLES > STRIDE_MIN ? size / SAMPLES : STRIDE_MIN;
    size_t next = i + stride;
    return next < size - END ? next : size - END;
}

void pattern_fill(void *ptr, size_t size, uintptr_t key)
{
    unsigned char *bytes = ptr;
    for (size_t i = 0; i < size; i = next_index(i, size))
        bytes[i] = expected_byte((uintptr_t)ptr, size, key, i);
}

void pattern_require_moved(const void *ptr, size_t size, const void *at, size_t filled_size,
                           uintptr_t key)
{
    const unsigned char *bytes = ptr;
    for (size_t i = 0; i < size; i = next_index(i, filled_size))
        REQUIRE_MSG(bytes[i] == expected_byte((uintptr_t)at, filled_size, key, i),
                    "byte %zu of the object of %zu bytes at %p is %#x", i, size, ptr, bytes[i]);
}

void pattern_require(const void *ptr, size_t size, uintptr_t key)
{
    pattern_require_moved(ptr, size, ptr, size, key);
}

void pattern_require_zero(const void *ptr, size_t size)
{
    const unsigned char *bytes = ptr;
    if (size > 0 && (bytes[0] != 0 || memcmp(bytes, bytes + 1, size - 1) != 0)) {
        size_t i = 0;
        while (bytes[i] == 0)
            i++;
        REQUIRE_MSG(bytes[i] == 0, "byte %zu of %zu at %p is %#x", i, size, ptr, bytes[i]);
    }
}
