/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * 64 threads that live for a while and are replaced, each with a random mix of calls of its own, exchange
 * objects through a table, so that most are freed by another thread than the one that allocated them, while
 * four threads reclaim, walk and read statistics without a pause. Contents are checked at every turn; at
 * the end nothing is lost.
 */
#include "support/environment.h"
#include "support/fixture.h"
#include "support/pattern.h"
#include "support/random.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/walk.h"
#include "support/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WORKERS = 64, RECLAIMERS = 4, MAILBOXES = 512, LIFE = 3000 };

/* An object on its way to another thread. */
struct parcel {
    void *ptr;
    size_t size, align;
    uintptr_t key;
};

static struct fixture x;
static fr_atomic mailboxes[MAILBOXES]; /* struct parcel *, or 0 */
static fr_atomic exchanged, reclaims, lives;
static uint64_t seed;
static time_t deadline;

static struct parcel *pack(struct random *r)
{
    struct parcel *p = malloc(sizeof(*p));
    REQUIRE(p != NULL);
    p->size = random_size(r, 14);
    p->align = (size_t)1 << random_below(r, 8);
    p->key = (uintptr_t)random_next(r);
    p->ptr = frusa_alloc(x.f, p->size, p->align);
    REQUIRE(p->ptr != NULL);
    pattern_fill(p->ptr, p->size, p->key);
    return p;
}

static void unpack(struct parcel *p, struct random *r)
{
    if (p == NULL)
        return;
    pattern_require(p->ptr, p->size, p->key);
    if (random_percent(r, 50))
        frusa_dealloc(x.f, p->ptr, p->size, p->align);
    else
        frusa_free(x.f, p->ptr);
    free(p);
    fr_fetch_add_relaxed(&exchanged, 1);
}

/* Puts a parcel where another was, or into an empty place; returns the other. */
static struct parcel *exchange(fr_atomic *mailbox, struct parcel *p)
{
    for (;;) {
        size_t old = fr_load_acquire(mailbox);
        if (fr_cas_full(mailbox, old, (size_t)(uintptr_t)p))
            return (struct parcel *)(uintptr_t)old;
    }
}

/* One life of a worker. */
static void *live(void *stream)
{
    struct random r = random_stream(seed, (uintptr_t)stream);
    struct workload w;
    size_t steps = random_between(&r, 1, env_scale(LIFE, 100));
    workload_begin(&w, x.f, 100, seed, (uintptr_t)stream);
    w.size_bits = 16;
    if (random_percent(&r, 30)) {
        w.cache = frusa_cache_create(x.f);
        REQUIRE(w.cache != NULL);
    }
    for (size_t i = 0; i < steps; i++) {
        workload_step(&w);
        if (random_percent(&r, 40))
            unpack(exchange(&mailboxes[random_below(&r, MAILBOXES)], pack(&r)), &r);
        if (random_below(&r, 2000) == 0)
            frusa_thread_flush(x.f);
    }
    workload_end(&w);
    frusa_cache_destroy(w.cache);
    fr_fetch_add_relaxed(&lives, 1);
    return NULL;
}

static void work(size_t index)
{
    for (size_t n = 0; time(NULL) < deadline; n++) {
        pthread_t thread;
        REQUIRE(pthread_create(&thread, NULL, live, (void *)(index + n * WORKERS)) == 0);
        REQUIRE(pthread_join(thread, NULL) == 0);
    }
}

static void reclaim(size_t index)
{
    struct random r = random_stream(seed ^ 1, index);
    while (time(NULL) < deadline) {
        struct frusa_stats stats;
        switch (random_below(&r, 8)) {
        case 0:
            frusa_reclaim_some(x.f, random_size(&r, 24));
            break;
        case 1:
            walk_sum(x.f);
            break;
        case 2:
            REQUIRE(frusa_get_stats(x.f, &stats) == 0);
            break;
        default:
            frusa_reclaim(x.f);
        }
        fr_fetch_add_relaxed(&reclaims, 1);
    }
}

static void body(void *arg, size_t index)
{
    (void)arg;
    if (index < WORKERS)
        work(index);
    else
        reclaim(index - WORKERS);
}

int main(void)
{
    struct random r;
    unsigned seconds = env_seconds(5);
    seed = env_fresh_seed("stress_exchange");
    r = random_stream(seed, 0);
    watchdog_start("stress_exchange", seconds);
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    deadline = time(NULL) + seconds;
    team_run(WORKERS + RECLAIMERS, body, NULL);

    for (size_t i = 0; i < MAILBOXES; i++)
        unpack(exchange(&mailboxes[i], NULL), &r);
    walk_require_consistent(x.f, fallback_held(&x.fallback));
    frusa_reclaim(x.f);
    REQUIRE(walk_sum(x.f).spans == 0);
    REQUIRE_MSG(fallback_held(&x.fallback) <= RECORD_MAX + CACHE_MAX, "%zu bytes stay",
                fallback_held(&x.fallback));
    fixture_close(&x);
    printf(
        "stress_exchange: %zu objects changed hands in %zu lives of threads, beside %zu reclaims\n",
        fr_load_relaxed(&exchanged), fr_load_relaxed(&lives), fr_load_relaxed(&reclaims));
    return 0;
}
