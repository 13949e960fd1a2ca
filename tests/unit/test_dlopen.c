/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A library that uses instances is opened and closed again, while threads that called into it live
 * on and exit. This program is not linked to libfrusa: the one library brings the shared one, the
 * other a copy.
 */
#include "dlopen_module.h"
#include "support/child.h"
#include "support/require.h"
#include "support/threads.h"
#include "unit/runner.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const modules[] = {"./.libs/dlopen_module.so", "./.libs/dlopen_copy.so",
                                      "./.libs/dlopen_resting.so"};
enum { MODULES = 2, RESTING = 2 }; /* those that destroy their instances; the one that does not */

enum { THREADS = 6 };

struct scene {
    void *handle;
    int (*use)(size_t rounds);
    size_t (*reclaim)(void);
    struct gate gate;
};

static void open_module(struct scene *s, size_t module)
{
    static const struct gate fresh = GATE_INIT;
    s->gate = fresh;
    s->handle = dlopen(modules[module], RTLD_NOW | RTLD_LOCAL);
    REQUIRE_MSG(s->handle != NULL, "%s", dlerror());
    *(void **)&s->use = dlsym(s->handle, "module_use");
    *(void **)&s->reclaim = dlsym(s->handle, "module_reclaim");
    REQUIRE(s->use != NULL && s->reclaim != NULL);
}

static void use_wait_and_exit(void *arg, size_t index)
{
    struct scene *s = arg;
    REQUIRE(s->use(100 + index) == 0);
    if (index % 2)
        s->reclaim();
    gate_wait(&s->gate);
}

START_TEST(test_close_after_the_threads)
{
    for (size_t round = 0; round < env_scale(40, 4); round++) {
        struct scene s;
        open_module(&s, round % MODULES);
        REQUIRE(s.use(1000) == 0);
        gate_open(&s.gate);
        team_run(THREADS, use_wait_and_exit, &s);
        s.reclaim();
        REQUIRE(dlclose(s.handle) == 0);
    }
}
END_TEST

/* The threads still have caches when the library goes. */
START_TEST(test_close_while_threads_live_on)
{
    for (size_t round = 0; round < env_scale(40, 4); round++) {
        struct scene s;
        struct team team;
        open_module(&s, round % MODULES);
        team_start(&team, THREADS, use_wait_and_exit, &s);
        gate_await(&s.gate, THREADS);
        REQUIRE(dlclose(s.handle) == 0);
        gate_open(&s.gate);
        team_join(&team);
    }
}
END_TEST

/* The threads are on their way out, through the library's code, just then. Only the shared library
 * stays where it is: with a copy this is the program's error. */
START_TEST(test_close_while_threads_exit)
{
    for (size_t round = 0; round < env_scale(60, 4); round++) {
        struct scene s;
        struct team team;
        open_module(&s, 0);
        team_start(&team, THREADS, use_wait_and_exit, &s);
        gate_await(&s.gate, THREADS);
        gate_open(&s.gate);
        REQUIRE(dlclose(s.handle) == 0);
        team_join(&team);
    }
}
END_TEST

struct reopening {
    struct scene first;
    struct gate gate;
};

static void use_again(void *arg, size_t index)
{
    struct reopening *r = arg;
    REQUIRE(r->first.use(100 + index) == 0);
    gate_wait(&r->first.gate);
    gate_wait(&r->gate);
    REQUIRE(r->first.use(100 + index) == 0);
}

/* The threads live on meanwhile. */
static void close_and_open_again(size_t module)
{
    static const struct gate fresh = GATE_INIT;
    struct reopening r;
    struct team team;
    open_module(&r.first, module);
    r.gate = fresh;
    team_start(&team, THREADS, use_again, &r);
    gate_await(&r.first.gate, THREADS);
    REQUIRE(dlclose(r.first.handle) == 0);
    gate_open(&r.first.gate);
    gate_await(&r.gate, THREADS);
    open_module(&r.first, module);
    gate_open(&r.gate);
    team_join(&team);
    REQUIRE(dlclose(r.first.handle) == 0);
}

/* Opened again, it serves threads that it has served before. */
START_TEST(test_open_again)
{
    for (size_t round = 0; round < env_scale(20, 2); round++)
        close_and_open_again(round % MODULES);
}
END_TEST

static void fork_and_wait(void)
{
    pid_t child = fork();
    if (child == 0) {
        child_begin("test_dlopen");
        _exit(0);
    }
    child_await(child);
}

/* The library goes without a destroy, while libfrusa stays. Afterwards the process forks, makes
 * instances, and ends threads. */
START_TEST(test_close_at_rest)
{
    struct scene other;
    open_module(&other, 0);
    for (size_t round = 0; round < env_scale(20, 2); round++) {
        struct scene s;
        struct team team;
        open_module(&s, RESTING);
        REQUIRE(s.use(1000) == 0);
        team_start(&team, THREADS, use_wait_and_exit, &s);
        gate_await(&s.gate, THREADS);
        REQUIRE(dlclose(s.handle) == 0);
        fork_and_wait();
        REQUIRE(other.use(100) == 0);
        gate_open(&s.gate);
        team_join(&team);
        fork_and_wait();
    }
    REQUIRE(dlclose(other.handle) == 0);
}
END_TEST

/* The same, but the library is opened again, perhaps where it was. */
START_TEST(test_open_again_after_rest)
{
    struct scene other;
    open_module(&other, 0);
    for (size_t round = 0; round < env_scale(20, 2); round++)
        close_and_open_again(RESTING);
    REQUIRE(dlclose(other.handle) == 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {test_close_after_the_threads,
                                  test_close_while_threads_live_on,
                                  test_close_while_threads_exit,
                                  test_open_again,
                                  test_close_at_rest,
                                  test_open_again_after_rest};
    if (access(modules[0], R_OK) != 0 || access(modules[1], R_OK) != 0 ||
        access(modules[RESTING], R_OK) != 0) {
        puts("SKIP: shared libraries are not built, so that there is nothing to open");
        return 77;
    }
    return runner_run("dlopen", tests, sizeof(tests) / sizeof(tests[0]));
}
