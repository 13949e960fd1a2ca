/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Beginnings and ends, all at once: threads come and go, some of them with destructors of
 * thread-local data that go on allocating; instances, created and static, are destroyed and begin
 * again while threads that have caches of them live on or exit; explicit caches come and go; two
 * threads reclaim everything; and the process forks in the middle of it, where the child
 * allocates, frees, reclaims and starts threads. Contents are checked all the time, and at the end
 * nothing is left.
 */
#include "support/child.h"
#include "support/environment.h"
#include "support/fixture.h"
#include "support/random.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/tools.h"
#include "support/walk.h"
#include "support/workload.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SEATS = 6, RECLAIMERS = 2, RECYCLERS = 2, FORKERS = 1, PLACES = 24, KEYS = 4, STAY = 200 };

/* An instance that is destroyed now and then: users hold the lock for reading, who destroys it for
 * writing. */
struct place {
    pthread_rwlock_t lock;
    struct counting_fallback fallback;
    frusa_t *f;
};

static struct place places[PLACES]; /* the first one holds the static instance */
static frusa_t static_heap = FRUSA_2M_INITIALIZER(&places[0].fallback.ops);
static struct fixture shared; /* lives as long as the program; forked children use it */
static pthread_key_t keys[KEYS];
static fr_atomic lives, ends, forks, reclaims;
static uint64_t seed;
static time_t deadline;
static int in_child; /* where locks that vanished threads held are held for ever */

static void use(frusa_t *f, struct random *r, size_t steps)
{
    struct workload w;
    workload_begin(&w, f, 40, random_next(r), 0);
    w.size_bits = 13;
    if (random_percent(r, 20))
        REQUIRE((w.cache = frusa_cache_create(f)) != NULL);
    workload_run(&w, steps);
    workload_end(&w);
    frusa_cache_destroy(w.cache);
    if (random_percent(r, 10))
        frusa_thread_flush(f);
}

static void use_a_place(struct random *r, size_t steps)
{
    struct place *p = &places[random_below(r, PLACES)];
    pthread_rwlock_rdlock(&p->lock);
    use(p->f, r, steps);
    pthread_rwlock_unlock(&p->lock);
}

/* Runs as a destructor, up to three times for each key of a thread; the library's own has its turn
 * somewhere between. */
static void use_at_exit(void *value)
{
    size_t rounds = (size_t)value & 3;
    struct random r = random_stream(seed, (uintptr_t)value);
    use(shared.f, &r, 20);
    if (in_child)
        /* what a thread left that vanished in its destructors, where the C library keeps it */
        return;
    use_a_place(&r, 20);
    if (rounds > 1)
        pthread_setspecific(keys[random_below(&r, KEYS)], (void *)((size_t)value - 1));
}

static void *live(void *stream)
{
    struct random r = random_stream(seed, (uintptr_t)stream);
    size_t visits = random_between(&r, 1, 6);
    for (size_t k = 0; k < KEYS; k++)
        if (random_percent(&r, 40))
            pthread_setspecific(keys[k],
                                (void *)(uintptr_t)((random_next(&r) | 3) - random_below(&r, 3)));
    use(shared.f, &r, 50);
    for (size_t i = 0; i < visits; i++)
        use_a_place(&r, STAY);
    fr_fetch_add_relaxed(&lives, 1);
    return NULL;
}

/* One thread after the other. */
static void take_the_seat(size_t index)
{
    for (size_t n = 0; time(NULL) < deadline; n++) {
        pthread_t thread;
        REQUIRE(pthread_create(&thread, NULL, live, (void *)(index + n * SEATS)) == 0);
        REQUIRE(pthread_join(thread, NULL) == 0);
    }
}

static void begin_place(struct place *p)
{
    if (p == &places[0])
        p->f = &static_heap;
    else
        REQUIRE((p->f = frusa_create(&p->fallback.ops)) != NULL);
}

static void end_place(struct place *p)
{
    frusa_destroy(p->f);
    fallback_require_empty(&p->fallback);
}

