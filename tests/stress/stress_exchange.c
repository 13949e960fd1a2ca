/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * 64 threads that live for a while and are replaced, each with a random mix of calls of its own,
 * exchange objects through a table, so that most are freed by another thread than the one that
 * allocated them, while four threads reclaim, walk and read statistics without a pause. Contents
 * are checked at every turn; at the end nothing is lost.
 */
#include "support/environment.h"
#include "support/fixture.h"
#include "support/parcel.h"
#include "support/random.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/walk.h"
#include "support/workload.h"

#include <stdio.h>
#include <time.h>

enum { WORKERS = 64, RECLAIMERS = 4, MAILBOXES = 512, LIFE = 3000 };

static struct fixture x;
static fr_atomic mailboxes[MAILBOXES]; /* struct parcel *, or 0 */
static fr_atomic exchanged, reclaims, lives;
static uint64_t seed;
static time_t deadline;

static void swap(fr_atomic *mailbox, struct parcel *p, struct random *r)
{
    fr_fetch_add_relaxed(&exchanged, parcel_unpack(x.f, parcel_exchange(mailbox, p), r));
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
        if (random_percent(&r, 40)) {
            struct parcel *p = parcel_pack(x.f, 14, &r);
            REQUIRE(p != NULL);
            swap(&mailboxes[random_below(&r, MAILBOXES)], p, &r);
        }
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
        swap(&mailboxes[i], NULL, &r);
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
