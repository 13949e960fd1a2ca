/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Services: threads that work on an instance. Who starts, ends and forgets them. */
#include "service/service.h"
#include "port/wait.h"
#include "support/child.h"
#include "support/fixture.h"
#include "support/require.h"
#include "support/threads.h"
#include "unit/runner.h"

#include <sched.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* What all services of a test did. */
static struct {
    fr_atomic runs, ends, closes;
} seen;

struct idler {
    struct fr_service service;
    fr_atomic_u32 signal;
    fr_atomic stops_itself;
};

static void require_shape_of_the_thread(void)
{
    char name[16] = "";
    sigset_t blocked;
    REQUIRE(prctl(PR_GET_NAME, name, 0, 0, 0) == 0);
    REQUIRE(strcmp(name, "frusa-idler") == 0);
    REQUIRE(pthread_sigmask(SIG_BLOCK, NULL, &blocked) == 0);
    REQUIRE(sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGUSR1) == 1);
}

static void wake(struct fr_service *s)
{
    struct idler *idler = (struct idler *)s;
    fr_store_u32_release(&idler->signal, 1);
    fr_wake_one(&idler->signal);
}

static const struct fr_service_kind idlers, others;

static void idle(struct fr_service *s)
{
    struct idler *idler = (struct idler *)s;
    fr_fetch_add_relaxed(&seen.runs, 1);
    require_shape_of_the_thread();
    if (fr_load_relaxed(&idler->stops_itself))
        fr_service_stop(s->instance, &idlers);
    while (!fr_service_is_ending(s))
        fr_wait_on(&idler->signal, 0);
    fr_fetch_add_relaxed(&seen.ends, 1);
}

static void note_close(struct fr_service *s)
{
    (void)s;
    fr_fetch_add_relaxed(&seen.closes, 1);
}

static const struct fr_service_kind idlers = {.name = "frusa-idler",
                                              .record_bytes = sizeof(struct idler),
                                              .run = idle,
                                              .wake = wake,
                                              .close = note_close};
static const struct fr_service_kind others = {.name = "frusa-idler",
                                              .record_bytes = sizeof(struct idler),
                                              .run = idle,
                                              .wake = wake,
                                              .close = note_close};

/* Returns when the thread runs: a service that is ended before need not run at all. */
static int start(frusa_t *f, const struct fr_service_kind *kind)
{
    struct fr_service *s = fr_service_new(kind, f);
    size_t runs = fr_load_relaxed(&seen.runs);
    REQUIRE(s != NULL);
    int error = fr_service_start(s);
    while (!error && fr_load_relaxed(&seen.runs) == runs)
        sched_yield();
    return error;
}

static void require_seen(size_t runs, size_t ends, size_t closes)
{
    REQUIRE(fr_load_relaxed(&seen.runs) == runs);
    REQUIRE(fr_load_relaxed(&seen.ends) == ends);
    REQUIRE(fr_load_relaxed(&seen.closes) == closes);
}

static void ignore(struct fr_service *s, void *arg)
{
    (void)s;
    (void)arg;
}

START_TEST(test_one_of_each_kind)
{
    struct fixture x, y;
    fixture_open(&x, 0, NULL);
    fixture_open(&y, 0, NULL);
    fr_service_stop(x.f, &idlers); /* none: nothing happens */
    ck_assert_int_eq(start(x.f, &idlers), 0);
    ck_assert_int_eq(start(x.f, &idlers), EBUSY);
    ck_assert_int_eq(start(x.f, &others), 0);
    ck_assert_int_eq(start(y.f, &idlers), 0);
    ck_assert(fr_service_visit(x.f, &others, ignore, NULL));
    fr_service_stop(x.f, &others);
    ck_assert(!fr_service_visit(x.f, &others, ignore, NULL));
    ck_assert(fr_service_visit(x.f, &idlers, ignore, NULL));
    fr_service_stop(x.f, &idlers);
    ck_assert_int_eq(start(x.f, &idlers), 0);
    fr_service_stop(x.f, &idlers);
    fr_service_stop(y.f, &idlers);
    require_seen(4, 4, 5); /* the one that was refused is closed, too */
    fixture_close(&x);
    fixture_close(&y);
}
END_TEST

START_TEST(test_destroy_ends_all)
{
    struct fixture x, y;
    fixture_open(&x, 0, NULL);
    fixture_open(&y, 0, NULL);
    ck_assert_int_eq(start(x.f, &idlers), 0);
    ck_assert_int_eq(start(x.f, &others), 0);
    ck_assert_int_eq(start(y.f, &idlers), 0);
    fixture_close(&x);
    require_seen(3, 2, 2);
    ck_assert(fr_service_visit(y.f, &idlers, ignore, NULL));
    fixture_close(&y);
    require_seen(3, 3, 3);
}
END_TEST

START_TEST(test_a_service_may_end_itself)
{
    struct fixture x;
    unsigned round = 0;
    fixture_open(&x, 0, NULL);
    struct fr_service *s = fr_service_new(&idlers, x.f);
    ck_assert_ptr_nonnull(s);
    fr_store_relaxed(&((struct idler *)s)->stops_itself, 1);
    ck_assert_int_eq(fr_service_start(s), 0);
    while (!fr_load_relaxed(&seen.closes))
        fr_back_off(&round);
    fixture_close(&x);
    require_seen(1, 1, 1);
}
END_TEST

static void start_and_stop(void *arg, size_t index)
{
    for (int turn = 0; turn < 200; turn++) {
        if ((index + (size_t)turn) % 2 == 0) {
            int error = start(arg, &idlers);
            REQUIRE(error == 0 || error == EBUSY);
        } else {
            fr_service_stop(arg, &idlers);
        }
    }
}

START_TEST(test_threads_start_and_stop)
{
    struct fixture x;
    fixture_open(&x, 0, NULL);
    team_run(4, start_and_stop, x.f);
    fixture_close(&x);
    ck_assert_uint_eq(fr_load_relaxed(&seen.runs), fr_load_relaxed(&seen.ends));
}
END_TEST

/* The child starts from nothing, and may start its own. */
static void in_child(void *f)
{
    REQUIRE(!fr_service_visit(f, &idlers, ignore, NULL));
    fr_service_stop(f, &idlers);
    REQUIRE(start(f, &idlers) == 0);
    REQUIRE(start(f, &idlers) == EBUSY);
    fr_service_stop(f, &idlers);
}

START_TEST(test_fork)
{
    struct fixture x;
    fixture_open(&x, 0, NULL);
    ck_assert_int_eq(start(x.f, &idlers), 0);
    for (int turn = 0; turn < 10; turn++)
        child_run(in_child, x.f);
    ck_assert(fr_service_visit(x.f, &idlers, ignore, NULL));
    fixture_close(&x);
}
END_TEST

static void require_all_ended(void)
{
    if (fr_load_relaxed(&seen.ends) != 2 || fr_load_relaxed(&seen.closes) != 2)
        _exit(1);
}

static void exit_with_services(void *f)
{
    REQUIRE(atexit(require_all_ended) == 0); /* runs after what is registered later */
    REQUIRE(start(f, &idlers) == 0);
    REQUIRE(start(f, &others) == 0);
    exit(0);
}

/* exit ends services before what the program's fallback is made of may go. */
START_TEST(test_exit)
{
    struct fixture x;
    fixture_open(&x, 0, NULL);
    child_run(exit_with_services, x.f);
    fixture_close(&x);
}
END_TEST

RUNNER_MAIN("service", test_one_of_each_kind, test_destroy_ends_all, test_a_service_may_end_itself,
            test_threads_start_and_stop, test_fork, test_exit)
