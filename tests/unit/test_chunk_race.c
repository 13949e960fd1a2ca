/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The mmap provider when other threads use it while one maps a chunk. The linker leads the
 * library's calls of mmap here (--wrap), so that what the others do happens at that very moment.
 */
#include "providers/mmap.h"

#include <frusa.h>

#include "providers/mmap_state.h"
#include "support/require.h"
#include "unit/runner.h"

#include <stdint.h>
#include <sys/mman.h>

enum { PAGE = 4096, SPAN = 64 << 10, CHUNK = 8 << 20, SPANS = CHUNK / SPAN };

static const struct frusa_fallback_ops *const ops = &frusa_fallback_mmap;

/* What the others do; NULL: nothing. */
static void (*meanwhile)(void);

void *__real_mmap(void *hint, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *hint, size_t size, int protection, int flags, int fd, off_t offset);

void *__wrap_mmap(void *hint, size_t size, int protection, int flags, int fd, off_t offset)
{
    void (*act)(void) = meanwhile;
    meanwhile = NULL;
    if (act != NULL)
        act();
    return __real_mmap(hint, size, protection, flags, fd, offset);
}

static char *take(void)
{
    char *p = ops->alloc(ops->ctx, SPAN, PAGE);
    REQUIRE(p != NULL);
    return p;
}

static void give(char *p)
{
    ops->dealloc(ops->ctx, p, SPAN, PAGE);
}

static void require_chunks(size_t n)
{
    struct fr_mmap_state state;
    REQUIRE(fr_fallback_mmap_is_valid());
    fr_fallback_mmap_state(&state);
    REQUIRE_MSG(state.chunks == n, "%zu chunks", state.chunks);
}

/* The spans of the first chunk, which they fill, and those that the others took. */
static char *spans[SPANS], *others[SPANS];

static void fill_chunk(char **all)
{
    for (size_t i = 0; i < SPANS; i++)
        all[i] = take();
}

static void empty_chunk(char **all)
{
    for (size_t i = 0; i < SPANS; i++)
        give(all[i]);
}

/* Takes a span for which a chunk has to be mapped, beside `act`. */
static char *take_beside(void (*act)(void))
{
    meanwhile = act;
    char *p = take();
    REQUIRE(meanwhile == NULL);
    return p;
}

static void give_one(void)
{
    give(spans[5]);
}

/* The span comes from there. No chunk is added: nothing would be taken from it, so nothing would
 * be given back to it, and it would never go. */
START_TEST(test_a_span_is_given_back)
{
    fill_chunk(spans);
    require_chunks(1);
    char *p = take_beside(give_one);
    ck_assert_ptr_eq(p, spans[5]);
    require_chunks(1);
    empty_chunk(spans);
    REQUIRE(fr_fallback_mmap_let_go());
    require_chunks(0);
}
END_TEST

static void take_one(void)
{
    others[0] = take();
}

START_TEST(test_a_chunk_is_added)
{
    fill_chunk(spans);
    char *p = take_beside(take_one);
    require_chunks(2);
    give(p);
    give(others[0]);
    require_chunks(2);
    empty_chunk(spans);
    require_chunks(1);
}
END_TEST

static void take_chunk(void)
{
    fill_chunk(others);
}

START_TEST(test_a_chunk_is_added_and_filled)
{
    fill_chunk(spans);
    char *p = take_beside(take_chunk);
    require_chunks(3);
    give(p);
    empty_chunk(others);
    empty_chunk(spans);
    require_chunks(1);
}
END_TEST

RUNNER_MAIN("chunk race", test_a_span_is_given_back, test_a_chunk_is_added,
            test_a_chunk_is_added_and_filled)
