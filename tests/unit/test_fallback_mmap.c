/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The mmap provider's functions, called directly. Each test begins with an empty provider. */
#include "base/gate.h"
#include "base/rank.h"
#include "providers/mmap.h"

#include <frusa.h>

#include "providers/mmap_state.h"

#include "port/pages.h"
#include "support/child.h"
#include "support/mappings.h"
#include "support/pattern.h"
#include "support/random.h"
#include "support/require.h"
#include "support/threads.h"
#include "unit/runner.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The library never asks for less than a page, nor for parts of pages. */
enum { PAGE = 4096, SPAN = 64 << 10 };

#define KIB FR_KIB
#define MIB FR_MIB

static const struct frusa_fallback_ops *const ops = &frusa_fallback_mmap;

static char *take(size_t size, size_t align)
{
    char *p = ops->alloc(ops->ctx, size, align);
    REQUIRE_MSG(p != NULL && (uintptr_t)p % align == 0, "%zu bytes at %zu: %p", size, align,
                (void *)p);
    return p;
}

static void give(void *p, size_t size)
{
    ops->dealloc(ops->ctx, p, size, PAGE);
}

static struct fr_mmap_state state(void)
{
    struct fr_mmap_state s;
    REQUIRE(fr_fallback_mmap_is_valid());
    fr_fallback_mmap_state(&s);
    return s;
}

static void require_empty(void)
{
    struct fr_mmap_state s = state();
    REQUIRE_MSG(s.used == 0 && s.ahead == 0 && s.own_mappings == 0, "%zu used, %zu ahead, %zu own",
                s.used, s.ahead, s.own_mappings);
    REQUIRE_MSG(s.chunks <= 2 && s.chunk_bytes <= 16 * MIB, "%zu chunks", s.chunks);
}

START_TEST(test_every_size_at_every_alignment_is_zero)
{
    for (size_t align = PAGE; align <= 8 * MIB; align *= 2) {
        for (size_t size = PAGE; size <= 16 * MIB; size *= 4) {
            char *p = take(size, align);
            pattern_require_zero(p, size);
            pattern_fill(p, size, align);
            char *other = take(size, align);
            pattern_require_zero(other, size);
            memset(other, 0xee, size);
            pattern_require(p, size, align);
            give(other, size);
            give(p, size);
            require_empty();
        }
    }
}
END_TEST

START_TEST(test_requests_beyond_memory_fail)
{
    REQUIRE(ops->alloc(ops->ctx, SIZE_MAX, PAGE) == NULL);
    REQUIRE(ops->alloc(ops->ctx, (size_t)PTRDIFF_MAX + 1, PAGE) == NULL);
    REQUIRE(ops->alloc(ops->ctx, (size_t)PTRDIFF_MAX / PAGE * PAGE, PAGE) == NULL);
    require_empty();
}
END_TEST

START_TEST(test_blocks_given_back_hold_no_memory)
{
    enum { N = 64 };
    char *p[N];
    for (size_t i = 0; i < N; i++) {
        p[i] = take(SPAN, PAGE);
        memset(p[i], 1, SPAN);
    }
    for (size_t i = 1; i < N; i += 2) {
        REQUIRE(mappings_resident(p[i], SPAN) == SPAN);
        give(p[i], SPAN);
        REQUIRE_MSG(mappings_resident(p[i], SPAN) == 0, "block %zu", i);
    }
    for (size_t i = 0; i < N; i += 2)
        REQUIRE(mappings_resident(p[i], SPAN) == SPAN && p[i][0] == 1 && p[i][SPAN - 1] == 1);
    for (size_t i = 1; i < N; i += 2) {
        char *again = take(SPAN, PAGE);
        pattern_require_zero(again, SPAN);
        memset(again, 2, SPAN);
    }
    REQUIRE(state().used == N * SPAN);
}
END_TEST

/* Takes n blocks of `size`, in ascending order of address, and fills them. */
static void take_sorted(struct frusa_range *ranges, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++) {
        char *p = take(size, PAGE);
        size_t k = i;
        for (; k > 0 && (uintptr_t)ranges[k - 1].ptr > (uintptr_t)p; k--)
            ranges[k] = ranges[k - 1];
        ranges[k].ptr = p;
        ranges[k].size = size;
        memset(p, 3, size);
    }
}

