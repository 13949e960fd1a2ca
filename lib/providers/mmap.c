/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The mmap provider: the embedded default fallback.
 *
 * Algorithm. Address space is taken from the system in chunks of several MiB, aligned to 2 MiB,
 * and handed out in runs of granules (pages of the system), first fit: oldest chunk first, then by
 * address. Short runs and long ones have chunks of their own. A request that is big or strangely
 * aligned gets a mapping of its own, unless there are too many of those: then a run of the third
 * kind. What is not in a chunk is a mapping of its own, so none of them is recorded. States of
 * granules and their equations: chunk.h.
 *
 * Alloc takes a run under the lock and makes it resident afterwards, in batches that grow with the
 * heap, or 2 MiB at a time once it is worth a huge page. A batch may be longer than the run: then
 * the granules behind it are taken as well, populated, and freed as "ahead". Dealloc gives memory
 * back to the system at once, in vectors of ranges, together with the ahead granules on both
 * sides; then it frees the granules. A chunk that becomes empty is unmapped, but for a small one
 * of each kind.
 *
 * Who may change a granule:
 *
 *   clean, ahead -> used    alloc, resize and (ahead only) dealloc, for the calling thread, under
 *                           the lock
 *   used -> clean, ahead    the thread that made it used, or that was handed the block, under the
 *                           lock
 *
 * Guarantees:
 *
 *   A. Only a used granule is populated, discarded or zeroed, and only by the thread that owns it.
 *      So the system is called without the lock, and no such call meets a granule that somebody
 *      else has.
 *   B. A granule that is not used reads as zero: it is clean after a discard that the system
 *      accepted, or ahead after having been zeroed by hand where it was refused. Hence
 *      FRUSA_FALLBACK_ZEROED.
 *   C. A granule that is not used is resident only if it is ahead (but for D). Ahead granules lie
 *      beside used ones, and go back with those.
 *   D. Advice about huge pages may lag behind the advised bits when two threads work on one block:
 *      that costs a huge page too many or too few, nothing else.
 *   E. A chunk leaves the index, under the lock, before it is unmapped, and only when no granule
 *      is used or all used ones belong to the thread that removes it. So an address found in the
 *      index, by the owner of a block there, stays in the index.
 *   F. The lock is held for searches and bit operations only: never across a system call. Its rank
 *      is FR_RANK_PROVIDER.
 *
 * What the system refuses costs memory or time: populating, advice and names are optional; a
 * discard that is refused is made up for by zeroing; an unmap that is refused (too many mappings)
 * leaves address space behind, emptied; chunks that are refused, or would leave no room for
 * others, are tried smaller.
 */
#include "providers/mmap.h"

#include <frusa.h>

#include "providers/mmap_state.h"
#include "port/compiler.h"
#include "port/error.h"

/* From here on a request gets a mapping of its own, which mremap can move. */
#define OWN_MIN (4 * FR_MIB)

/* So many mappings of their own, no more: a quarter of what the kernel allows a process by default
 * (vm.max_map_count, 65,530). A process that is out of mappings can start no thread and load no
 * library. */
#define OWN_MOST 16384

/* Beyond OWN_MOST, blocks up to this size and alignment go into chunks, several into each. 16,384
 * bigger ones take more than a TiB. */
#define BIG_MAX (FR_CHUNK_MAX / 4)

/* Populating (figures: doc/performance-mmap.md). Of a run, as much as the core's spans are long,
 * or an eighth of the heap: spans start short and grow with what is used of them, so they are
 * going to be used; big objects perhaps not. In advance, an eighth of the heap too, from 16 KiB (a
 * batch of four pages costs a quarter of four page faults) to 256 KiB, where the cost of a page
 * has reached its floor. */
#define POPULATE_SHARE     8
#define POPULATE_RUN       (64 * FR_KIB)
#define POPULATE_AHEAD_MIN (16 * FR_KIB)
#define POPULATE_AHEAD_MAX (256 * FR_KIB)

