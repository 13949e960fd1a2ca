/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/sizeclass.h"

#include "port/atomic.h"

#define ENTRY(i) ((uint8_t)FR_CLASS_OF_SMALL((i)*FR_MIN_ALIGN))

const uint8_t fr_class_of_small[FR_SMALL_ENTRIES] = FR_SMALL_TABLE(ENTRY);

/* The length of a full span: long enough that the slab lock and the fallback are met rarely, short
 * enough to come back whole (doc/performance-classes.md). */
#if !defined(FR_SPAN_FULL_BYTES)
#define FR_SPAN_FULL_BYTES ((size_t)64 << 10)
#endif
/* Up to here a span has at least eight objects. */
#define EIGHT_PER_SPAN ((size_t)8 << 10)
/* Beyond, as many objects as fit here, at least one. Each page of a span that holds several has a
 * bit in one word, or it could not be purged: 256 KiB on 64-bit machines, 128 on 32-bit ones. */
#define WIDE_BYTES (FR_WORD_BITS * FR_PAGE_SIZE)
/* A tail of this part of the span is not worth looking for a better length. */
#define WASTE_SHIFT 6

size_t fr_class_span_align(unsigned cls)
{
    size_t size = fr_class_size(cls);
    size_t natural = size & (~size + 1);
    return natural > FR_PAGE_SIZE ? natural : FR_PAGE_SIZE;
}

/* The length from `bytes` on, `tries` pages at most, that wastes the least of its tail. */
static size_t least_waste(size_t size, size_t bytes, unsigned tries)
{
    size_t best = bytes;
    size_t best_waste = (size_t)-1;
    for (unsigned i = 0; i <= tries; i++, bytes += FR_PAGE_SIZE) {
        size_t waste = bytes % size;
        if (waste < best_waste) {
            best = bytes;
            best_waste = waste;
        }
        if (waste <= bytes >> WASTE_SHIFT)
            break;
    }
    return best;
}

static size_t full_bytes(size_t size)
{
    if (size <= EIGHT_PER_SPAN)
        return least_waste(size, (size_t)FR_SPAN_FULL_BYTES, 8);
    size_t slots = WIDE_BYTES / size;
    if (slots > 8)
        slots = 8;
    if (slots == 0)
        slots = 1;
    return least_waste(size, fr_align_up(slots * size, FR_PAGE_SIZE), 4);
}

size_t fr_class_span_bytes_min(unsigned cls)
{
    size_t size = fr_class_size(cls);
    size_t slots = size <= EIGHT_PER_SPAN ? 4 : 1;
    return fr_align_up(slots * size, FR_PAGE_SIZE);
}

size_t fr_class_span_bytes(unsigned cls, size_t held)
{
    size_t size = fr_class_size(cls);
    size_t bytes = fr_class_span_bytes_min(cls);
    size_t full = full_bytes(size);
    if (held >= full)
        return full;
    if (bytes < held)
        bytes = fr_align_up(held, FR_PAGE_SIZE);
    return bytes < full ? bytes : full;
}
