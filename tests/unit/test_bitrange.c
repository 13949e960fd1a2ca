/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Ranges of bits in words, every one of them against a plain array of bytes. */
#include "base/bitrange.h"
#include "support/random.h"
#include "support/require.h"
#include "unit/runner.h"

#include <string.h>

enum { BITS = 3 * FR_WORD_BITS - 5 };

struct pair {
    size_t words[3];
    unsigned char bytes[BITS];
};

static void fill(struct pair *p, struct random *r, unsigned percent)
{
    memset(p, 0, sizeof(*p));
    for (size_t i = 0; i < BITS; i++)
        if (random_percent(r, percent)) {
            p->bytes[i] = 1;
            fr_bits_set(p->words, i, i + 1);
        }
}

static size_t next(const struct pair *p, size_t from, size_t end, unsigned char value)
{
    while (from < end && p->bytes[from] != value)
        from++;
    return from;
}

static size_t after_last(const struct pair *p, size_t from, size_t end, unsigned char value)
{
    while (end > from && p->bytes[end - 1] != value)
        end--;
    return end;
}

static size_t count(const struct pair *p, size_t from, size_t end)
{
    size_t n = 0;
    for (size_t i = from; i < end; i++)
        n += p->bytes[i];
    return n;
}

static void require_equal(const struct pair *p)
{
    for (size_t i = 0; i < BITS; i++)
        REQUIRE_MSG(fr_bits_test(p->words, i) == p->bytes[i], "bit %zu", i);
    REQUIRE(p->words[2] >> (BITS - 2 * FR_WORD_BITS) == 0);
}

START_TEST(test_every_range_is_looked_through)
{
    struct random r = random_stream(env_seed(41), 0);
    for (unsigned percent = 0; percent <= 100; percent += 25) {
        struct pair p;
        fill(&p, &r, percent);
        for (size_t from = 0; from <= BITS; from++)
            for (size_t end = from; end <= BITS; end++) {
                REQUIRE(fr_bits_next_set(p.words, from, end) == next(&p, from, end, 1));
                REQUIRE(fr_bits_next_clear(p.words, from, end) == next(&p, from, end, 0));
                REQUIRE(fr_bits_after_last_set(p.words, from, end) == after_last(&p, from, end, 1));
                REQUIRE(fr_bits_after_last_clear(p.words, from, end) ==
                        after_last(&p, from, end, 0));
                REQUIRE(fr_bits_count(p.words, from, end) == count(&p, from, end));
            }
    }
}
END_TEST

START_TEST(test_every_range_is_changed)
{
    struct random r = random_stream(env_seed(42), 0);
    for (size_t from = 0; from <= BITS; from += 1 + random_below(&r, 3))
        for (size_t end = from; end <= BITS; end += 1 + random_below(&r, 3)) {
            struct pair p;
            fill(&p, &r, 50);
            fr_bits_set(p.words, from, end);
            memset(p.bytes + from, 1, end - from);
            require_equal(&p);
            fill(&p, &r, 50);
            fr_bits_clear(p.words, from, end);
            memset(p.bytes + from, 0, end - from);
            require_equal(&p);
        }
}
END_TEST

START_TEST(test_words_that_hold_bits)
{
    ck_assert_uint_eq(fr_bits_words(0), 0);
    ck_assert_uint_eq(fr_bits_words(1), 1);
    ck_assert_uint_eq(fr_bits_words(FR_WORD_BITS), 1);
    ck_assert_uint_eq(fr_bits_words(FR_WORD_BITS + 1), 2);
}
END_TEST

RUNNER_MAIN("ranges of bits", test_every_range_is_looked_through, test_every_range_is_changed,
            test_words_that_hold_bits)
