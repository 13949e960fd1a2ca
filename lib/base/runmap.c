/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/runmap.h"

#include "port/compiler.h"

void fr_runmap_init(struct fr_runmap *map, size_t *words, size_t bits)
{
    map->words = words;
    map->bits = bits;
    map->used = 0;
    map->hint = 0;
}

size_t fr_runmap_find(const struct fr_runmap *map, size_t n, size_t align, size_t phase)
{
    size_t from = map->hint;
    if (n > map->bits)
        return FR_RUNMAP_NONE;
    for (;;) {
        from = fr_bits_next_clear(map->words, from, map->bits);
        from = fr_align_up(from + phase, align) - phase;
        if (from > map->bits - n)
            return FR_RUNMAP_NONE;
        size_t taken = fr_bits_next_set(map->words, from, from + n);
        if (taken == from + n)
            return from;
        from = taken + 1;
    }
}

int fr_runmap_is_free(const struct fr_runmap *map, size_t from, size_t end)
{
    return end <= map->bits && fr_bits_next_set(map->words, from, end) == end;
}

int fr_runmap_is_taken(const struct fr_runmap *map, size_t from, size_t end)
{
    return end <= map->bits && fr_bits_next_clear(map->words, from, end) == end;
}

void fr_runmap_take(struct fr_runmap *map, size_t from, size_t end)
{
    fr_bits_set(map->words, from, end);
    map->used += end - from;
    if (from <= map->hint && map->hint < end)
        map->hint = end;
}

void fr_runmap_give(struct fr_runmap *map, size_t from, size_t end)
{
    fr_bits_clear(map->words, from, end);
    map->used -= end - from;
    if (from < map->hint)
        map->hint = from;
}

size_t fr_runmap_run_around(const struct fr_runmap *map, size_t from, size_t end)
{
    return fr_bits_next_set(map->words, end, map->bits) -
           fr_bits_after_last_set(map->words, 0, from);
}

int fr_runmap_is_valid(const struct fr_runmap *map)
{
    size_t capacity = fr_bits_words(map->bits) * FR_WORD_BITS;
    return map->hint <= map->bits && map->used == fr_bits_count(map->words, 0, map->bits) &&
           fr_bits_next_clear(map->words, 0, map->hint) == map->hint &&
           fr_bits_next_set(map->words, map->bits, capacity) == capacity;
}
