/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The arena's functions, called directly. */
#include "base/gate.h"
#include "base/rank.h"
#include "providers/arena.h"

#include <frusa.h>

#include "support/child.h"
#include "support/pattern.h"
#include "support/random.h"
#include "support/require.h"
#include "support/threads.h"
#include "unit/runner.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 4096, LENGTH = 256 * PAGE, MANY = 300 };

/* The bits for LENGTH, and a bound. */
enum { MAP = LENGTH / PAGE / 8 + sizeof(size_t) };

static _Alignas(PAGE) unsigned char buffer[LENGTH + 3 * PAGE];

static void *take(struct frusa_arena *a, size_t size, size_t align)
{
    return a->ops.alloc(a->ops.ctx, size, align);
}

static void give(struct frusa_arena *a, void *p, size_t size)
{
    a->ops.dealloc(a->ops.ctx, p, size, PAGE);
}

/* Takes and overwrites every page; returns how many there are. */
static size_t take_all(struct frusa_arena *a, unsigned char *low, unsigned char *high, void **pages)
{
    size_t n = 0;
    unsigned char *p;
    while ((p = take(a, PAGE, PAGE)) != NULL) {
        REQUIRE(n < MANY && (uintptr_t)p % PAGE == 0 && p >= low && p + PAGE <= high);
        memset(p, 0xff, PAGE);
        pages[n++] = p;
    }
    return n;
}

START_TEST(test_every_buffer_is_used_almost_whole)
{
    void *pages[MANY];
    static const size_t offsets[] = {0, 1, 7, 8, 9, 31, 32, 33, 2048, 4063, 4064, 4065, 4095};
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        for (size_t len = PAGE; len <= LENGTH; len += len < 4 * PAGE ? 511 : 40007) {
            struct frusa_arena a;
            unsigned char *low = buffer + offsets[i];
            size_t lost = (PAGE - offsets[i]) % PAGE;
            size_t whole = len < lost ? 0 : (len - lost) / PAGE;
            if (frusa_arena_init(&a, low, len) != 0) {
                REQUIRE_MSG(errno == EINVAL && whole < 2, "offset %zu len %zu", offsets[i], len);
                continue;
            }
            size_t n = take_all(&a, low, low + len, pages);
            REQUIRE_MSG(n + 1 >= whole && n >= 1, "offset %zu len %zu: %zu", offsets[i], len, n);
            for (size_t k = 0; k < n; k++)
                give(&a, pages[k], PAGE);
            REQUIRE(take_all(&a, low, low + len, pages) == n);
        }
    }
}
END_TEST

START_TEST(test_the_map_lies_where_alignment_leaves_room)
{
    struct frusa_arena a;
    void *pages[MANY];
    REQUIRE(frusa_arena_init(&a, buffer + PAGE - MAP, LENGTH + MAP) == 0);
    REQUIRE(take_all(&a, buffer, buffer + sizeof(buffer), pages) == LENGTH / PAGE);
    REQUIRE(frusa_arena_init(&a, buffer, LENGTH + MAP) == 0);
    REQUIRE(take_all(&a, buffer, buffer + sizeof(buffer), pages) == LENGTH / PAGE);
    REQUIRE(frusa_arena_init(&a, buffer, LENGTH) == 0);
    REQUIRE(take_all(&a, buffer, buffer + sizeof(buffer), pages) == LENGTH / PAGE - 1);
    /* A small arena has it beside the buffer. */
    REQUIRE(frusa_arena_init(&a, buffer, 64 * PAGE) == 0);
    REQUIRE(take_all(&a, buffer, buffer + sizeof(buffer), pages) == 64);
    REQUIRE(frusa_arena_init(&a, buffer, 2 * PAGE) == 0);
    REQUIRE(take_all(&a, buffer, buffer + sizeof(buffer), pages) == 2);
}
END_TEST

START_TEST(test_arguments_are_checked)
{
    struct frusa_arena a;
    errno = 0;
    REQUIRE(frusa_arena_init(NULL, buffer, LENGTH) == -1 && errno == EINVAL);
    errno = 0;
    REQUIRE(frusa_arena_init(&a, NULL, LENGTH) == -1 && errno == EINVAL);
    errno = 0;
    REQUIRE(frusa_arena_init(&a, buffer, 0) == -1 && errno == EINVAL);
    errno = 0;
    REQUIRE(frusa_arena_init(&a, buffer, PAGE) == -1 && errno == EINVAL);
    errno = 0;
    REQUIRE(frusa_arena_init(&a, buffer, SIZE_MAX) == -1 && errno == EINVAL);
    errno = 5;
    REQUIRE(frusa_arena_init(&a, buffer, 2 * PAGE) == 0 && errno == 5);
}
END_TEST

START_TEST(test_alignments_hold_for_every_base)
{
    for (size_t shift = 0; shift < 3; shift++) {
        struct frusa_arena a;
        REQUIRE(frusa_arena_init(&a, buffer + shift * PAGE, LENGTH) == 0);
        for (size_t align = PAGE; align <= LENGTH / 4; align *= 2) {
            void *before = take(&a, PAGE, PAGE);
            void *p = take(&a, 3 * PAGE, align);
            REQUIRE(p != NULL && (uintptr_t)p % align == 0);
            give(&a, p, 3 * PAGE);
            give(&a, before, PAGE);
        }
        REQUIRE(take(&a, SIZE_MAX, PAGE) == NULL);
    }
}
END_TEST

