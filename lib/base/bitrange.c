/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/bitrange.h"

#define ALL_BITS ((size_t)-1)

void fr_bits_set(size_t *words, size_t from, size_t end)
{
    for (size_t w = from / FR_WORD_BITS; w * FR_WORD_BITS < end; w++)
        words[w] |= fr_bits_mask(w, from, end);
}

void fr_bits_clear(size_t *words, size_t from, size_t end)
{
    for (size_t w = from / FR_WORD_BITS; w * FR_WORD_BITS < end; w++)
        words[w] &= ~fr_bits_mask(w, from, end);
}

/* `flip` is 0 to look for set bits, ALL_BITS to look for clear ones. */
static size_t next(const size_t *words, size_t from, size_t end, size_t flip)
{
    if (from >= end)
        return end;
    size_t w = from / FR_WORD_BITS;
    size_t last = (end - 1) / FR_WORD_BITS;
    size_t found = (words[w] ^ flip) & (ALL_BITS << (from % FR_WORD_BITS));
    while (!found && w < last)
        found = words[++w] ^ flip;
    size_t bit = found ? w * FR_WORD_BITS + fr_ctz(found) : end;
    return bit < end ? bit : end;
}

static size_t after_last(const size_t *words, size_t from, size_t end, size_t flip)
{
    if (from >= end)
        return from;
    size_t w = (end - 1) / FR_WORD_BITS;
    size_t first = from / FR_WORD_BITS;
    size_t found = (words[w] ^ flip) & fr_bits_mask(w, from, end);
    while (!found && w > first)
        found = words[--w] ^ flip;
    size_t bit = found ? w * FR_WORD_BITS + fr_log2_floor(found) + 1 : from;
    return bit > from ? bit : from;
}

size_t fr_bits_next_set(const size_t *words, size_t from, size_t end)
{
    return next(words, from, end, 0);
}

size_t fr_bits_next_clear(const size_t *words, size_t from, size_t end)
{
    return next(words, from, end, ALL_BITS);
}

size_t fr_bits_after_last_set(const size_t *words, size_t from, size_t end)
{
    return after_last(words, from, end, 0);
}

size_t fr_bits_after_last_clear(const size_t *words, size_t from, size_t end)
{
    return after_last(words, from, end, ALL_BITS);
}

size_t fr_bits_count(const size_t *words, size_t from, size_t end)
{
    size_t count = 0;
    for (size_t w = from / FR_WORD_BITS; from < end && w * FR_WORD_BITS < end; w++)
        count += fr_popcount(words[w] & fr_bits_mask(w, from, end));
    return count;
}
