/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The mmap provider's state and its chunks: mapping, growth, and the end of empty ones. */
#include "providers/mmap_state.h"

/* Chunks grow with what is mapped already, so that address space stays in proportion and their
 * number small: a half more each time, up to FR_CHUNK_MAX. Address space costs next to nothing. */
#define CHUNK_MIN    (8 * FR_MIB)
#define CHUNK_GROWTH 2

/* A chunk leaves so much to others, else it is made smaller: the page map needs a leaf for the
 * first block at a new address, threads need stacks. A block whose leaf is refused cannot be used.
 * Where not even the least chunk leaves that much, every block gets a mapping of its own. */
#define ROOM_LEFT (FR_BLOCK_BYTES + 256 * FR_KIB)

/* An empty chunk up to this size is kept, one at most of each kind, so that a program that creates
 * and destroys an instance again and again does not map and unmap each time. No page of it is
 * resident. */
#define KEEP_MAX CHUNK_MIN

/* Heaps that hold this much get huge pages for the blocks that they begin: in practice from the
 * second block on. A huge page costs a fifth of as many populated small ones, and brings at most
 * one block more than is used. */
#if !defined(HUGE_MIN)
#define HUGE_MIN (FR_BLOCK_BYTES / 2)
#endif

size_t fr_mmap_heap_bytes(enum fr_run_kind kind)
{
    return fr_mmap_provider.used[kind] * fr_mmap_granule(kind);
}

int fr_mmap_wants_huge(enum fr_run_kind kind)
{
    size_t mode = fr_load_relaxed(&fr_mmap_provider.huge_mode);
    if (kind == FR_BIG_RUNS)
        return 0;
    return mode == FRUSA_HUGE_ALWAYS || (mode == FRUSA_HUGE_AUTO && kind != FR_SPARSE_RUNS &&
                                         fr_mmap_heap_bytes(kind) >= HUGE_MIN);
}

struct fr_chunk *fr_mmap_chunk_of(const void *p)
{
    fr_mmap_lock();
    struct fr_chunk *c = fr_chunk_index_find(&fr_mmap_provider.index, p);
    fr_mmap_unlock();
    return c;
}

/* The size of the next chunk of a kind. The caller holds the lock. */
static size_t next_chunk_bytes(enum fr_run_kind kind, size_t least)
{
    size_t mapped = kind == FR_BIG_RUNS ? CHUNK_GROWTH * FR_CHUNK_MAX : 0;
    for (const struct fr_chunk *c = fr_mmap_provider.index.oldest; c; c = c->next)
        mapped += c->kind == kind ? c->bytes : 0;
    size_t bytes = fr_align_up(mapped / CHUNK_GROWTH, FR_BLOCK_BYTES);
    if (bytes < CHUNK_MIN)
        bytes = CHUNK_MIN;
    if (bytes > FR_CHUNK_MAX)
        bytes = FR_CHUNK_MAX;
    return bytes < least ? least : bytes;
}

static size_t descriptor_bytes(size_t bytes, enum fr_run_kind kind)
{
    return fr_align_up(fr_chunk_descriptor_bytes(bytes, fr_mmap_granule(kind)), fr_page_size());
}

/* Non-zero when the system would grant the room that a chunk leaves. Others may take it before its
 * user does. */
static int has_room_left(void)
{
    void *room = fr_pages_map(ROOM_LEFT, fr_page_size());
    if (room)
        fr_pages_unmap(room, ROOM_LEFT);
    return room != NULL;
}

/* Maps `bytes` for a chunk and its descriptor; 0 when the system refuses, or would refuse the room
 * left. */
static int map_pieces(size_t bytes, enum fr_run_kind kind, char **base, struct fr_chunk **c)
{
    *base = fr_pages_map(bytes, FR_BLOCK_BYTES);
    *c = *base ? fr_pages_map(descriptor_bytes(bytes, kind), fr_page_size()) : NULL;
    if (*c && has_room_left())
        return 1;
    if (*c)
        fr_pages_unmap(*c, descriptor_bytes(bytes, kind));
    if (*base)
        fr_pages_unmap(*base, bytes);
    return 0;
}

