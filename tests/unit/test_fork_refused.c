/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A C library that has no memory to note the handlers of fork. The linker leads the library's calls
 * of pthread_atfork here (--wrap): the one at load and the next one are refused.
 */
#include "cache/instances.h"
#include "reclaim/fork.h"
#include "support/child.h"
#include "support/fixture.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/walk.h"
#include "unit/runner.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

enum { REFUSED = 2, THREADS = 4 };

static int asked;

int __real_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));
int __wrap_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));

int __wrap_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    return ++asked <= REFUSED ? ENOMEM : __real_pthread_atfork(prepare, parent, child);
}

static void use(frusa_t *f)
{
    frusa_dealloc(f, frusa_alloc(f, 100, 0), 100, 0);
}

/* Instances work without handlers, and each new one asks for them until they are noted. */
START_TEST(test_each_instance_asks_again)
{
    struct fixture x[3];
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(asked, i < REFUSED ? 1 + i : REFUSED + 1);
        fixture_open(&x[i], FALLBACK_EVERYTHING, NULL);
        use(x[i].f);
    }
    ck_assert_int_eq(asked, REFUSED + 1);
    for (int i = 0; i < 3; i++)
        fixture_close(&x[i]);
}
END_TEST

struct users {
    frusa_t *f;
    struct gate gate;
};

static void use_and_wait(void *arg, size_t index)
{
    struct users *users = arg;
    (void)index;
    use(users->f);
    gate_wait(&users->gate);
}

static size_t count_forks(void)
{
    fr_process_guard();
    size_t forks = fr_fork_count();
    fr_process_unguard();
    return forks;
}

/* From then on a child gets back what the threads had that do not exist there, of instances that
 * are older too. */
START_TEST(test_handlers_run_once_they_are_noted)
{
    struct fixture x, last;
    struct users users = {NULL, GATE_INIT};
    struct team team;
    fixture_open(&x, FALLBACK_UNTRACKED, NULL);
    users.f = x.f;
    team_start(&team, THREADS, use_and_wait, &users);
    gate_await(&users.gate, THREADS);
    fixture_open(&last, 0, NULL);
    pid_t child = fork();
    if (child == 0) {
        child_begin("test_fork_refused");
        REQUIRE(count_forks() == 1);
        use(x.f);
        frusa_reclaim(x.f);
        REQUIRE_MSG(fallback_held(&x.fallback) <= RECORD_MAX + CACHE_MAX, "%zu bytes stay",
                    fallback_held(&x.fallback));
        _exit(0);
    }
    child_await(child);
    gate_open(&users.gate);
    team_join(&team);
    fixture_close(&last);
    fixture_close(&x);
}
END_TEST

RUNNER_MAIN("fork refused", test_each_instance_asks_again, test_handlers_run_once_they_are_noted)