/* 0 when there is no such number. */
static size_t round_up(size_t size, size_t unit)
{
    return size > (size_t)-1 - (unit - 1) ? 0 : fr_align_up(size, unit);
}

/* `bytes`, or the limit that it exceeds, in granules; at least one. */
static size_t granules_between(size_t bytes, size_t low, size_t high)
{
    bytes = bytes < low ? low : bytes > high ? high : bytes;
    return (bytes + fr_page_size() - 1) / fr_page_size();
}

/* How memory for a kind is made resident now. While others populate more ahead, where this caller
 * cannot use it yet, than the heap's share, no more than the least is added: a crowd of threads
 * that start at once would bring in many times what it needs. The caller holds the lock. */
static struct fr_growth growth_now(enum fr_run_kind kind)
{
    static const struct fr_growth none;
    if (kind == FR_BIG_RUNS || (kind == FR_SPARSE_RUNS && !fr_mmap_wants_huge(kind)))
        return none; /* perhaps hardly used */
    size_t share = fr_mmap_heap_bytes(kind) / POPULATE_SHARE;
    int crowded = fr_mmap_provider.pending * fr_page_size() > share;
    struct fr_growth growth = {
        .batch = granules_between(crowded ? 0 : share, POPULATE_AHEAD_MIN, POPULATE_AHEAD_MAX),
        .most = granules_between(share, POPULATE_RUN, OWN_MIN),
        .huge = !crowded && fr_mmap_wants_huge(kind),
    };
    return growth;
}

/* In the child of a fork by a signal handler that interrupted this very call, the count is 0
 * already. */
static void count_settled(size_t granules)
{
    size_t pending = fr_mmap_provider.pending;
    fr_mmap_provider.pending = pending > granules ? pending - granules : 0;
}

/* Makes a run resident as planned, and frees what was taken beyond it. */
static void *hand_out(const struct fr_run *run)
{
    struct fr_chunk *c = run->chunk;
    size_t granule = c->granule;
    size_t resident_end = run->end;
    if (run->advise < run->advise_end)
        fr_pages_advise(c->base + run->advise * FR_BLOCK_BYTES,
                        (run->advise_end - run->advise) * FR_BLOCK_BYTES,
                        run->huge ? FR_PAGES_HUGE : FR_PAGES_SMALL);
    if (run->populate < run->populate_end &&
        fr_pages_populate(fr_chunk_address(c, run->populate),
                          (run->populate_end - run->populate) * granule))
        resident_end = run->populate_end;
    if (run->end < run->taken_end) {
        /* Where populating is refused, the first use of the run brings the rest of the huge page
         * in. */
        if (run->huge)
            resident_end = run->taken_end;
        fr_mmap_lock();
        fr_mmap_provider.used[c->kind] -= run->taken_end - run->end;
        count_settled(run->taken_end - run->end);
        fr_chunk_settle(run, resident_end);
        fr_mmap_note_room(c);
        fr_mmap_unlock();
    }
    return fr_chunk_address(c, run->first);
}

/* Counts what a run takes; hand_out counts what is beyond its end back. The caller holds the
 * lock. */
static void count_taken(const struct fr_run *run)
{
    fr_mmap_provider.used[run->chunk->kind] += run->taken_end - run->first;
    fr_mmap_provider.pending += run->taken_end - run->end;
}

/* Takes a run from the chunks of a kind. The caller holds the lock. */
static int take_run(enum fr_run_kind kind, size_t size, size_t align, struct fr_run *run)
{
    struct fr_growth growth = growth_now(kind);
    size_t granule = fr_mmap_granule(kind);
    size_t n = fr_align_up(size, granule) / granule;
    size_t step = align > granule ? align / granule : 1;
    int found = fr_mmap_search(kind, n, step, &growth, run);
    if (found)
        count_taken(run);
    return found;
}

/* The same from the chunks of any kind: for when the system refuses one of the right kind. */
static int take_any_run(size_t size, size_t align, struct fr_run *run)
{
    int found = 0;
    fr_mmap_lock();
    for (unsigned kind = 0; kind < FR_RUN_KINDS && !found; kind++)
        found = take_run((enum fr_run_kind)kind, size, align, run);
    fr_mmap_unlock();
    return found;
}