START_TEST(test_low_addresses_first)
{
    struct frusa_arena a;
    REQUIRE(frusa_arena_init(&a, buffer, LENGTH) == 0);
    char *one = take(&a, 4 * PAGE, PAGE);
    char *two = take(&a, 4 * PAGE, PAGE);
    char *three = take(&a, 4 * PAGE, PAGE);
    REQUIRE(two == one + 4 * PAGE && three == two + 4 * PAGE);
    struct frusa_range both[] = {{one, 4 * PAGE}, {three, 4 * PAGE}};
    a.ops.dealloc_batch(a.ops.ctx, both, 2, PAGE);
    REQUIRE(take(&a, 5 * PAGE, PAGE) == three);
    REQUIRE(take(&a, 4 * PAGE, PAGE) == one);
}
END_TEST

START_TEST(test_resize_in_place_or_not_at_all)
{
    struct frusa_arena a;
    REQUIRE(frusa_arena_init(&a, buffer, LENGTH) == 0);
    char *one = take(&a, 4 * PAGE, PAGE);
    char *two = take(&a, 4 * PAGE, PAGE);
    REQUIRE(a.ops.resize(a.ops.ctx, one, 4 * PAGE, PAGE, 5 * PAGE) == NULL);
    REQUIRE(a.ops.resize(a.ops.ctx, one, 4 * PAGE, PAGE, PAGE) == one);
    REQUIRE(a.ops.resize(a.ops.ctx, one, PAGE, PAGE, 4 * PAGE) == one);
    REQUIRE(a.ops.resize(a.ops.ctx, two, 4 * PAGE, PAGE, 100 * PAGE) == two);
    REQUIRE(a.ops.resize(a.ops.ctx, two, 100 * PAGE, PAGE, LENGTH) == NULL);
    REQUIRE(a.ops.resize(a.ops.ctx, two, 100 * PAGE, PAGE, SIZE_MAX) == NULL);
    REQUIRE(take(&a, PAGE, PAGE) == two + 100 * PAGE);
    give(&a, one, 4 * PAGE);
    give(&a, two, 100 * PAGE);
    REQUIRE(take(&a, 104 * PAGE, PAGE) == one);
}
END_TEST

static void give_twice(void *arg)
{
    struct frusa_arena *a = arg;
    void *p = take(a, 4 * PAGE, PAGE);
    give(a, p, 4 * PAGE);
    give(a, p, 4 * PAGE);
}

static void give_foreign(void *arg)
{
    struct frusa_arena *a = arg;
    give(a, (char *)a->ops.ctx, PAGE);
}

START_TEST(test_wrong_blocks_end_the_process)
{
    struct frusa_arena a;
    REQUIRE(frusa_arena_init(&a, buffer, LENGTH) == 0);
    child_run_to_abort(give_twice, &a);
    child_run_to_abort(give_foreign, &a);
}
END_TEST

/* Allocates, checks and frees in an arena that others use at the same time. */
static void churn(void *arg, size_t index)
{
    struct frusa_arena *a = arg;
    struct random r = random_stream(env_seed(3), index);
    struct frusa_range held[8] = {{NULL, 0}};
    for (size_t i = 0; i < env_scale(3000, 100); i++) {
        struct frusa_range *h = &held[random_below(&r, 8)];
        if (h->ptr != NULL) {
            pattern_require(h->ptr, h->size, index);
            give(a, h->ptr, h->size);
        }
        h->size = random_between(&r, 1, 6) * PAGE;
        h->ptr = take(a, h->size, PAGE << random_below(&r, 3));
        if (h->ptr != NULL)
            pattern_fill(h->ptr, h->size, index);
    }
    for (size_t i = 0; i < 8; i++)
        if (held[i].ptr != NULL)
            give(a, held[i].ptr, held[i].size);
}

START_TEST(test_threads_share_an_arena)
{
    struct frusa_arena a;
    void *pages[MANY];
    REQUIRE(frusa_arena_init(&a, buffer, LENGTH) == 0);
    team_run(8, churn, &a);
    REQUIRE(take_all(&a, buffer, buffer + sizeof(buffer), pages) == LENGTH / PAGE - 1);
}
END_TEST

/* Forks as the library does, again and again; each child uses the arena. */
static void fork_and_use(void *arg, size_t index)
{
    struct frusa_arena *a = arg;
    if (index > 0) {
        churn(arg, index);
        return;
    }
    for (size_t i = 0; i < env_scale(20, 4); i++) {
        fr_gate_close(FR_GATE_BIT(FR_RANK_PROVIDER));
        fr_fallback_arena_fork_prepare();
        pid_t child = fork();
        if (child == 0) {
            fr_fallback_arena_fork_child();
            fr_gate_open();
            child_begin("test_fallback_arena");
            void *p = take(a, PAGE, PAGE);
            if (p != NULL)
                give(a, p, PAGE);
            _exit(0);
        }
        fr_gate_open();
        child_await(child);
    }
}

START_TEST(test_fork_among_threads)
{
    struct frusa_arena a;
    REQUIRE(frusa_arena_init(&a, buffer, LENGTH) == 0);
    team_run(4, fork_and_use, &a);
}
END_TEST

RUNNER_MAIN("fallback_arena", test_every_buffer_is_used_almost_whole,
            test_the_map_lies_where_alignment_leaves_room, test_arguments_are_checked,
            test_alignments_hold_for_every_base, test_low_addresses_first,
            test_resize_in_place_or_not_at_all, test_wrong_blocks_end_the_process,
            test_threads_share_an_arena, test_fork_among_threads)
