/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The fallback for tests: its functions, and the hook around each of them. */
#include "fallback.h"
#include "block_table.h"
#include "random.h"
#include "require.h"
#include "tools.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, JUNK_ALLOC = 0xa5, JUNK_PURGE = 0x5a };

/* More is refused without asking: sanitizers take such a request for a mistake. */
#define LARGEST ((size_t)1 << (20 + sizeof(size_t) * 5 / 2))

static _Thread_local unsigned hook_level;

int fallback_inside_hook(void)
{
    return hook_level > 0;
}

static void run_hook(struct counting_fallback *fallback, enum fallback_call call)
{
    if (fallback->hook == NULL || hook_level >= fallback->hook_depth)
        return;
    hook_level++;
    fallback->hook(fallback, call, fallback->hook_arg);
    hook_level--;
}

static void enter(struct counting_fallback *fallback, enum fallback_call call)
{
    fr_fetch_add_relaxed(&fallback->calls[call], 1);
    run_hook(fallback, call);
}

/* A fallback may leave anything in errno. */
static void leave(struct counting_fallback *fallback, enum fallback_call call)
{
    run_hook(fallback, call);
    errno = EDOM;
}

static void require_sane(size_t size, size_t align)
{
    REQUIRE_MSG(size > 0 && size % PAGE == 0, "size %zu", size);
    REQUIRE_MSG(align >= PAGE && (align & (align - 1)) == 0, "align %zu", align);
}

/* ---- the plan ---- */

enum verdict { VERDICT_SERVE, VERDICT_REFUSE, VERDICT_MISALIGN };

static int chosen(uint64_t seed, size_t call, unsigned percent)
{
    struct random r = random_stream(seed, call);
    return percent > 0 && random_percent(&r, percent);
}

static enum verdict judge(struct counting_fallback *fallback)
{
    const struct fault_plan *plan = &fallback->plan;
    size_t call = fr_fetch_add_relaxed(&fallback->fallible, 1) + 1;
    if (call == plan->fail[0] || call == plan->fail[1] || chosen(plan->seed, call, plan->percent)) {
        fr_fetch_add_relaxed(&fallback->refused, 1);
        return VERDICT_REFUSE;
    }
    if (call == plan->misalign[0] || call == plan->misalign[1] ||
        chosen(~plan->seed, call, plan->misaligned_percent))
        return VERDICT_MISALIGN;
    return VERDICT_SERVE;
}

/* ---- alloc and dealloc ---- */

static void count_held(struct counting_fallback *fallback, size_t more, size_t less)
{
    size_t before = fr_fetch_add_relaxed(&fallback->held_bytes, more - less);
    REQUIRE(before >= less);
    fr_fetch_max_relaxed(&fallback->peak_bytes, before + more - less);
}

static void *obtain(size_t size, size_t align, int misaligned, struct block *block)
{
    size_t slack = misaligned ? align : 0;
    if (size > LARGEST || align > LARGEST || posix_memalign(&block->base, align, size + slack) != 0)
        return NULL;
    block->address = (char *)block->base + slack / 2;
    block->size = size;
    block->align = align;
    return block->address;
}

/* All of a small block, the first page of every 16 of a large one, and its last page: filling
 * takes the thread sanitizer milliseconds for each MiB. */
static void fill_junk(unsigned char *bytes, size_t size)
{
    size_t step = size > 16 * PAGE ? 16 * PAGE : PAGE;
    for (size_t i = 0; i < size; i += step)
        memset(bytes + i, JUNK_ALLOC, PAGE);
    memset(bytes + size - PAGE, JUNK_ALLOC, PAGE);
}

static void fill_new(const struct counting_fallback *fallback, const struct block *block)
{
    if (fallback->features & FALLBACK_ZEROED)
        memset(block->address, 0, block->size);
    else if (fallback->features & FALLBACK_DIRTY)
        fill_junk(block->address, block->size);
}

static void *counting_alloc(void *ctx, size_t size, size_t align)
{
    struct counting_fallback *fallback = ctx;
    struct block block;
    void *ptr = NULL;
    require_sane(size, align);
    enter(fallback, CALL_ALLOC);
    enum verdict verdict = judge(fallback);
    if (verdict != VERDICT_REFUSE)
        ptr = obtain(size, align, verdict == VERDICT_MISALIGN, &block);
    if (ptr != NULL) {
        fill_new(fallback, &block);
        if (!(fallback->features & FALLBACK_UNTRACKED))
            block_table_add(fallback, &block);
        count_held(fallback, size, 0);
        fr_fetch_add_relaxed(&fallback->held_blocks, 1);
        fr_fetch_add_relaxed(verdict == VERDICT_MISALIGN ? &fallback->misplaced : &fallback->allocs,
                             1);
    }
    leave(fallback, CALL_ALLOC);
    return ptr;
}

static void take_back(struct counting_fallback *fallback, void *ptr, size_t size, size_t align)
{
    void *base = ptr;
    require_sane(size, align);
    REQUIRE(ptr != NULL);
    if (!(fallback->features & FALLBACK_UNTRACKED))
        base = block_table_remove(fallback, ptr, size, align);
    REQUIRE(fr_fetch_sub_relaxed(&fallback->held_blocks, 1) > 0);
    count_held(fallback, 0, size);
    fr_fetch_add_relaxed(&fallback->returned_bytes, size);
    if (base == ptr)
        fr_fetch_add_relaxed(&fallback->deallocs, 1);
    free(base);
}