/* The bytes of a chunk that has room for a run wherever it lies; chunks are aligned to blocks. */
static size_t room_for(size_t size, size_t align)
{
    size_t slack = align > FR_BLOCK_BYTES ? align - FR_BLOCK_BYTES : 0;
    return fr_align_up(size, FR_BLOCK_BYTES) + slack;
}

/* Takes a run when no chunk of the kind had room a moment ago. Other threads may have given runs
 * back since, or added a chunk, so the new chunk is only added when there is still no room. A chunk
 * is only removed when a run in it is given back: one that was added without a run would stay. */
static int grow_and_take_run(enum fr_run_kind kind, size_t size, size_t align, struct fr_run *run)
{
    int found = 0;
    struct fr_chunk *c = fr_mmap_map_chunk(kind, room_for(size, align));
    struct fr_chunk *surplus = c;
    if (c && fr_mmap_lock_with_room()) {
        found = take_run(kind, size, align, run);
        if (!found) {
            fr_chunk_index_insert(&fr_mmap_provider.index, c);
            surplus = NULL;
            found = take_run(kind, size, align, run);
        }
        fr_mmap_unlock();
    }
    if (surplus)
        fr_mmap_unmap(surplus);
    return found;
}

/* Takes a run and makes it resident; `may_grow`: a chunk is added when none has room. */
static void *alloc_run(enum fr_run_kind kind, size_t size, size_t align, int may_grow)
{
    struct fr_run run;
    fr_mmap_lock();
    int found = take_run(kind, size, align, &run);
    fr_mmap_unlock();
    found = found || (may_grow && grow_and_take_run(kind, size, align, &run)) ||
            take_any_run(size, align, &run);
    return found ? hand_out(&run) : NULL;
}

/* How a block is expected to be used. */
enum use { DENSE, SPARSE };

/* Whether huge pages are asked for in a mapping of its own. */
static int own_is_huge(size_t size, enum use use)
{
    size_t mode = fr_load_relaxed(&fr_mmap_provider.huge_mode);
    return size >= OWN_MIN &&
           (mode == FRUSA_HUGE_ALWAYS || (mode == FRUSA_HUGE_AUTO && use == DENSE));
}

/* Big objects that get huge pages get them at once: what is not a whole block at their end stays
 * small. Alignment to the huge page costs address space only. */
static size_t own_align(size_t align, int is_huge)
{
    return is_huge && align < FR_BLOCK_BYTES ? FR_BLOCK_BYTES : align;
}

static void *alloc_own(size_t size, size_t align, enum use use)
{
    int is_huge = own_is_huge(size, use);
    char *p = fr_pages_map(size, own_align(align, is_huge));
    if (!p)
        return NULL;
    fr_fetch_add_relaxed(&fr_mmap_provider.own_bytes, size);
    fr_fetch_add_relaxed(&fr_mmap_provider.own_count, 1);
    if (is_huge || fr_mmap_is_never_huge())
        fr_pages_advise(p, size, is_huge ? FR_PAGES_HUGE : FR_PAGES_SMALL);
    return p;
}

/* The chunks that a block belongs in now; FR_RUN_KINDS: in none of them. */
static enum fr_run_kind kind_now(size_t size, size_t align, enum use use)
{
    if (size < OWN_MIN && align <= FR_BLOCK_BYTES)
        return use == SPARSE ? FR_SPARSE_RUNS : fr_run_kind_of(size);
    int is_crowded = fr_load_relaxed(&fr_mmap_provider.own_count) >= OWN_MOST;
    return is_crowded && size <= BIG_MAX && align <= BIG_MAX ? FR_BIG_RUNS : FR_RUN_KINDS;
}