/* Maps a chunk of `bytes`, or of less where the system refuses, down to `least`. */
static struct fr_chunk *chunk_map(size_t bytes, size_t least, enum fr_run_kind kind, int is_advised)
{
    char *base;
    struct fr_chunk *c;
    while (!map_pieces(bytes, kind, &base, &c)) {
        if (bytes <= least)
            return NULL;
        bytes = fr_align_down(bytes / 2, FR_BLOCK_BYTES);
        if (bytes < least)
            bytes = least;
    }
    /* The kernel decides for sparse runs, as it does for programs that say nothing. */
    if (is_advised || kind != FR_SPARSE_RUNS || fr_mmap_is_never_huge())
        fr_pages_advise(base, bytes, is_advised ? FR_PAGES_HUGE : FR_PAGES_SMALL);
    fr_chunk_init(c, base, bytes, fr_mmap_granule(kind), is_advised);
    c->kind = kind;
    return c;
}

/* Doubles the room of the index; 0 when the system refuses. */
static int enlarge_index(size_t capacity)
{
    size_t bytes = fr_align_up(2 * capacity * sizeof(struct fr_chunk_entry), fr_page_size());
    struct fr_chunk_entry *entries = fr_pages_map(bytes, fr_page_size());
    if (!entries)
        return 0;
    fr_mmap_lock();
    struct frusa_range spare = fr_chunk_index_move(&fr_mmap_provider.index, entries,
                                                   bytes / sizeof(struct fr_chunk_entry));
    fr_mmap_unlock();
    if (spare.ptr)
        fr_pages_unmap(spare.ptr, fr_align_up(spare.size, fr_page_size()));
    return 1;
}

int fr_mmap_lock_with_room(void)
{
    fr_mmap_lock();
    while (!fr_chunk_index_has_room(&fr_mmap_provider.index)) {
        size_t capacity = fr_chunk_index_capacity(&fr_mmap_provider.index);
        fr_mmap_unlock();
        if (!enlarge_index(capacity))
            return 0;
        fr_mmap_lock();
    }
    return 1;
}

/* Unmaps a chunk that is in no index. Refused: it goes back to the index, empty, if it can be
 * emptied. */
void fr_mmap_unmap(struct fr_chunk *c)
{
    struct frusa_range all = {c->base, c->bytes};
    size_t refused[FR_DISCARD_WORDS];
    if (fr_pages_unmap(c->base, c->bytes)) {
        fr_pages_unmap(c, descriptor_bytes(c->bytes, c->kind));
        return;
    }
    if (!fr_pages_discard(&all, 1, refused) || !fr_mmap_lock_with_room())
        return;
    fr_chunk_reset(c);
    fr_chunk_index_insert(&fr_mmap_provider.index, c);
    fr_mmap_unlock();
}

struct fr_chunk *fr_mmap_map_chunk(enum fr_run_kind kind, size_t least)
{
    fr_mmap_lock();
    size_t bytes = next_chunk_bytes(kind, least);
    int is_advised = fr_mmap_wants_huge(kind);
    fr_mmap_unlock();
    return chunk_map(bytes, least, kind, is_advised);
}

int fr_mmap_remove_if_all(struct fr_chunk *c, size_t granules)
{
    fr_mmap_lock();
    int is_all = c->used.used == granules && c->bytes > KEEP_MAX;
    if (is_all) {
        fr_mmap_provider.used[c->kind] -= granules;
        fr_mmap_remove(c);
    }
    fr_mmap_unlock();
    return is_all;
}

int fr_mmap_remove_if_empty(struct fr_chunk *c)
{
    if (c->used.used > 0)
        return 0;
    int keep = c->bytes <= KEEP_MAX && fr_chunk_is_clean(c);
    for (struct fr_chunk *other = fr_mmap_provider.index.oldest; other && keep; other = other->next)
        keep = other == c || other->kind != c->kind || other->used.used > 0;
    if (!keep)
        fr_mmap_remove(c);
    return !keep;
}

int fr_mmap_drop_kept(void)
{
    fr_mmap_lock();
    struct fr_chunk *c = fr_mmap_provider.index.oldest;
    while (c && c->used.used > 0)
        c = c->next;
    if (c)
        fr_mmap_remove(c);
    fr_mmap_unlock();
    if (c)
        fr_mmap_unmap(c);
    return c != NULL;
}