START_TEST(test_batches_of_every_shape)
{
    if (fr_page_size() > PAGE)
        return; /* counts in small pages */
    enum { N = 1500 };
    static struct frusa_range all[N], batch[N];
    struct random r = random_stream(env_seed(6), 0);
    for (size_t percent = 10; percent <= 100; percent += 30) {
        size_t n = 0, kept = 0;
        take_sorted(all, N, 5 * PAGE);
        for (size_t i = 0; i < N; i++) {
            if (random_percent(&r, (unsigned)percent))
                batch[n++] = all[i];
            else
                all[kept++] = all[i];
        }
        ops->dealloc_batch(ops->ctx, batch, n, PAGE);
        REQUIRE(state().used == kept * 5 * PAGE);
        for (size_t i = 0; i < n; i++)
            REQUIRE(mappings_resident(batch[i].ptr, batch[i].size) == 0);
        for (size_t i = 0; i < kept; i++)
            REQUIRE(((char *)all[i].ptr)[7] == 3);
        ops->dealloc_batch(ops->ctx, all, kept, PAGE);
        require_empty();
    }
}
END_TEST

START_TEST(test_a_batch_over_chunks_and_own_mappings)
{
    enum { N = 40 };
    struct frusa_range all[N];
    for (size_t size = 3 * MIB; size <= 5 * MIB; size += 2 * MIB) {
        take_sorted(all, N / 2, size);
        REQUIRE((state().own_mappings > 0) == (size == 5 * MIB));
        take_sorted(all + N / 2, N / 2, SPAN);
        ops->dealloc_batch(ops->ctx, all, N / 2, PAGE);
        ops->dealloc_batch(ops->ctx, all + N / 2, N / 2, PAGE);
        require_empty();
    }
}
END_TEST

START_TEST(test_purge_takes_whole_pages_only)
{
    size_t page = fr_page_size();
    char *p = take(16 * page, PAGE);
    memset(p, 4, 16 * page);
    struct frusa_range ranges[] = {
        {p + 1, page},                       /* no whole page */
        {p + 2 * page, page},                /* one */
        {p + 3 * page, 2 * page},            /* its neighbours */
        {p + 8 * page - 1, 2 * page},        /* one, inside */
        {p + 12 * page, 3 * page + page / 2} /* three */
    };
    REQUIRE(ops->purge(ops->ctx, ranges, 5) == 7 * page);
    for (size_t i = 0; i < 16; i++) {
        int purged = (i >= 2 && i <= 4) || i == 8 || (i >= 12 && i <= 14);
        REQUIRE(mappings_resident(p + i * page, page) == (purged ? 0 : page));
        REQUIRE(purged || (p[i * page] == 4 && p[(i + 1) * page - 1] == 4));
    }
    memset(p, 5, 16 * page);
    give(p, 16 * page);
    require_empty();
}
END_TEST

START_TEST(test_purge_of_many_pages_in_chunks_and_outside)
{
    enum { N = 700 };
    static struct frusa_range ranges[2 * N];
    size_t page = fr_page_size();
    char *one = take(2 * N * page, PAGE);
    char *two = take(8 * MIB + 2 * N * page, PAGE);
    char *low = one < two ? one : two, *high = one < two ? two : one;
    memset(low, 6, 2 * N * page);
    memset(high, 6, 2 * N * page);
    for (size_t i = 0; i < N; i++) {
        ranges[i] = (struct frusa_range){low + 2 * i * page, page};
        ranges[N + i] = (struct frusa_range){high + 2 * i * page, page};
    }
    REQUIRE(ops->purge(ops->ctx, ranges, 2 * N) == 2 * N * page);
    for (size_t i = 0; i < 2 * N; i++) {
        REQUIRE(mappings_resident(low + i * page, page) == (i % 2 ? page : 0));
        REQUIRE(mappings_resident(high + i * page, page) == (i % 2 ? page : 0));
    }
    give(one, 2 * N * page);
    give(two, 8 * MIB + 2 * N * page);
    require_empty();
}
END_TEST

static char *resize(char *p, size_t old_size, size_t align, size_t new_size)
{
    return ops->resize(ops->ctx, p, old_size, align, new_size);
}

