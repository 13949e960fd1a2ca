/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * fork() called from where others do not call it: by a fallback, by a handler of a signal, beside
 * threads that are stopped, and around handlers of fork that use the library themselves.
 */
#include "base/gate.h"
#include "base/rank.h"
#include "cache/cache.h"
#include "support/child.h"
#include "support/fixture.h"
#include "support/require.h"
#include "support/threads.h"
#include "unit/runner.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* A thread that waits: with it the process has more than one. */
static void wait_at(void *gate, size_t index)
{
    (void)index;
    gate_wait(gate);
}

/* ---- a fallback that forks ---- */

static struct {
    int armed;      /* the next call forks */
    int is_dealloc; /* a dealloc it must be */
    int forked;
    int in_child;
} forking;

static void fork_if_armed(int is_dealloc)
{
    if (!forking.armed || forking.is_dealloc != is_dealloc)
        return;
    forking.armed = 0;
    forking.forked = 1;
    pid_t child = fork();
    if (child == 0) {
        child_begin("test_fork_around");
        forking.in_child = 1;
        return;
    }
    child_await(child);
}

static void *forking_alloc(void *ctx, size_t size, size_t align)
{
    (void)ctx;
    fork_if_armed(0);
    return frusa_fallback_mmap.alloc(frusa_fallback_mmap.ctx, size, align);
}

static void forking_dealloc(void *ctx, void *p, size_t size, size_t align)
{
    (void)ctx;
    fork_if_armed(1);
    frusa_fallback_mmap.dealloc(frusa_fallback_mmap.ctx, p, size, align);
}

static const struct frusa_fallback_ops forking_ops = {
    .alloc = forking_alloc,
    .dealloc = forking_dealloc,
};

static frusa_t *heap;

static void allocate(void)
{
    frusa_dealloc(heap, frusa_alloc(heap, 100000, 0), 100000, 0);
}

static void reclaim(void)
{
    frusa_reclaim(heap);
}

/* Ends an explicit cache whose header goes back to the fallback: the spares are full. */
static void end_cache(void)
{
    struct frusa_cache *caches[20];
    for (size_t i = 0; i < 20; i++)
        REQUIRE((caches[i] = frusa_cache_create(heap)) != NULL);
    for (size_t i = 0; i < 20; i++)
        frusa_cache_destroy(caches[i]);
}

/* Parent and child go on with the call, and end the instance, which waits for what is leaving
 * it. */
static void fork_inside(void (*call)(void), int is_dealloc)
{
    struct team team;
    struct gate gate = GATE_INIT;
    memset(&forking, 0, sizeof(forking));
    team_start(&team, 1, wait_at, &gate);
    gate_await(&gate, 1);
    REQUIRE((heap = frusa_create(&forking_ops)) != NULL);
    void *p = frusa_alloc(heap, 100, 0);
    frusa_dealloc(heap, p, 100, 0);
    forking.is_dealloc = is_dealloc;
    forking.armed = 1;
    call();
    REQUIRE(forking.forked);
    frusa_reclaim(heap);
    allocate();
    frusa_destroy(heap);
    if (forking.in_child)
        _exit(0);
    gate_open(&gate);
    team_join(&team);
}

START_TEST(test_fallback_forks_in_alloc)
{
    fork_inside(allocate, 0);
}
END_TEST

START_TEST(test_fallback_forks_in_reclaim)
{
    fork_inside(reclaim, 1);
}
END_TEST

START_TEST(test_fallback_forks_in_cache_destroy)
{
    fork_inside(end_cache, 1);
}
END_TEST

/* ---- what reclaim says in the child ---- */

static void cache_something(void *arg, size_t index)
{
    struct gate *gate = arg;
    (void)index;
    frusa_dealloc(heap, frusa_alloc(heap, 100, 0), 100, 0);
    gate_wait(gate);
}

/* The headers of the vanished threads' caches go back, and are counted. */
START_TEST(test_reclaim_counts_headers)
{
    struct team team;
    struct gate gate = GATE_INIT;
    struct fixture x;
    fixture_open(&x, FALLBACK_UNTRACKED, NULL);
    heap = x.f;
    team_start(&team, 4, cache_something, &gate);
    gate_await(&gate, 4);
    pid_t child = fork();
    if (child == 0) {
        child_begin("test_fork_around");
        size_t before = fallback_held(&x.fallback);
        size_t given = frusa_reclaim(heap);
        REQUIRE_MSG(before - fallback_held(&x.fallback) == given, "%zu bytes went, %zu said",
                    before - fallback_held(&x.fallback), given);
        _exit(0);
    }
    child_await(child);
    gate_open(&gate);
    team_join(&team);
    fixture_close(&x);
}
END_TEST