static void *alloc_block(size_t size, size_t align, enum use use)
{
    void *p;
    size = round_up(size, fr_page_size());
    if (size == 0 || size > PTRDIFF_MAX)
        return NULL;
    do {
        enum fr_run_kind kind = kind_now(size, align, use);
        if (kind == FR_RUN_KINDS) {
            p = alloc_own(size, align, use);
            if (!p)
                p = alloc_run(FR_BIG_RUNS, size, align, 0);
        } else {
            p = alloc_run(kind, size, align, 1);
            /* Too little address space for a chunk: perhaps there is enough for just this. */
            if (!p)
                p = alloc_own(size, align, use);
        }
    } while (!p && fr_mmap_drop_kept());
    return p;
}

static void *provider_alloc(void *ctx, size_t size, size_t align)
{
    (void)ctx;
    return alloc_block(size, align, DENSE);
}

void *fr_fallback_mmap_alloc_sparse(void *ctx, size_t size, size_t align)
{
    (void)ctx;
    return alloc_block(size, align, SPARSE);
}

static void provider_dealloc(void *ctx, void *ptr, size_t size, size_t align)
{
    struct frusa_range block = {ptr, size};
    (void)ctx;
    (void)align;
    fr_mmap_give_back(&block, 1);
}

static void provider_dealloc_batch(void *ctx, const struct frusa_range *ranges, size_t n,
                                   size_t align)
{
    (void)ctx;
    (void)align;
    fr_mmap_give_back(ranges, n);
}

static void shrink_run(struct fr_chunk *c, char *p, size_t old_size, size_t new_size)
{
    size_t end = fr_align_up(new_size, c->granule);
    struct frusa_range rest = {p + new_size, (end < old_size ? end : old_size) - new_size};
    struct frusa_range tail = {p + end, old_size > end ? old_size - end : 0};
    if (rest.size > 0)
        fr_mmap_empty(&rest);
    if (tail.size > 0)
        fr_mmap_give_back(&tail, 1);
}

/* A run grows in place or not at all: up to 4 MiB the caller copies as fast. */
static void *resize_run(struct fr_chunk *c, char *p, size_t old_size, size_t new_size)
{
    size_t room = c->bytes - (size_t)(p - c->base);
    struct fr_run run;
    if (new_size < old_size) {
        shrink_run(c, p, old_size, new_size);
        return p;
    }
    if (new_size > room)
        return NULL;
    old_size = fr_align_up(old_size, c->granule);
    new_size = fr_align_up(new_size, c->granule);
    if (new_size == old_size)
        return p;
    fr_mmap_lock();
    struct fr_growth growth = growth_now(c->kind);
    int done = fr_chunk_take_at(c, fr_chunk_granule_of(c, p + old_size),
                                fr_chunk_granule_of(c, p + new_size), &growth, &run);
    if (done)
        count_taken(&run);
    fr_mmap_unlock();
    if (!done)
        return NULL;
    hand_out(&run);
    return p;
}

static void *resize_own(char *p, size_t old_size, size_t align, size_t new_size)
{
    /* A block that is not at a multiple of the huge page was not made for huge pages. */
    int is_huge = new_size >= OWN_MIN && fr_is_aligned(p, FR_BLOCK_BYTES);
    size_t better = own_align(align, is_huge);
    void *moved;
    do {
        moved = fr_pages_remap(p, old_size, better, new_size);
        if (!moved && better > align)
            moved = fr_pages_remap(p, old_size, align, new_size);
    } while (!moved && fr_mmap_drop_kept());
    if (moved)
        fr_fetch_add_relaxed(&fr_mmap_provider.own_bytes,
                             new_size - old_size); /* modulo the word */
    return moved;
}

static void *provider_resize(void *ctx, void *ptr, size_t old_size, size_t align, size_t new_size)
{
    (void)ctx;
    old_size = round_up(old_size, fr_page_size());
    new_size = round_up(new_size, fr_page_size());
    if (new_size == 0 || new_size > PTRDIFF_MAX)
        return NULL;
    if (new_size == old_size)
        return ptr;
    struct fr_chunk *c = fr_mmap_chunk_of(ptr);
    return c ? resize_run(c, ptr, old_size, new_size) : resize_own(ptr, old_size, align, new_size);
}