START_TEST(test_runs_are_resized_in_place)
{
    char *p = take(4 * SPAN, PAGE);
    memset(p, 7, 4 * SPAN);
    REQUIRE(resize(p, 4 * SPAN, PAGE, SPAN) == p);
    REQUIRE(state().used == SPAN && mappings_resident(p + SPAN, 3 * SPAN) == 0);
    REQUIRE(resize(p, SPAN, PAGE, 8 * SPAN) == p);
    pattern_require_zero(p + SPAN, 7 * SPAN);
    REQUIRE(p[0] == 7 && p[SPAN - 1] == 7);
    char *next = take(SPAN, PAGE);
    REQUIRE(resize(p, 8 * SPAN, PAGE, 9 * SPAN) == NULL);
    REQUIRE(resize(p, 8 * SPAN, PAGE, 8 * SPAN) == p);
    REQUIRE(resize(p, 8 * SPAN, PAGE, SIZE_MAX) == NULL);
    REQUIRE(resize(p, 8 * SPAN, PAGE, (size_t)PTRDIFF_MAX - PAGE + 1) == NULL);
    give(p, 8 * SPAN);
    give(next, SPAN);
    require_empty();
}
END_TEST

START_TEST(test_own_mappings_move_and_keep_their_alignment)
{
    if (fr_page_size() > PAGE)
        return; /* counts in small pages */
    static const size_t sizes[] = {6 << 20, 40 << 20, 39 << 20, 9 << 20, PAGE, 5 << 20};
    /* No valid size at all where two gigabytes may be had. */
    const size_t more_than_there_is = SIZE_MAX / (sizeof(size_t) > 4 ? 16 : 2) + 1;
    for (size_t align = PAGE; align <= 16 * MIB; align *= 64) {
        size_t size = 5 * MIB;
        char *p = take(size, align);
        pattern_fill(p, size, 1);
        char *filled_at = p;
        size_t filled = size;
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            char *moved = resize(p, size, align, sizes[i]);
            size_t least = sizes[i] < size ? sizes[i] : size;
            REQUIRE(moved != NULL && (uintptr_t)moved % align == 0);
            pattern_require_moved(moved, least, filled_at, filled, 1);
            pattern_require_zero(moved + least, sizes[i] - least);
            REQUIRE(state().own_mappings == sizes[i]);
            p = filled_at = moved;
            size = filled = sizes[i];
            pattern_fill(p, size, 1);
        }
        REQUIRE(resize(p, size, align, more_than_there_is) == NULL);
        pattern_require(p, size, 1);
        give(p, size);
        require_empty();
    }
}
END_TEST

START_TEST(test_a_small_heap_is_small)
{
    size_t granule = fr_page_size();
    char *p = take(16 * KIB, PAGE);
    REQUIRE(state().ahead <= 16 * KIB + granule);
    for (size_t i = 0; i < 8; i++)
        take(4 * KIB, PAGE);
    struct fr_mmap_state s = state();
    REQUIRE_MSG(s.ahead <= 16 * KIB + granule && s.advised == 0, "%zu ahead", s.ahead);
    REQUIRE(mappings_resident((char *)((uintptr_t)p & ~(2 * MIB - 1)), 2 * MIB) <=
            64 * KIB + 10 * granule);
    if (mappings_knows_huge_pages())
        REQUIRE(mappings_has_flag(p, "nh") && !mappings_has_flag(p, "hg"));
}
END_TEST

/* Takes spans until a block of 2 MiB is asked for as a huge page; returns a span in it. */
static char *grow_until_advised(size_t most)
{
    for (size_t i = 0; i < most / SPAN; i++) {
        char *p = take(SPAN, PAGE);
        memset(p, 8, SPAN);
        if (mappings_has_flag(p, "hg"))
            return p;
    }
    return NULL;
}

START_TEST(test_grown_heaps_ask_for_huge_pages)
{
    if (!mappings_knows_huge_pages())
        return;
    char *p = grow_until_advised(16 * MIB);
    REQUIRE(p != NULL && state().advised > 0);
    char *neighbour = take(SPAN, PAGE);
    REQUIRE(mappings_has_flag(neighbour, "hg"));
    /* A block that gives a part of itself back must not become whole again behind our back. */
    give(p, SPAN);
    REQUIRE(!mappings_has_flag(p, "hg") && mappings_has_flag(p, "nh"));
    REQUIRE(mappings_resident(p, SPAN) == 0);
}
END_TEST