/* ---- a thread that is stopped inside ---- */

static fr_atomic is_inside, go_on;

/* As a thread that a signal stopped on a fast path. */
static void stay_inside(void *arg, size_t index)
{
    struct frusa_cache *c = arg;
    (void)index;
    fr_cache_enter(c, 1, c->fenced);
    fr_store_release(&is_inside, 1);
    while (!fr_load_acquire(&go_on))
        sched_yield();
    fr_cache_leave(c);
}

/* The fork does not wait for ever. What the cache held is lost to the child; the parent has it. */
START_TEST(test_owner_is_stopped)
{
    struct team team;
    void *p;
    fr_store_relaxed(&is_inside, 0);
    fr_store_relaxed(&go_on, 0);
    REQUIRE((heap = frusa_create(NULL)) != NULL);
    struct frusa_cache *c = frusa_cache_create(heap);
    REQUIRE((p = frusa_cache_alloc(c, 100, 0)) != NULL);
    team_start(&team, 1, stay_inside, c);
    while (!fr_load_acquire(&is_inside))
        sched_yield();
    pid_t child = fork();
    if (child == 0) {
        child_begin("test_fork_around");
        frusa_reclaim(heap);
        frusa_cache_dealloc(c, p, 100, 0);
        REQUIRE(frusa_cache_alloc(c, 100, 0) != NULL);
        frusa_cache_destroy(c);
        frusa_destroy(heap);
        _exit(0);
    }
    child_await(child);
    fr_store_release(&go_on, 1);
    team_join(&team);
    frusa_cache_dealloc(c, p, 100, 0);
    frusa_cache_destroy(c);
    frusa_destroy(heap);
}
END_TEST

static fr_lock *lock_of_class(size_t size)
{
    struct fr_heap *h = &fr_instance_of(heap)->heap;
    return &h->slabs[fr_class_of_layout(size, 0)].lock;
}

static void hold_lock(void *arg, size_t index)
{
    fr_lock *lock = arg;
    (void)index;
    fr_lock_acquire(lock, FR_RANK_SLAB);
    fr_store_release(&is_inside, 1);
    while (!fr_load_acquire(&go_on))
        sched_yield();
    fr_lock_release(lock, FR_RANK_SLAB);
}

/* Neither for a lock. The child can do what does not need it. */
START_TEST(test_holder_of_a_lock_is_stopped)
{
    struct team team;
    fr_store_relaxed(&is_inside, 0);
    fr_store_relaxed(&go_on, 0);
    REQUIRE((heap = frusa_create(NULL)) != NULL);
    team_start(&team, 1, hold_lock, lock_of_class(5000));
    while (!fr_load_acquire(&is_inside))
        sched_yield();
    pid_t child = fork();
    if (child == 0) {
        child_begin("test_fork_around");
        REQUIRE(frusa_alloc(heap, 100, 0) != NULL);
        _exit(0);
    }
    child_await(child);
    fr_store_release(&go_on, 1);
    team_join(&team);
    frusa_dealloc(heap, frusa_alloc(heap, 5000, 0), 5000, 0);
    frusa_destroy(heap);
}
END_TEST

/* ---- a handler that forks ---- */

static fr_lock *own_lock;

static void fork_in_handler(int s)
{
    (void)s;
    pid_t child = fork();
    if (child == 0)
        _exit(own_lock != NULL && fr_lock_is_free(own_lock));
    child_await(child);
}

static void interrupt_holder(void)
{
    REQUIRE((heap = frusa_create(NULL)) != NULL);
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = fork_in_handler;
    REQUIRE(sigaction(SIGUSR1, &action, NULL) == 0);
    own_lock = lock_of_class(100);
    fr_lock_acquire(own_lock, FR_RANK_SLAB);
    raise(SIGUSR1);
    fr_lock_release(own_lock, FR_RANK_SLAB);
    frusa_dealloc(heap, frusa_alloc(heap, 100, 0), 100, 0);
    frusa_destroy(heap);
}

/* The only thread is interrupted with a lock held, and forks. The lock stays its own in both
 * processes. */
START_TEST(test_only_thread_is_interrupted)
{
    interrupt_holder();
}
END_TEST

static void nothing(void *arg, size_t index)
{
    (void)arg;
    (void)index;
}

