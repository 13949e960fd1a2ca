/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Threads under a shortage. */
#include "crowd.h"
#include "stage.h"
#include "support/check_instance.h"
#include "support/environment.h"
#include "support/pattern.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/walk.h"
#include "support/workload.h"

#include <errno.h>

enum { CAPACITY = 150 };

/* All memory of the threads' own is there before the shortage begins, and nobody ends before it
 * does. */
struct crowd {
    frusa_t *f;
    size_t steps;
    struct gate begin, end;
    fr_atomic failed, reclaims, partial, done;
};

/* A large object that grows, which a fallback may do by resizing. Returns the calls that failed. */
static size_t grow_large(frusa_t *f)
{
    size_t size = (size_t)5 << 20;
    void *p = frusa_malloc(f, size);
    if (p == NULL)
        return 1;
    pattern_fill(p, size, 0);
    void *q = frusa_resize(f, p, 2 * size);
    if (q != NULL)
        pattern_require_moved(q, size, p, size, 0);
    else
        pattern_require(p, size, 0);
    frusa_free(f, q != NULL ? q : p);
    return q == NULL;
}

static void work(struct crowd *c, size_t index)
{
    size_t failed = 0;
    struct workload w;
    workload_begin(&w, c->f, CAPACITY, env_seed(80), index);
    w.may_fail = 1;
    gate_wait(&c->begin);
    for (size_t i = 0; i < c->steps; i++) {
        w.size_bits = i % 64 == 0 ? 23 : 15;
        workload_step(&w);
        if (w.cache == NULL && i % 128 == index)
            w.cache = frusa_cache_create(c->f);
        if (i % 256 == index)
            failed += grow_large(c->f);
    }
    fr_fetch_add_relaxed(&c->done, 1);
    gate_wait(&c->end);
    workload_end(&w);
    frusa_cache_destroy(w.cache);
    fr_fetch_add_relaxed(&c->failed, w.failures + failed);
}

static void reclaim(struct crowd *c, size_t others)
{
    gate_wait(&c->begin);
    do {
        errno = 0;
        frusa_reclaim(c->f);
        REQUIRE_MSG(errno == 0 || errno == EPERM, "errno %d", errno);
        fr_fetch_add_relaxed(&c->partial, errno == EPERM);
        fr_fetch_add_relaxed(&c->reclaims, 1);
    } while (fr_load_relaxed(&c->done) < others);
    gate_wait(&c->end);
}

struct job {
    struct crowd crowd;
    size_t threads;
};

static void body(void *arg, size_t index)
{
    struct job *job = arg;
    if (index < job->threads)
        work(&job->crowd, index);
    else
        reclaim(&job->crowd, job->threads);
}

void crowd_require_whole(frusa_t *f)
{
    REQUIRE_MSG(stats_live_bytes(f) == 0, "%zu bytes are live", stats_live_bytes(f));
    support_check_instance(f);
    stage_require_usable(f);
    errno = 0;
    frusa_reclaim(f);
    REQUIRE_MSG(errno == 0, "reclaim: errno %d", errno);
    struct frusa_stats s;
    REQUIRE(frusa_get_stats(f, &s) == 0);
    REQUIRE_MSG(s.allocated_from_fallback <= RECORD_MAX + CACHE_MAX, "%zu bytes stay",
                s.allocated_from_fallback);
    REQUIRE(walk_sum(f).spans == 0);
    /* The record and headers of caches: a lost descriptor would keep a span of metadata. */
    REQUIRE_MSG(s.allocated_from_fallback == s.in_use_metadata, "%zu bytes stay, %zu in use",
                s.allocated_from_fallback, s.in_use_metadata);
}

void crowd_run(frusa_t *f, size_t threads, size_t steps, const struct shortage *shortage,
               struct crowd_result *result)
{
    static struct job job = {.crowd = {.begin = GATE_INIT, .end = GATE_INIT}};
    struct team team;
    job.threads = threads;
    job.crowd.f = f;
    job.crowd.steps = steps;
    team_start(&team, threads + 1, body, &job);
    gate_await(&job.crowd.begin, threads + 1);
    result->impossible = !shortage->begin(shortage->arg);
    if (result->impossible)
        return; /* the process ends */
    gate_open(&job.crowd.begin);
    gate_await(&job.crowd.end, threads + 1);
    shortage->end(shortage->arg);
    gate_open(&job.crowd.end);
    team_join(&team);
    result->failed = fr_load_relaxed(&job.crowd.failed);
    result->reclaims = fr_load_relaxed(&job.crowd.reclaims);
    result->partial = fr_load_relaxed(&job.crowd.partial);
    crowd_require_whole(f);
    frusa_destroy(f);
}