START_TEST(test_purged_blocks_do_not_come_back_as_huge_pages)
{
    if (fr_page_size() > PAGE)
        return; /* counts in small pages */
    if (!mappings_knows_huge_pages())
        return;
    char *p = grow_until_advised(16 * MIB);
    REQUIRE(p != NULL);
    struct frusa_range range = {p + 2 * PAGE, fr_page_size()};
    REQUIRE(ops->purge(ops->ctx, &range, 1) == fr_page_size());
    REQUIRE(!mappings_has_flag(p, "hg"));
}
END_TEST

START_TEST(test_huge_pages_can_be_switched)
{
    if (!mappings_knows_huge_pages())
        return;
    fr_fallback_mmap_set_huge(FRUSA_HUGE_NEVER);
    REQUIRE(grow_until_advised(32 * MIB) == NULL);
    char *own = take(8 * MIB, PAGE);
    REQUIRE(mappings_has_flag(own, "nh"));
    fr_fallback_mmap_set_huge(FRUSA_HUGE_AUTO);
    REQUIRE(grow_until_advised(32 * MIB) != NULL);
    give(own, 8 * MIB);
    own = take(8 * MIB, PAGE);
    REQUIRE(mappings_has_flag(own, "hg"));
}
END_TEST

START_TEST(test_unknown_use_of_huge_pages)
{
    errno = 0;
    ck_assert_int_eq(frusa_set_huge(99), -1);
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_int_eq(frusa_set_huge(FRUSA_HUGE_AUTO), 0);
    ck_assert_int_eq(errno, 0);
}
END_TEST

START_TEST(test_huge_pages_from_the_first_byte)
{
    fr_fallback_mmap_set_huge(FRUSA_HUGE_ALWAYS);
    char *p = take(SPAN, PAGE);
    REQUIRE(!mappings_knows_huge_pages() || mappings_has_flag(p, "hg"));
    pattern_require_zero(p, SPAN);
    give(p, SPAN);
    require_empty();
}
END_TEST

START_TEST(test_a_small_chunk_of_each_kind_is_kept)
{
    char *p = take(SPAN, PAGE);
    give(p, SPAN);
    REQUIRE(state().chunks == 1);
    char *again = take(SPAN, PAGE);
    REQUIRE(again == p);
    enum { N = 4000 };
    static struct frusa_range all[N];
    take_sorted(all, N, SPAN);
    REQUIRE(state().chunks > 2);
    ops->dealloc_batch(ops->ctx, all, N, PAGE);
    REQUIRE(state().chunks <= 2 && state().used == SPAN);
    give(again, SPAN);
    require_empty();
}
END_TEST

START_TEST(test_errno_stays)
{
    errno = 77;
    char *p = take(SPAN, PAGE), *own = take(5 * MIB, PAGE);
    struct frusa_range range = {p, PAGE};
    ops->purge(ops->ctx, &range, 1);
    own = resize(own, 5 * MIB, PAGE, 50 * MIB);
    give(p, SPAN);
    give(own, 50 * MIB);
    REQUIRE(errno == 77);
}
END_TEST

static void give_twice(void *arg)
{
    char *keep = take(SPAN, PAGE), *p = take(SPAN, PAGE);
    (void)arg;
    (void)keep;
    give(p, SPAN);
    give(p, SPAN);
}

START_TEST(test_blocks_given_back_twice_end_the_process)
{
    child_run_to_abort(give_twice, NULL);
}
END_TEST

