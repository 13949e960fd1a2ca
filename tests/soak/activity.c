/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the threads of the soak do. */
#include "activity.h"
#include "subject.h"
#include "support/child.h"
#include "support/environment.h"
#include "support/parcel.h"
#include "support/pattern.h"
#include "support/require.h"
#include "support/tools.h"
#include "support/walk.h"
#include "support/workload.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

/* A life uses up to so many instances; each of them at most that many objects of a thread. */
enum { AT_ONCE = 3, CAPACITY = 120, STEPS = 2500 };

struct tally tally;
static fr_atomic stopping;
/* Held for reading as long as a thread lives, to its very end. */
static pthread_rwlock_t lives;

void activity_init(void)
{
    tool_init_rwlock(&lives);
}

void activity_pause(void)
{
    pthread_rwlock_wrlock(&lives);
}

void activity_resume(void)
{
    pthread_rwlock_unlock(&lives);
}

void activity_stop(void)
{
    fr_store_release(&stopping, 1);
}

static int is_over(void)
{
    return fr_load_acquire(&stopping) != 0;
}

static void pause_up_to(struct random *r, long nanoseconds)
{
    struct timespec pause = {0, (long)random_below(r, (size_t)nanoseconds)};
    nanosleep(&pause, NULL);
}

/* ---- choosing subjects ---- */

struct choice {
    size_t count;
    struct subject
        *subjects[AT_ONCE]; /* in the order of the table, with the lock held for reading */
};

static struct choice choose(struct random *r, size_t count)
{
    struct choice choice = {0, {NULL}};
    size_t index = random_below(r, SUBJECTS);
    for (; choice.count < count && index < SUBJECTS; index += random_between(r, 1, 6)) {
        pthread_rwlock_rdlock(&subjects[index].lock);
        choice.subjects[choice.count++] = &subjects[index];
    }
    return choice;
}

static void let_go(const struct choice *choice)
{
    for (size_t i = 0; i < choice->count; i++)
        pthread_rwlock_unlock(&choice->subjects[i]->lock);
}

/* ---- a thread's life ---- */

static frusa_cache_t *cache_or_none(frusa_t *f, struct random *r)
{
    if (!random_percent(r, 30))
        return NULL;
    frusa_cache_t *cache = frusa_cache_create(f);
    if (cache != NULL)
        fr_fetch_add_relaxed(&tally.caches, 1);
    else
        REQUIRE(errno == ENOMEM);
    return cache;
}

static void exchange_one(struct subject *s, struct random *r)
{
    struct parcel *p = parcel_pack(s->f, 12, r);
    p = parcel_exchange(&s->mailboxes[random_below(r, MAILBOXES)], p);
    fr_fetch_add_relaxed(&tally.exchanged, parcel_unpack(s->f, p, r));
}

static void step(struct subject *s, struct workload *w, struct random *r)
{
    w->size_bits = random_below(r, 500) == 0 ? 22 : 14;
    workload_step(w);
    if (random_percent(r, 30))
        exchange_one(s, r);
    switch (random_below(r, 3000)) {
    case 0:
        frusa_reclaim(s->f);
        break;
    case 1:
        frusa_reclaim_some(s->f, random_size(r, 20));
        break;
    case 2:
        frusa_thread_flush(s->f);
        break;
    case 3:
        pause_up_to(r, 20000000); /* asleep, with full caches */
        break;
    default:
        break;
    }
}

static void spend(struct choice *choice, struct random *r, size_t steps)
{
    struct workload w[AT_ONCE];
    for (size_t i = 0; i < choice->count; i++) {
        struct subject *s = choice->subjects[i];
        workload_begin(&w[i], s->f, CAPACITY, random_next(r), i);
        w[i].may_fail = 1;
        w[i].cache = cache_or_none(s->f, r);
    }
    for (size_t n = 0; n < steps; n++) {
        size_t i = random_below(r, choice->count);
        step(choice->subjects[i], &w[i], r);
    }
    for (size_t i = 0; i < choice->count; i++) {
        workload_end(&w[i]);
        frusa_cache_destroy(w[i].cache);
        fr_fetch_add_relaxed(&tally.failures, w[i].failures);
    }
    fr_fetch_add_relaxed(&tally.steps, steps);
}