/* The same in a process that had other threads, of which the C library may not tell that they are
 * gone. */
START_TEST(test_last_thread_is_interrupted)
{
    team_run(2, nothing, NULL);
    interrupt_holder();
}
END_TEST

/* ---- handlers of fork that use the library ---- */

static int handlers_on;
static int signals_on; /* the handlers raise a signal, which forks */
static void *kept[40];

static void use_before(void)
{
    if (signals_on)
        raise(SIGUSR1);
    if (!handlers_on)
        return;
    for (size_t i = 0; i < 40; i++)
        REQUIRE((kept[i] = frusa_alloc(heap, 1 + i * 700, 0)) != NULL);
    frusa_reclaim(heap);
}

static void use_after(void)
{
    if (signals_on)
        raise(SIGUSR1);
    if (!handlers_on)
        return;
    for (size_t i = 0; i < 40; i++)
        frusa_dealloc(heap, kept[i], 1 + i * 700, 0);
    frusa_reclaim(heap);
    struct frusa_cache *c = frusa_cache_create(heap);
    REQUIRE(c != NULL);
    frusa_cache_dealloc(c, frusa_cache_alloc(c, 100, 0), 100, 0);
    frusa_cache_destroy(c);
}

/* Before the library's own, which an instance that begins asks for at the latest: in the window
 * between the library's handlers. */
__attribute__((constructor(101))) static void register_early(void)
{
    pthread_atfork(use_before, use_after, use_after);
}

static fr_atomic stop;

static void churn(void *arg, size_t index)
{
    void *objects[64] = {NULL};
    (void)arg;
    for (size_t i = index; !fr_load_relaxed(&stop); i++) {
        size_t k = i * 7 % 64;
        frusa_dealloc(heap, objects[k], 1 + k * 300, 0);
        objects[k] = frusa_alloc(heap, 1 + k * 300, 0);
    }
    for (size_t k = 0; k < 64; k++)
        frusa_dealloc(heap, objects[k], 1 + k * 300, 0);
}

START_TEST(test_handlers_use_the_library)
{
    struct team team;
    fr_store_relaxed(&stop, 0);
    REQUIRE((heap = frusa_create(NULL)) != NULL);
    team_start(&team, 3, churn, NULL);
    handlers_on = 1;
    for (size_t i = 0; i < env_scale(100, 10); i++) {
        pid_t child = fork();
        if (child == 0) {
            child_begin("test_fork_around");
            frusa_reclaim(heap);
            allocate();
            _exit(0);
        }
        child_await(child);
    }
    handlers_on = 0;
    fr_store_relaxed(&stop, 1);
    team_join(&team);
    frusa_destroy(heap);
}
END_TEST

static volatile sig_atomic_t forks_in_handlers;

static void fork_again(int s)
{
    (void)s;
    signals_on = 0;
    forks_in_handlers++;
    pid_t child = fork();
    if (child == 0) {
        child_begin("test_fork_around");
        allocate();
        _exit(0);
    }
    child_await(child);
}

/* As the handler of SIGCHLD that starts a process anew. The signal waits until the library has
 * opened its gate: the handler would wait for its own thread. */
START_TEST(test_signal_handler_forks_inside_fork)
{
    struct team team;
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = fork_again;
    REQUIRE(sigaction(SIGUSR1, &action, NULL) == 0);
    fr_store_relaxed(&stop, 0);
    REQUIRE((heap = frusa_create(NULL)) != NULL);
    team_start(&team, 2, churn, NULL);
    for (size_t i = 0; i < env_scale(100, 10); i++) {
        forks_in_handlers = 0;
        signals_on = 1;
        pid_t child = fork();
        if (child == 0) {
            child_begin("test_fork_around");
            /* Its own handler raised the signal once more. */
            REQUIRE(forks_in_handlers == 1);
            _exit(0);
        }
        signals_on = 0;
        child_await(child);
        REQUIRE(forks_in_handlers == 1);
    }
    fr_store_relaxed(&stop, 1);
    team_join(&team);
    frusa_destroy(heap);
}
END_TEST

RUNNER_MAIN("fork_around", test_fallback_forks_in_alloc, test_fallback_forks_in_reclaim,
            test_fallback_forks_in_cache_destroy, test_reclaim_counts_headers,
            test_owner_is_stopped, test_holder_of_a_lock_is_stopped,
            test_only_thread_is_interrupted, test_last_thread_is_interrupted,
            test_handlers_use_the_library, test_signal_handler_forks_inside_fork)