/* Random calls of all kinds on blocks of all sizes. */
static void churn(void *arg, size_t index)
{
    enum { HELD = 24 };
    struct random r = random_stream(env_seed(7), index);
    struct frusa_range held[HELD] = {{NULL, 0}};
    (void)arg;
    for (size_t i = 0; i < env_scale(1500, 60); i++) {
        struct frusa_range *h = &held[random_below(&r, HELD)];
        size_t size = (random_size(&r, 23) / PAGE + 1) * PAGE;
        if (h->ptr == NULL) {
            h->ptr = take(size, PAGE << random_below(&r, 4));
            h->size = size;
            pattern_require_zero(h->ptr, size < SPAN ? size : SPAN);
            pattern_fill(h->ptr, size, index);
            continue;
        }
        pattern_require(h->ptr, h->size, index);
        if (random_percent(&r, 30)) {
            char *moved = resize(h->ptr, h->size, PAGE, size);
            if (moved == NULL)
                continue;
            pattern_require_moved(moved, size < h->size ? size : h->size, h->ptr, h->size, index);
            h->ptr = moved;
            h->size = size;
            pattern_fill(moved, size, index);
        } else if (random_percent(&r, 20)) {
            REQUIRE(ops->purge(ops->ctx, h, 1) / fr_page_size() == h->size / fr_page_size());
            pattern_fill(h->ptr, h->size, index);
        } else {
            give(h->ptr, h->size);
            h->ptr = NULL;
        }
        if (i % 64 == 0)
            REQUIRE(fr_fallback_mmap_is_valid());
    }
    for (size_t i = 0; i < HELD; i++)
        if (held[i].ptr != NULL)
            give(held[i].ptr, held[i].size);
}

START_TEST(test_threads_share_the_provider)
{
    team_run(8, churn, NULL);
    require_empty();
}
END_TEST

static void use_child(void)
{
    fr_fallback_mmap_fork_child();
    fr_gate_open();
    child_begin("test_fallback_mmap");
    REQUIRE(fr_fallback_mmap_is_valid());
    char *p = take(SPAN, PAGE);
    pattern_require_zero(p, SPAN);
    memset(p, 9, SPAN);
    struct frusa_range two[2];
    take_sorted(two, 2, SPAN);
    ops->dealloc_batch(ops->ctx, two, 2, PAGE);
    give(p, SPAN);
    REQUIRE(fr_fallback_mmap_is_valid());
    _exit(0);
}

/* One of the threads forks as the library does. */
static void fork_or_churn(void *arg, size_t index)
{
    if (index > 0) {
        churn(arg, index);
        return;
    }
    for (size_t i = 0; i < env_scale(20, 4); i++) {
        fr_gate_close(FR_GATE_BIT(FR_RANK_PROVIDER));
        fr_fallback_mmap_fork_prepare();
        pid_t child = fork();
        if (child == 0)
            use_child();
        fr_gate_open();
        child_await(child);
    }
}

START_TEST(test_fork_among_threads)
{
    team_run(4, fork_or_churn, NULL);
    require_empty();
}
END_TEST

/* As if the forking thread's own call, or another thread's, had been populating memory at the
 * fork. */
static void fork_while_populating(void *arg)
{
    (void)arg;
    fr_mmap_provider.pending = MIB / fr_page_size();
    fr_fallback_mmap_fork_prepare();
    fr_fallback_mmap_fork_child();
    REQUIRE(fr_mmap_provider.pending == 0);
    /* A heap like any other: from its second block on it gets huge pages. */
    for (size_t i = 0; i < 4 * MIB; i += SPAN)
        take(SPAN, PAGE);
    struct fr_mmap_state state;
    fr_fallback_mmap_state(&state);
    REQUIRE(state.advised >= 2 * MIB && fr_mmap_provider.pending == 0);
}

START_TEST(test_nothing_is_pending_in_a_child)
{
    child_run(fork_while_populating, NULL);
}
END_TEST

RUNNER_MAIN("fallback_mmap", test_every_size_at_every_alignment_is_zero,
            test_requests_beyond_memory_fail, test_blocks_given_back_hold_no_memory,
            test_batches_of_every_shape, test_a_batch_over_chunks_and_own_mappings,
            test_purge_takes_whole_pages_only, test_purge_of_many_pages_in_chunks_and_outside,
            test_runs_are_resized_in_place, test_own_mappings_move_and_keep_their_alignment,
            test_a_small_heap_is_small, test_grown_heaps_ask_for_huge_pages,
            test_purged_blocks_do_not_come_back_as_huge_pages, test_huge_pages_can_be_switched,
            test_unknown_use_of_huge_pages, test_huge_pages_from_the_first_byte,
            test_a_small_chunk_of_each_kind_is_kept, test_errno_stays,
            test_blocks_given_back_twice_end_the_process, test_threads_share_the_provider,
            test_fork_among_threads, test_nothing_is_pending_in_a_child)
