/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "providers/chunk_index.h"

static struct fr_chunk_entry *entries_of(struct fr_chunk_index *index)
{
    return index->entries ? index->entries : index->initial;
}

static const struct fr_chunk_entry *entries_of_const(const struct fr_chunk_index *index)
{
    return index->entries ? index->entries : index->initial;
}

size_t fr_chunk_index_capacity(const struct fr_chunk_index *index)
{
    return index->entries ? index->capacity : FR_CHUNK_INDEX_INITIAL;
}

int fr_chunk_index_has_room(const struct fr_chunk_index *index)
{
    return index->count < fr_chunk_index_capacity(index);
}

struct frusa_range fr_chunk_index_move(struct fr_chunk_index *index, struct fr_chunk_entry *entries,
                                       size_t capacity)
{
    struct frusa_range spare = {entries, capacity * sizeof(*entries)};
    if (capacity <= fr_chunk_index_capacity(index))
        return spare;
    spare.ptr = index->entries;
    spare.size = index->capacity * sizeof(*entries);
    const struct fr_chunk_entry *from = entries_of(index);
    for (size_t i = 0; i < index->count; i++)
        entries[i] = from[i];
    index->entries = entries;
    index->capacity = capacity;
    return spare;
}

/* The number of entries that begin at or below `p`. */
static size_t rank_of(const struct fr_chunk_index *index, const char *p)
{
    const struct fr_chunk_entry *entries = entries_of_const(index);
    size_t low = 0;
    size_t high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((size_t)entries[middle].base <= (size_t)p)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void fr_chunk_index_insert(struct fr_chunk_index *index, struct fr_chunk *c)
{
    struct fr_chunk_entry *entries = entries_of(index);
    size_t at = rank_of(index, c->base);
    for (size_t i = index->count; i > at; i--)
        entries[i] = entries[i - 1];
    entries[at].base = c->base;
    entries[at].end = c->base + c->bytes;
    entries[at].chunk = c;
    index->count++;
    index->bytes += c->bytes;

    c->age = index->inserted++;
    c->prev = index->youngest;
    c->next = NULL;
    if (c->prev)
        c->prev->next = c;
    else
        index->oldest = c;
    index->youngest = c;
}

void fr_chunk_index_remove(struct fr_chunk_index *index, struct fr_chunk *c)
{
    struct fr_chunk_entry *entries = entries_of(index);
    for (size_t i = rank_of(index, c->base); i < index->count; i++)
        entries[i - 1] = entries[i];
    index->count--;
    index->bytes -= c->bytes;

    *(c->prev ? &c->prev->next : &index->oldest) = c->next;
    *(c->next ? &c->next->prev : &index->youngest) = c->prev;
}

struct fr_chunk *fr_chunk_index_find(const struct fr_chunk_index *index, const void *p)
{
    size_t rank = rank_of(index, p);
    if (rank == 0)
        return NULL;
    const struct fr_chunk_entry *entry = &entries_of_const(index)[rank - 1];
    return (size_t)p < (size_t)entry->end ? entry->chunk : NULL;
}

int fr_chunk_index_is_valid(const struct fr_chunk_index *index)
{
    const struct fr_chunk_entry *entries = entries_of_const(index);
    size_t bytes = 0;
    size_t listed = 0;
    if (index->count > fr_chunk_index_capacity(index))
        return 0;
    for (size_t i = 0; i < index->count; i++) {
        const struct fr_chunk *c = entries[i].chunk;
        if (c->base != entries[i].base || c->base + c->bytes != entries[i].end ||
            (i > 0 && (size_t)entries[i - 1].end > (size_t)entries[i].base) ||
            !fr_chunk_is_valid(c))
            return 0;
        bytes += c->bytes;
    }
    const struct fr_chunk *before = NULL;
    for (const struct fr_chunk *c = index->oldest; c; before = c, c = c->next) {
        if (c->prev != before || fr_chunk_index_find(index, c->base) != c)
            return 0;
        listed++;
    }
    return bytes == index->bytes && listed == index->count && before == index->youngest;
}