static void *live(void *seed)
{
    struct random r = random_stream((uintptr_t)seed, 0);
    struct choice choice = choose(&r, random_between(&r, 1, AT_ONCE));
    spend(&choice, &r, random_between(&r, 1, env_scale(STEPS, 50)));
    let_go(&choice);
    fr_fetch_add_relaxed(&tally.lives, 1);
    return NULL;
}

/* One life after the other, each in a thread of its own. The thread lets the instances go before
 * it ends: they may be destroyed just then. */
static void work(struct random *r)
{
    while (!is_over()) {
        pthread_t thread;
        uintptr_t seed = (uintptr_t)random_next(r);
        pthread_rwlock_rdlock(&lives);
        REQUIRE(pthread_create(&thread, NULL, live, (void *)seed) == 0);
        REQUIRE(pthread_join(thread, NULL) == 0);
        pthread_rwlock_unlock(&lives);
    }
}

/* ---- reclaimers ---- */

static void reclaim_one(struct subject *s, struct random *r)
{
    struct frusa_stats stats;
    char json[256];
    switch (random_below(r, 8)) {
    case 0:
        frusa_reclaim_some(s->f, random_size(r, 22));
        break;
    case 1:
        walk_sum(s->f);
        break;
    case 2:
        REQUIRE(frusa_get_stats(s->f, &stats) == 0);
        REQUIRE(frusa_stats_json(s->f, json, sizeof(json)) > 0);
        break;
    default:
        frusa_reclaim(s->f);
        fr_fetch_add_relaxed(&tally.reclaims, 1);
    }
}

static void reclaim(struct random *r)
{
    while (!is_over()) {
        struct choice choice = choose(r, 1);
        reclaim_one(choice.subjects[0], r);
        let_go(&choice);
        pause_up_to(r, 5000000);
    }
}

/* ---- forks ---- */

static void *live_in_child(void *choice)
{
    struct random r = random_stream((uintptr_t)getpid(), 1);
    spend(choice, &r, env_scale(300, 20));
    return NULL;
}

/* The child's instances are as they were: it goes on with them, in a new thread too, and
 * reclaims. */
static void be_child(struct choice *choice)
{
    struct random r = random_stream((uintptr_t)getpid(), 0);
    pthread_t thread;
    child_begin("soak");
    spend(choice, &r, env_scale(300, 20));
    REQUIRE(pthread_create(&thread, NULL, live_in_child, choice) == 0);
    REQUIRE(pthread_join(thread, NULL) == 0);
    for (size_t i = 0; i < choice->count; i++)
        frusa_reclaim(choice->subjects[i]->f);
    _exit(0);
}

static void fork_again(struct random *r)
{
    while (!is_over()) {
        struct choice choice = choose(r, AT_ONCE);
        pid_t child = fork();
        if (child == 0)
            be_child(&choice);
        let_go(&choice);
        child_await(child);
        fr_fetch_add_relaxed(&tally.forks, 1);
        pause_up_to(r, 100000000);
    }
}

/* ---- instances that end ---- */

static void renew(struct random *r)
{
    while (!is_over()) {
        struct subject *s = &subjects[random_below(r, SUBJECTS)];
        pthread_rwlock_wrlock(&s->lock);
        subject_end(s, r);
        subject_begin(s);
        pthread_rwlock_unlock(&s->lock);
        fr_fetch_add_relaxed(&tally.renewals, 1);
        pause_up_to(r, 200000000);
    }
}

void activity_run(void *seed, size_t index)
{
    struct random r = random_stream(*(const uint64_t *)seed, index);
    if (index < WORKERS)
        work(&r);
    else if (index < WORKERS + RECLAIMERS)
        reclaim(&r);
    else if (index < WORKERS + RECLAIMERS + FORKERS)
        fork_again(&r);
    else
        renew(&r);
}