static void counting_dealloc(void *ctx, void *ptr, size_t size, size_t align)
{
    struct counting_fallback *fallback = ctx;
    enter(fallback, CALL_DEALLOC);
    take_back(fallback, ptr, size, align);
    leave(fallback, CALL_DEALLOC);
}

static void counting_batch(void *ctx, const struct frusa_range *ranges, size_t n, size_t align)
{
    struct counting_fallback *fallback = ctx;
    enter(fallback, CALL_BATCH);
    REQUIRE(n > 0);
    for (size_t i = 0; i < n; i++) {
        REQUIRE(i == 0 || (uintptr_t)ranges[i].ptr > (uintptr_t)ranges[i - 1].ptr);
        take_back(fallback, ranges[i].ptr, ranges[i].size, align);
    }
    leave(fallback, CALL_BATCH);
}

/* ---- resize and purge ---- */

/* Moves the block's contents into a new one; returns NULL when there is no memory. */
static void *move_block(struct counting_fallback *fallback, void *ptr, size_t old_size,
                        size_t align, size_t new_size)
{
    struct block block;
    if (obtain(new_size, align, 0, &block) == NULL)
        return NULL;
    fill_new(fallback, &block);
    memcpy(block.address, ptr, old_size < new_size ? old_size : new_size);
    free(block_table_remove(fallback, ptr, old_size, align));
    block_table_add(fallback, &block);
    return block.address;
}

static void *counting_resize(void *ctx, void *ptr, size_t old_size, size_t align, size_t new_size)
{
    struct counting_fallback *fallback = ctx;
    require_sane(new_size, align);
    enter(fallback, CALL_RESIZE);
    void *moved = NULL;
    if (judge(fallback) != VERDICT_REFUSE) {
        if (new_size < old_size && fr_load_relaxed(&fallback->calls[CALL_RESIZE]) % 2 == 0) {
            block_table_shrink(fallback, ptr, old_size, align, new_size);
            moved = ptr;
        } else {
            moved = move_block(fallback, ptr, old_size, align, new_size);
        }
    }
    if (moved != NULL)
        count_held(fallback, new_size, old_size);
    leave(fallback, CALL_RESIZE);
    return moved;
}

static size_t counting_purge(void *ctx, const struct frusa_range *ranges, size_t n)
{
    struct counting_fallback *fallback = ctx;
    size_t bytes = 0;
    enter(fallback, CALL_PURGE);
    REQUIRE(n > 0);
    int serve = judge(fallback) != VERDICT_REFUSE;
    for (size_t i = 0; i < n; i++) {
        REQUIRE((uintptr_t)ranges[i].ptr % PAGE == 0 && ranges[i].size % PAGE == 0 &&
                ranges[i].size > 0);
        REQUIRE(i == 0 ||
                (uintptr_t)ranges[i].ptr >= (uintptr_t)ranges[i - 1].ptr + ranges[i - 1].size);
        if (!(fallback->features & FALLBACK_UNTRACKED))
            block_table_require_inside(fallback, ranges[i].ptr, ranges[i].size);
        if (serve) {
            memset(ranges[i].ptr, JUNK_PURGE, ranges[i].size);
            bytes += ranges[i].size;
        }
    }
    fr_fetch_add_relaxed(&fallback->purged_bytes, bytes);
    leave(fallback, CALL_PURGE);
    return bytes;
}

/* ---- set-up ---- */

void fallback_init(struct counting_fallback *fallback, unsigned features)
{
    memset(fallback, 0, sizeof(*fallback));
    REQUIRE(!(features & FALLBACK_RESIZE) || !(features & FALLBACK_UNTRACKED));
    pthread_mutex_init(&fallback->mutex, NULL);
    fallback->features = features;
    fallback->hook_depth = 1;
    fallback->ops.alloc = counting_alloc;
    fallback->ops.dealloc = counting_dealloc;
    fallback->ops.ctx = fallback;
    fallback->ops.flags = features & FALLBACK_ZEROED ? FRUSA_FALLBACK_ZEROED : 0;
    fallback->ops.resize = features & FALLBACK_RESIZE ? counting_resize : NULL;
    fallback->ops.dealloc_batch = features & FALLBACK_BATCH ? counting_batch : NULL;
    fallback->ops.purge = features & FALLBACK_PURGE ? counting_purge : NULL;
}

void fallback_require_empty(struct counting_fallback *fallback)
{
    REQUIRE_MSG(fallback_held(fallback) == 0 && fallback_blocks(fallback) == 0,
                "%zu bytes in %zu blocks", fallback_held(fallback), fallback_blocks(fallback));
    REQUIRE(fallback->blocks == NULL);
}

void fallback_set_plan(struct counting_fallback *fallback, const struct fault_plan *plan)
{
    static const struct fault_plan none;
    fallback->plan = plan != NULL ? *plan : none;
    fr_store_relaxed(&fallback->fallible, 0);
}

size_t fallback_held(const struct counting_fallback *fallback)
{
    return fr_load_relaxed(&fallback->held_bytes);
}

size_t fallback_blocks(const struct counting_fallback *fallback)
{
    return fr_load_relaxed(&fallback->held_blocks);
}
