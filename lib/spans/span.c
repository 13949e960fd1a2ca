/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "spans/span.h"

#include "base/bitrange.h"
#include "base/count.h"

/*
 * ceil(2^FR_RECIPROCAL_SHIFT / size). Machines with narrower words have no instruction for that
 * division but a call of the compiler's own library, which freestanding programs need not have:
 * there, bit by bit.
 */
static uint64_t reciprocal_of(size_t size)
{
    const uint64_t one = (uint64_t)1 << FR_RECIPROCAL_SHIFT;
    if (sizeof(size_t) >= sizeof(uint64_t))
        return (one + size - 1) / size;
    uint64_t quotient = 0;
    uint64_t rest = one + size - 1;
    for (unsigned shift = FR_RECIPROCAL_SHIFT + 1; shift-- > 0;)
        if (rest >> shift >= size) {
            rest -= (uint64_t)size << shift;
            quotient |= (uint64_t)1 << shift;
        }
    return quotient;
}

size_t fr_span_descriptor_bytes(size_t slots, int twice)
{
    size_t words = fr_bits_words(slots);
    if (twice)
        words *= 2;
    return sizeof(struct fr_span) + words * sizeof(fr_atomic);
}

void fr_span_init(struct fr_span *s, struct fr_heap *heap, unsigned cls, void *base, size_t bytes,
                  size_t align, unsigned first_slot, size_t reserved)
{
    size_t size = cls < FR_CLASS_COUNT    ? fr_class_size(cls)
                  : fr_class_is_meta(cls) ? fr_meta_size(cls)
                                          : bytes;
    size_t slots = bytes / size;
    s->heap = heap;
    s->base = base;
    s->bytes = bytes;
    s->align_log2 = (uint8_t)fr_log2_floor(align);
    s->cls = (uint8_t)cls;
    s->bin = FR_BIN_NONE;
    s->first_slot = (uint8_t)first_slot;
    s->capacity = (uint16_t)(slots - s->first_slot);
    s->object_size = cls == FR_CLASS_LARGE ? 0 : (uint32_t)size;
    s->reciprocal = reciprocal_of(size);
    s->words = (uint8_t)fr_bits_words(slots);
    fr_store_relaxed(&s->count, reserved);
    fr_store_relaxed(&s->fresh, s->first_slot);
    if (s->first_slot)
        fr_store_relaxed(&s->taken[0], 1);
    if (slots % FR_WORD_BITS) {
        fr_atomic *last = &s->taken[s->words - 1];
        fr_store_relaxed(last, fr_load_relaxed(last) | ~(size_t)0 << (slots % FR_WORD_BITS));
    }
}

/* The lowest `n` set bits of x; all of them when there are fewer. */
static size_t lowest_bits(size_t x, size_t n)
{
    size_t left = x;
    if (fr_popcount(x) <= n)
        return x;
    while (n--)
        left &= left - 1;
    return x & ~left;
}

/* Takes up to n bits of one word; returns their mask. */
static size_t take_in_word(fr_atomic *word, size_t n)
{
    for (;;) {
        size_t value = fr_load_relaxed(word);
        size_t mask = lowest_bits(~value, n);
        if (mask == 0 || fr_cas_acquire(word, value, value | mask))
            return mask;
        fr_count(FR_EVENT_RETRY);
    }
}

size_t fr_span_take(struct fr_span *s, size_t n, void **out)
{
    size_t word = fr_load_u32_relaxed(&s->hint);
    size_t end = 0;
    while (n) {
        size_t mask = take_in_word(&s->taken[word], n);
        if (mask) {
            size_t first = word * FR_WORD_BITS;
            end = first + fr_log2_floor(mask) + 1 > end ? first + fr_log2_floor(mask) + 1 : end;
            /* From the end: a magazine is emptied from its top, so they are used in ascending
             * order. */
            for (; mask; mask &= mask - 1)
                out[--n] = fr_span_object(s, first + fr_ctz(mask));
        }
        if (n && ++word == s->words)
            word = 0;
    }
    /* Not in a word that is used up: single objects that come back to it lie between other
     * threads' objects, and the next taker should rather begin on lines of its own. */
    if (fr_load_relaxed(&s->taken[word]) == ~(size_t)0)
        word = word + 1 < s->words ? word + 1 : 0;
    fr_store_u32_relaxed(&s->hint, (unsigned)word);
    return fr_fetch_max_relaxed(&s->fresh, end);
}

size_t fr_span_untake(struct fr_span *s, size_t word, size_t mask)
{
    for (;;) {
        size_t value = fr_load_relaxed(&s->taken[word]);
        size_t set = value & mask;
        if (set == 0 || fr_cas_release(&s->taken[word], value, value & ~set))
            return set;
        fr_count(FR_EVENT_RETRY);
    }
}

size_t fr_span_taken_count(const struct fr_span *s)
{
    size_t bits = 0;
    for (size_t i = 0; i < s->words; i++)
        bits += fr_popcount(fr_load_relaxed(&s->taken[i]));
    return bits - (s->words * FR_WORD_BITS - fr_span_slots(s)) - s->first_slot;
}
