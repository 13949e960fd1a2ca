/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/runmap.h"

#include "port/compiler.h"

static size_t group_count(const struct fr_runmap *map)
{
    return fr_runmap_words(map->bits) - fr_bits_words(map->bits);
}

static void raise(size_t *bound, size_t length)
{
    if (*bound < length)
        *bound = length;
}

void fr_runmap_init(struct fr_runmap *map, size_t *words, size_t bits)
{
    map->words = words;
    map->bounds = words + fr_bits_words(bits);
    map->bits = bits;
    map->used = 0;
    map->hint = 0;
    map->longest = bits;
    for (size_t g = 0; g < group_count(map); g++)
        map->bounds[g] = g == 0 ? bits : 0;
}

/* The first place for n granules in the runs that begin in a group. Without one the group's bound
 * becomes exact, or too high where a run that began before goes on in the group. */
static size_t find_in_group(struct fr_runmap *map, size_t g, size_t n, size_t align, size_t phase)
{
    size_t longest = 0;
    size_t from = g * FR_RUNMAP_GROUP > map->hint ? g * FR_RUNMAP_GROUP : map->hint;
    size_t end = (g + 1) * FR_RUNMAP_GROUP < map->bits ? (g + 1) * FR_RUNMAP_GROUP : map->bits;
    while ((from = fr_bits_next_clear(map->words, from, end)) < end) {
        size_t place = fr_align_up(from + phase, align) - phase;
        int is_inside = place <= map->bits - n;
        size_t wanted = is_inside ? place + n : map->bits;
        size_t taken = fr_bits_next_set(map->words, from, wanted);
        if (is_inside && taken == wanted)
            return place;
        raise(&longest, taken - from);
        from = taken + 1;
    }
    map->bounds[g] = longest;
    return FR_RUNMAP_NONE;
}

size_t fr_runmap_find(struct fr_runmap *map, size_t n, size_t align, size_t phase)
{
    size_t longest = 0;
    if (n > map->longest)
        return FR_RUNMAP_NONE;
    for (size_t g = map->hint / FR_RUNMAP_GROUP; g < group_count(map); g++) {
        if (map->bounds[g] >= n) {
            size_t found = find_in_group(map, g, n, align, phase);
            if (found != FR_RUNMAP_NONE)
                return found;
        }
        raise(&longest, map->bounds[g]);
    }
    map->longest = longest;
    return FR_RUNMAP_NONE;
}

int fr_runmap_is_free(const struct fr_runmap *map, size_t from, size_t end)
{
    return end <= map->bits && fr_bits_next_set(map->words, from, end) == end;
}

int fr_runmap_is_taken(const struct fr_runmap *map, size_t from, size_t end)
{
    return end <= map->bits && fr_bits_next_clear(map->words, from, end) == end;
}

/* The rest of a run that was cut begins at `end`. It is counted already where the run began in the
 * same group. */
static void count_rest(struct fr_runmap *map, size_t from, size_t end)
{
    int began_here = from == 0 || fr_bits_test(map->words, from - 1);
    size_t group = end / FR_RUNMAP_GROUP;
    if (end < map->bits && !(began_here && from / FR_RUNMAP_GROUP == group) &&
        !fr_bits_test(map->words, end))
        raise(&map->bounds[group], map->longest < map->bits - end ? map->longest : map->bits - end);
}

void fr_runmap_take(struct fr_runmap *map, size_t from, size_t end)
{
    fr_bits_set(map->words, from, end);
    map->used += end - from;
    if (from <= map->hint && map->hint < end)
        map->hint = end;
    count_rest(map, from, end);
}

void fr_runmap_give(struct fr_runmap *map, size_t from, size_t end)
{
    fr_bits_clear(map->words, from, end);
    map->used -= end - from;
    if (from < map->hint)
        map->hint = from;
    size_t first = fr_bits_after_last_set(map->words, 0, from);
    size_t length = fr_bits_next_set(map->words, end, map->bits) - first;
    raise(&map->bounds[first / FR_RUNMAP_GROUP], length);
    raise(&map->longest, length);
}

static int bounds_are_valid(const struct fr_runmap *map)
{
    size_t from = fr_bits_next_clear(map->words, 0, map->bits);
    while (from < map->bits) {
        size_t end = fr_bits_next_set(map->words, from, map->bits);
        if (map->bounds[from / FR_RUNMAP_GROUP] < end - from || map->longest < end - from)
            return 0;
        from = fr_bits_next_clear(map->words, end, map->bits);
    }
    return 1;
}

int fr_runmap_is_valid(const struct fr_runmap *map)
{
    size_t capacity = fr_bits_words(map->bits) * FR_WORD_BITS;
    return map->hint <= map->bits && map->used == fr_bits_count(map->words, 0, map->bits) &&
           fr_bits_next_clear(map->words, 0, map->hint) == map->hint &&
           fr_bits_next_set(map->words, map->bits, capacity) == capacity && bounds_are_valid(map);
}
