/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Ranges of bits in an array of words. A range is [from, end); bit i is bit i % FR_WORD_BITS of
 * word i / FR_WORD_BITS. Nothing is atomic: the caller holds whatever lock covers the array.
 */
#ifndef FR_BITRANGE_H
#define FR_BITRANGE_H

#include <stddef.h>

#include "port/compiler.h"

/* Words that hold `bits` bits. */
static inline size_t fr_bits_words(size_t bits)
{
    return (bits + FR_WORD_BITS - 1) / FR_WORD_BITS;
}

/* The bits of word `w` that lie in [from, end); 0 when none do. */
static inline size_t fr_bits_mask(size_t w, size_t from, size_t end)
{
    size_t start = w * FR_WORD_BITS;
    size_t mask = ~(size_t)0;
    if (from > start)
        mask &= from - start < FR_WORD_BITS ? ~(size_t)0 << (from - start) : 0;
    if (end < start + FR_WORD_BITS)
        mask &= end > start ? ~(~(size_t)0 << (end - start)) : 0;
    return mask;
}

static inline int fr_bits_test(const size_t *words, size_t i)
{
    return (words[i / FR_WORD_BITS] >> (i % FR_WORD_BITS)) & 1;
}

void fr_bits_set(size_t *words, size_t from, size_t end);
void fr_bits_clear(size_t *words, size_t from, size_t end);

/* The lowest set (clear) bit of the range, or `end`. */
size_t fr_bits_next_set(const size_t *words, size_t from, size_t end);
size_t fr_bits_next_clear(const size_t *words, size_t from, size_t end);

/* One more than the highest set (clear) bit of the range, or `from`. */
size_t fr_bits_after_last_set(const size_t *words, size_t from, size_t end);
size_t fr_bits_after_last_clear(const size_t *words, size_t from, size_t end);

/* The number of set bits. */
size_t fr_bits_count(const size_t *words, size_t from, size_t end);

#endif /* FR_BITRANGE_H */