static void recycle(size_t index)
{
    struct random r = random_stream(seed ^ 2, index);
    while (time(NULL) < deadline) {
        struct place *p = &places[random_percent(&r, 20) ? 0 : random_below(&r, PLACES)];
        void *left;
        pthread_rwlock_wrlock(&p->lock);
        while (stats_live_bytes(p->f) != 0)
            sched_yield(); /* a thread that ends is emptying its cache: the watchdog bounds this */
        REQUIRE((left = frusa_alloc(p->f, 1000, 0)) != NULL); /* goes with it */
        end_place(p);
        begin_place(p);
        pthread_rwlock_unlock(&p->lock);
        fr_fetch_add_relaxed(&ends, 1);
    }
}

static void reclaim(size_t index)
{
    struct random r = random_stream(seed ^ 1, index);
    while (time(NULL) < deadline) {
        struct place *p = &places[random_below(&r, PLACES)];
        frusa_reclaim(shared.f);
        pthread_rwlock_rdlock(&p->lock);
        frusa_reclaim(p->f);
        pthread_rwlock_unlock(&p->lock);
        fr_fetch_add_relaxed(&reclaims, 1);
    }
}

static void use_and_reclaim(void *arg, size_t index)
{
    struct random r = random_stream(*(uint64_t *)arg, index);
    use(shared.f, &r, 50);
    frusa_reclaim(shared.f);
    use(shared.f, &r, 50);
}

static void live_on_in_the_child(uint64_t stream)
{
    struct random r = random_stream(seed ^ 3, stream);
    child_begin("stress_life");
    in_child = 1;
    use(shared.f, &r, 100);
    frusa_reclaim(shared.f);
    if (env_child_may_start_threads())
        team_run(3, use_and_reclaim, &stream);
    frusa_reclaim(shared.f);
}

static void fork_again_and_again(void)
{
    for (uint64_t n = 0; time(NULL) < deadline && env_child_may_use_malloc(); n++) {
        pid_t child = fork();
        if (child == 0) {
            live_on_in_the_child(n);
            _exit(0);
        }
        child_await(child);
        fr_fetch_add_relaxed(&forks, 1);
    }
}

static void body(void *arg, size_t index)
{
    (void)arg;
    if (index < SEATS)
        take_the_seat(index);
    else if ((index -= SEATS) < RECLAIMERS)
        reclaim(index);
    else if ((index -= RECLAIMERS) < RECYCLERS)
        recycle(index);
    else
        fork_again_and_again();
}

int main(void)
{
    unsigned seconds = env_seconds(2);
    seed = env_fresh_seed("stress_life");
    watchdog_start("stress_life", seconds);
    for (size_t k = 0; k < KEYS / 2; k++)
        REQUIRE(pthread_key_create(&keys[k], use_at_exit) == 0);
    /* A table of blocks would be locked in a child. */
    fixture_open(&shared, FALLBACK_PURGE | FALLBACK_BATCH | FALLBACK_UNTRACKED, NULL);
    frusa_free(shared.f, frusa_malloc(shared.f, 1)); /* the library makes its own key */
    for (size_t k = KEYS / 2; k < KEYS; k++)
        REQUIRE(pthread_key_create(&keys[k], use_at_exit) == 0);
    for (size_t i = 0; i < PLACES; i++) {
        tool_init_rwlock(&places[i].lock);
        fallback_init(&places[i].fallback, i % 2 ? FALLBACK_EVERYTHING : 0);
        begin_place(&places[i]);
    }
    deadline = time(NULL) + seconds;
    team_run(SEATS + RECLAIMERS + RECYCLERS + FORKERS, body, NULL);

    for (size_t i = 0; i < PLACES; i++) {
        REQUIRE(stats_live_bytes(places[i].f) == 0);
        frusa_reclaim(places[i].f);
        REQUIRE_MSG(fallback_held(&places[i].fallback) <= RECORD_MAX + CACHE_MAX, "%zu bytes stay",
                    fallback_held(&places[i].fallback));
        end_place(&places[i]);
    }
    frusa_reclaim(shared.f);
    REQUIRE_MSG(fallback_held(&shared.fallback) <= RECORD_MAX + CACHE_MAX, "%zu bytes stay",
                fallback_held(&shared.fallback));
    fixture_close(&shared);
    printf("stress_life: %zu lives of threads, %zu ends of instances, %zu forks, %zu reclaims\n",
           fr_load_relaxed(&lives), fr_load_relaxed(&ends), fr_load_relaxed(&forks),
           fr_load_relaxed(&reclaims));
    return 0;
}
