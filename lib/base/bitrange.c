/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/bitrange.h"

#include "port/compiler.h"

#define ALL_BITS ((size_t)-1)

/* The bits of word `w` that lie in [from, end); the word must overlap the range. */
static size_t mask_in_word(size_t w, size_t from, size_t end)
{
    size_t start = w * FR_RANGE_WORD_BITS;
    size_t mask = ALL_BITS;
    if (from > start)
        mask &= ALL_BITS << (from - start);
    if (end - start < FR_RANGE_WORD_BITS)
        mask &= ~(ALL_BITS << (end - start));
    return mask;
}

void fr_bits_set(size_t *words, size_t from, size_t end)
{
    for (size_t w = from / FR_RANGE_WORD_BITS; w * FR_RANGE_WORD_BITS < end; w++)
        words[w] |= mask_in_word(w, from, end);
}

void fr_bits_clear(size_t *words, size_t from, size_t end)
{
    for (size_t w = from / FR_RANGE_WORD_BITS; w * FR_RANGE_WORD_BITS < end; w++)
        words[w] &= ~mask_in_word(w, from, end);
}

/* `flip` is 0 to look for set bits, ALL_BITS to look for clear ones. */
static size_t next(const size_t *words, size_t from, size_t end, size_t flip)
{
    if (from >= end)
        return end;
    for (size_t w = from / FR_RANGE_WORD_BITS; w * FR_RANGE_WORD_BITS < end; w++) {
        size_t found = (words[w] ^ flip) & mask_in_word(w, from, end);
        if (found)
            return w * FR_RANGE_WORD_BITS + fr_ctz(found);
    }
    return end;
}

static size_t after_last(const size_t *words, size_t from, size_t end, size_t flip)
{
    if (from >= end)
        return from;
    for (size_t w = (end - 1) / FR_RANGE_WORD_BITS + 1; w-- > from / FR_RANGE_WORD_BITS;) {
        size_t found = (words[w] ^ flip) & mask_in_word(w, from, end);
        if (found)
            return w * FR_RANGE_WORD_BITS + fr_log2_floor(found) + 1;
    }
    return from;
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
    for (size_t w = from / FR_RANGE_WORD_BITS; from < end && w * FR_RANGE_WORD_BITS < end; w++)
        count += fr_popcount(words[w] & mask_in_word(w, from, end));
    return count;
}
