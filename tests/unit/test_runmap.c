/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Ranges of bits, and the map of granules, against a model of one byte for each bit. */
#include "base/runmap.h"

#include "support/random.h"
#include "support/require.h"
#include "unit/runner.h"

#include <stdint.h>
#include <string.h>

enum { MAX_BITS = 2000 };

/* Sizes around the limits of words of 32 and 64 bits. */
static const size_t bit_counts[] = {1,   2,   31,  32,  33,  63,  64,  65,   127, 128,
                                    129, 191, 192, 300, 511, 512, 513, 1024, 2000};
enum { BIT_COUNTS = sizeof(bit_counts) / sizeof(bit_counts[0]) };

static size_t words[MAX_BITS / 32 + 1 + MAX_BITS / FR_RUNMAP_GROUP + 1];
static unsigned char model[MAX_BITS];

static void require_bits(size_t bits)
{
    for (size_t i = 0; i < bits; i++)
        REQUIRE_MSG(fr_bits_test(words, i) == model[i], "bit %zu of %zu", i, bits);
}

static size_t model_next(size_t from, size_t end, int value)
{
    while (from < end && model[from] != value)
        from++;
    return from;
}

static size_t model_after_last(size_t from, size_t end, int value)
{
    while (end > from && model[end - 1] != value)
        end--;
    return end;
}

static size_t model_count(size_t from, size_t end)
{
    size_t count = 0;
    for (; from < end; from++)
        count += model[from];
    return count;
}

START_TEST(test_bit_ranges_behave_like_an_array_of_bytes)
{
    struct random r = random_stream(env_seed(1), 0);
    for (size_t round = 0; round < env_scale(20000, 2000); round++) {
        size_t bits = bit_counts[random_below(&r, BIT_COUNTS)];
        size_t from = random_below(&r, bits + 1);
        size_t end = random_between(&r, from, bits);
        if (random_percent(&r, 50)) {
            fr_bits_set(words, from, end);
            memset(model + from, 1, end - from);
        } else {
            fr_bits_clear(words, from, end);
            memset(model + from, 0, end - from);
        }
        require_bits(MAX_BITS);
        from = random_below(&r, bits + 1);
        end = random_between(&r, from, bits);
        REQUIRE(fr_bits_next_set(words, from, end) == model_next(from, end, 1));
        REQUIRE(fr_bits_next_clear(words, from, end) == model_next(from, end, 0));
        REQUIRE(fr_bits_after_last_set(words, from, end) == model_after_last(from, end, 1));
        REQUIRE(fr_bits_after_last_clear(words, from, end) == model_after_last(from, end, 0));
        REQUIRE(fr_bits_count(words, from, end) == model_count(from, end));
    }
}
END_TEST

static size_t model_find(size_t bits, size_t n, size_t align, size_t phase)
{
    for (size_t i = 0; i + n <= bits; i++)
        if ((i + phase) % align == 0 && model_next(i, i + n, 1) == i + n)
            return i;
    return FR_RUNMAP_NONE;
}

/* One random step on a map and on its model. */
static void step(struct fr_runmap *map, struct random *r)
{
    size_t n = random_between(r, 1, map->bits / (random_percent(r, 10) ? 1 : 8) + 1);
    size_t align = (size_t)1 << random_below(r, 5);
    size_t phase = random_below(r, align);
    size_t found = fr_runmap_find(map, n, align, phase);
    REQUIRE(found == model_find(map->bits, n, align, phase));
    if (found != FR_RUNMAP_NONE && random_percent(r, 70)) {
        REQUIRE(fr_runmap_is_free(map, found, found + n));
        fr_runmap_take(map, found, found + n);
        memset(model + found, 1, n);
    } else {
        size_t from = model_next(random_below(r, map->bits), map->bits, 1);
        size_t end = model_next(from, map->bits, 0);
        if (from == map->bits)
            return;
        end = random_between(r, from + 1, end);
        REQUIRE(fr_runmap_is_taken(map, from, end));
        fr_runmap_give(map, from, end);
        memset(model + from, 0, end - from);
    }
    REQUIRE(fr_runmap_is_valid(map));
    REQUIRE(map->used == model_count(0, map->bits));
}

