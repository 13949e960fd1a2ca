/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Locks and waiting by themselves. */
#include "base/lock.h"
#include "port/wait.h"
#include "support/child.h"
#include "support/require.h"
#include "support/threads.h"
#include "unit/runner.h"

#include <errno.h>
#include <time.h>

enum { THREADS = 8 };

/* What the lock covers: not atomic, so that a second holder would show. */
struct scene {
    fr_lock lock;
    size_t inside;
    size_t rounds;
    size_t each;
    size_t tried; /* rounds that fr_lock_try won */
    unsigned nap; /* every so many rounds the holder sleeps, so that the others do */
};

static void sleep_briefly(void)
{
    const struct timespec t = {0, 200000};
    nanosleep(&t, NULL);
}

static void hold(struct scene *s)
{
    REQUIRE(s->inside++ == 0);
    s->rounds++;
    if (s->nap && s->rounds % s->nap == 0)
        sleep_briefly();
    REQUIRE(s->inside-- == 1);
}

static void take_and_release(void *arg, size_t index)
{
    struct scene *s = arg;
    (void)index;
    for (size_t i = 0; i < s->each; i++) {
        fr_lock_acquire(&s->lock, FR_RANK_SLAB);
        hold(s);
        fr_lock_release(&s->lock, FR_RANK_SLAB);
    }
}

static void take_or_try(void *arg, size_t index)
{
    struct scene *s = arg;
    for (size_t i = 0; i < s->each; i++) {
        int got = index % 2 == 0 && fr_lock_try(&s->lock, FR_RANK_SLAB);
        if (!got)
            fr_lock_acquire(&s->lock, FR_RANK_SLAB);
        s->tried += (size_t)got;
        hold(s);
        fr_lock_release(&s->lock, FR_RANK_SLAB);
    }
}

static void run(void (*body)(void *arg, size_t index), size_t each, unsigned nap)
{
    struct scene s = {.each = each, .nap = nap};
    team_run(THREADS, body, &s);
    ck_assert_uint_eq(s.rounds, THREADS * each);
    ck_assert_uint_le(s.tried, s.rounds);
    ck_assert_uint_eq(fr_load_u32_relaxed(&s.lock.state), FR_LOCK_FREE);
}

START_TEST(test_one_holder_at_a_time)
{
    run(take_and_release, env_scale(100000, 2000), 0);
}
END_TEST

/* Holders that sleep: the others go to sleep too, and each is woken. */
START_TEST(test_waiters_that_sleep)
{
    run(take_and_release, env_scale(400, 100), 7);
}
END_TEST

START_TEST(test_tries_among_waiters)
{
    run(take_or_try, env_scale(20000, 1000), 501);
}
END_TEST

START_TEST(test_states)
{
    fr_lock lock = {{0}};
    fr_lock_acquire(&lock, FR_RANK_SLAB);
    ck_assert_uint_eq(fr_load_u32_relaxed(&lock.state), FR_LOCK_TAKEN);
    ck_assert(!fr_lock_try(&lock, FR_RANK_SLAB));
    fr_lock_release(&lock, FR_RANK_SLAB);
    ck_assert_uint_eq(fr_load_u32_relaxed(&lock.state), FR_LOCK_FREE);
    ck_assert(fr_lock_try(&lock, FR_RANK_SLAB));
    /* As in the child of a fork, whose holder and sleepers are not there. */
    fr_lock_reset(&lock);
    ck_assert_uint_eq(fr_load_u32_relaxed(&lock.state), FR_LOCK_FREE);
    fr_lock_rank_pop(FR_RANK_SLAB);
    fr_lock_acquire(&lock, FR_RANK_SLAB);
    fr_lock_release(&lock, FR_RANK_SLAB);
}
END_TEST

/* ---- waiting ---- */

struct word {
    fr_atomic_u32 value;
    fr_atomic woken;
};

static void wait_for_change(void *arg, size_t index)
{
    struct word *w = arg;
    (void)index;
    while (fr_load_u32_relaxed(&w->value) == 7)
        fr_wait_on(&w->value, 7);
    fr_fetch_add_relaxed(&w->woken, 1);
}

START_TEST(test_wait_on_a_word)
{
    static struct word w;
    struct team team;
    fr_store_u32_relaxed(&w.value, 7);
    fr_wait_on(&w.value, 8); /* not its value: returns at once */
    team_start(&team, THREADS, wait_for_change, &w);
    sleep_briefly();
    ck_assert_uint_eq(fr_load_relaxed(&w.woken), 0);
    fr_store_u32_relaxed(&w.value, 8);
    for (size_t i = 0; i < THREADS; i++)
        fr_wake_one(&w.value);
    team_join(&team);
    ck_assert_uint_eq(fr_load_relaxed(&w.woken), THREADS);
}
END_TEST

/* It sleeps longer and longer, but neither for ever nor until the rounds overflow; errno is the
 * caller's. */
START_TEST(test_back_off)
{
    unsigned round = 0;
    unsigned longest = 0;
    errno = EDOM;
    for (unsigned i = 1; i <= 100; i++) {
        unsigned before = round;
        fr_back_off(&round);
        REQUIRE(round == before + 1 || (round == before && i > 40));
        longest = round > longest ? round : longest;
    }
    ck_assert_int_eq(errno, EDOM);
    ck_assert_uint_gt(longest, 40);
    ck_assert_uint_lt(longest, 90);
}
END_TEST

/* ---- ranks, in debug builds ---- */

#if defined(FR_DEBUG)
static fr_lock outer_lock, inner_lock;

static void take_in_order(void *arg)
{
    (void)arg;
    fr_lock_assert_none();
    fr_lock_acquire(&outer_lock, FR_RANK_PROCESS);
    fr_lock_acquire(&inner_lock, FR_RANK_SLAB);
    fr_lock_release(&outer_lock, FR_RANK_PROCESS);
    fr_lock_release(&inner_lock, FR_RANK_SLAB);
    fr_lock_assert_none();
}

static void take_out_of_order(void *arg)
{
    (void)arg;
    fr_lock_acquire(&inner_lock, FR_RANK_SLAB);
    fr_lock_acquire(&outer_lock, FR_RANK_PROCESS);
}

static void take_the_same_rank(void *arg)
{
    (void)arg;
    fr_lock_acquire(&inner_lock, FR_RANK_SLAB);
    fr_lock_acquire(&outer_lock, FR_RANK_SLAB);
}

static void call_out_under_a_lock(void *arg)
{
    (void)arg;
    fr_lock_acquire(&inner_lock, FR_RANK_SLAB);
    fr_lock_assert_none();
}

START_TEST(test_ranks)
{
    child_run(take_in_order, NULL);
    child_run_to_abort(take_out_of_order, NULL);
    child_run_to_abort(take_the_same_rank, NULL);
    child_run_to_abort(call_out_under_a_lock, NULL);
}
END_TEST
#else
START_TEST(test_ranks)
{
    /* Other builds do not check them; these do nothing. */
    fr_lock_rank_push(FR_RANK_SLAB);
    fr_lock_rank_push(FR_RANK_PROCESS);
    fr_lock_assert_none();
}
END_TEST
#endif

RUNNER_MAIN("locks", test_one_holder_at_a_time, test_waiters_that_sleep, test_tries_among_waiters,
            test_states, test_wait_on_a_word, test_back_off, test_ranks)
