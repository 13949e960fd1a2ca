/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Ranges of bits in an array of words. A range is [from, end); bit i is bit i % FR_RANGE_WORD_BITS of
 * word i / FR_RANGE_WORD_BITS. Nothing is atomic: the caller holds whatever lock covers the array.
 */
#ifndef FR_BITRANGE_H
#define FR_BITRANGE_H

#include <limits.h>
#include <stddef.h>

#define FR_RANGE_WORD_BITS (sizeof(size_t) * CHAR_BIT)

/* Words that hold `bits` bits. */
static inline size_t fr_bits_words(size_t bits)
{
    return (bits + FR_RANGE_WORD_BITS - 1) / FR_RANGE_WORD_BITS;
}

static inline int fr_bits_test(const size_t *words, size_t i)
{
    return (words[i / FR_RANGE_WORD_BITS] >> (i % FR_RANGE_WORD_BITS)) & 1;
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