static size_t provider_purge(void *ctx, const struct frusa_range *ranges, size_t n)
{
    (void)ctx;
    return fr_mmap_purge(ranges, n);
}

FR_EXPORT const struct frusa_fallback_ops frusa_fallback_mmap = {
    .alloc = provider_alloc,
    .dealloc = provider_dealloc,
    .flags = FRUSA_FALLBACK_ZEROED,
    .resize = provider_resize,
    .dealloc_batch = provider_dealloc_batch,
    .purge = provider_purge,
};

/* ---- For the library itself
 * ---------------------------------------------------------------------- */

void fr_fallback_mmap_fork_prepare(void)
{
    fr_lock_settle(&fr_mmap_provider.lock);
}

void fr_fallback_mmap_fork_child(void)
{
    fr_lock_forget(&fr_mmap_provider.lock);
    /* The threads that were populating are not here. Nothing runs beside this, so no lock is
     * taken. */
    fr_mmap_provider.pending = 0;
}

FR_EXPORT int frusa_set_huge(int mode)
{
    if (mode != FRUSA_HUGE_AUTO && mode != FRUSA_HUGE_NEVER && mode != FRUSA_HUGE_ALWAYS) {
        fr_set_error(FR_EINVAL);
        return -1;
    }
    fr_fallback_mmap_set_huge(mode);
    return 0;
}

void fr_fallback_mmap_set_huge(int mode)
{
    fr_store_relaxed(&fr_mmap_provider.huge_mode, mode);
}

int fr_fallback_mmap_join(const void *low, const void *high)
{
    const struct fr_chunk *c = fr_mmap_chunk_of(low);
    if (fr_mmap_chunk_of(high) != c)
        return 0;
    if (!c)
        fr_fetch_sub_relaxed(&fr_mmap_provider.own_count, 1);
    return !c || c->granule == fr_page_size();
}

int fr_fallback_mmap_cut(const void *at)
{
    const struct fr_chunk *c = fr_mmap_chunk_of(at);
    if (!c)
        fr_fetch_add_relaxed(&fr_mmap_provider.own_count, 1);
    return !c || c->granule == fr_page_size();
}

int fr_fallback_mmap_let_go(void)
{
    return fr_mmap_drop_kept();
}

void fr_fallback_mmap_state(struct fr_mmap_state *out)
{
    size_t ahead = 0;
    size_t advised = 0;
    fr_mmap_lock();
    for (const struct fr_chunk *c = fr_mmap_provider.index.oldest; c; c = c->next) {
        ahead += fr_bits_count(c->ahead, 0, c->used.bits) * c->granule;
        advised += fr_bits_count(c->advised, 0, c->bytes / FR_BLOCK_BYTES);
    }
    out->chunks = fr_mmap_provider.index.count;
    out->chunk_bytes = fr_mmap_provider.index.bytes;
    out->used = 0;
    for (unsigned kind = 0; kind < FR_RUN_KINDS; kind++)
        out->used += fr_mmap_heap_bytes((enum fr_run_kind)kind);
    out->own_mappings = fr_load_relaxed(&fr_mmap_provider.own_bytes);
    fr_mmap_unlock();
    out->ahead = ahead;
    out->advised = advised * FR_BLOCK_BYTES;
}

int fr_fallback_mmap_is_valid(void)
{
    size_t used[FR_RUN_KINDS] = {0};
    fr_mmap_lock();
    int is_valid = fr_chunk_index_is_valid(&fr_mmap_provider.index) && fr_mmap_hints_are_true();
    for (const struct fr_chunk *c = fr_mmap_provider.index.oldest; c; c = c->next)
        used[c->kind] += c->used.used;
    for (unsigned kind = 0; kind < FR_RUN_KINDS; kind++)
        is_valid = is_valid && used[kind] == fr_mmap_provider.used[kind];
    fr_mmap_unlock();
    return is_valid;
}