START_TEST(test_first_fit_finds_what_a_model_finds)
{
    for (size_t i = 0; i < BIT_COUNTS; i++) {
        struct random r = random_stream(env_seed(2), i);
        struct fr_runmap map;
        memset(words, 0, sizeof(words));
        memset(model, 0, sizeof(model));
        fr_runmap_init(&map, words, bit_counts[i]);
        REQUIRE(fr_runmap_is_valid(&map));
        for (size_t round = 0; round < env_scale(3000, 300); round++)
            step(&map, &r);
        require_bits(bit_counts[i]);
    }
}
END_TEST

START_TEST(test_no_run_reaches_beyond_the_map)
{
    struct fr_runmap map;
    fr_runmap_init(&map, words, 70);
    REQUIRE(fr_runmap_find(&map, 71, 1, 0) == FR_RUNMAP_NONE);
    REQUIRE(fr_runmap_find(&map, (size_t)-1, 1, 0) == FR_RUNMAP_NONE);
    REQUIRE(fr_runmap_find(&map, 70, 1, 0) == 0);
    REQUIRE(fr_runmap_find(&map, 70, 2, 1) == FR_RUNMAP_NONE);
    REQUIRE(fr_runmap_find(&map, 1, SIZE_MAX / 2 + 1, 3) == FR_RUNMAP_NONE);
    fr_runmap_take(&map, 0, 70);
    REQUIRE(fr_runmap_find(&map, 1, 1, 0) == FR_RUNMAP_NONE);
    REQUIRE(!fr_runmap_is_free(&map, 70, 71));
    REQUIRE(!fr_runmap_is_taken(&map, 69, 71));
}
END_TEST

START_TEST(test_a_failed_search_passes_short_runs_next_time)
{
    struct fr_runmap map;
    memset(words, 0, sizeof(words));
    fr_runmap_init(&map, words, MAX_BITS);
    fr_runmap_take(&map, 0, MAX_BITS);
    for (size_t i = 0; i + 16 <= MAX_BITS; i += 32)
        fr_runmap_give(&map, i, i + 16);
    REQUIRE(fr_runmap_find(&map, 17, 1, 0) == FR_RUNMAP_NONE);
    REQUIRE(map.longest == 16);
    for (size_t g = 0; g * FR_RUNMAP_GROUP < MAX_BITS; g++)
        REQUIRE(map.bounds[g] == 16);
    /* A run over the border of two groups belongs to the first. */
    size_t border = 2 * FR_RUNMAP_GROUP;
    fr_runmap_give(&map, border - 16, border);
    REQUIRE(map.bounds[1] == 48 && map.bounds[2] == 16 && map.longest == 48);
    REQUIRE(fr_runmap_find(&map, 48, 1, 0) == border - 32);
    /* Its rest begins in the second. */
    fr_runmap_take(&map, border - 32, border);
    REQUIRE(fr_runmap_is_valid(&map) && fr_runmap_find(&map, 17, 1, 0) == FR_RUNMAP_NONE);
    REQUIRE(fr_runmap_find(&map, 16, 512, 0) == 0);
}
END_TEST

START_TEST(test_checker_sees_broken_maps)
{
    struct fr_runmap map;
    fr_runmap_init(&map, words, 70);
    fr_runmap_take(&map, 0, 10);
    fr_runmap_take(&map, 20, 30);
    REQUIRE(fr_runmap_is_valid(&map));
    map.used++;
    REQUIRE(!fr_runmap_is_valid(&map));
    map.used--;
    map.hint = 11;
    REQUIRE(!fr_runmap_is_valid(&map));
    map.hint = 10;
    fr_bits_set(words, 70, 71);
    REQUIRE(!fr_runmap_is_valid(&map));
    fr_bits_clear(words, 70, 71);
    fr_bits_clear(words, 25, 26);
    REQUIRE(!fr_runmap_is_valid(&map));
    fr_bits_set(words, 25, 26);
    map.longest = 39;
    REQUIRE(!fr_runmap_is_valid(&map));
    map.longest = 40;
    map.bounds[0] = 39;
    REQUIRE(!fr_runmap_is_valid(&map));
    map.bounds[0] = 40;
    REQUIRE(fr_runmap_is_valid(&map));
}
END_TEST

RUNNER_MAIN("runmap", test_bit_ranges_behave_like_an_array_of_bytes,
            test_first_fit_finds_what_a_model_finds, test_no_run_reaches_beyond_the_map,
            test_a_failed_search_passes_short_runs_next_time, test_checker_sees_broken_maps)
