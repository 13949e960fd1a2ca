/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A fallback whose every call blocks until another thread has been through all of the library on
 * the same instance; the first allocation and the first batch given back for a second more, with
 * another such round after it. If a lock were held during a fallback call, or a mutator waited for
 * one, this would hang.
 */
#include "drive.h"
#include "support/environment.h"
#include "support/pattern.h"
#include "support/require.h"
#include "support/tools.h"
#include "support/walk.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

/* The other thread, and the request that it works on. */
static struct {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    frusa_t *request; /* the instance to go through; NULL: none */
    int quit;
    size_t rounds;
} other = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static _Thread_local int is_other;
static unsigned seconds_slept;

static void go_through(frusa_t *f)
{
    static const size_t sizes[] = {1, 100, 1000, 5000, 100000, 3 << 20};
    struct frusa_stats s;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        void *p = frusa_alloc_zeroed(f, sizes[i], 0);
        REQUIRE(p != NULL);
        pattern_fill(p, sizes[i], 0);
        void *q = frusa_realloc(f, p, sizes[i], 0, sizes[i] * 2);
        REQUIRE(q != NULL);
        pattern_require_moved(q, sizes[i], p, sizes[i], 0);
        frusa_dealloc(f, q, sizes[i] * 2, 0);
    }
    frusa_cache_t *cache = frusa_cache_create(f);
    REQUIRE(cache != NULL);
    frusa_cache_dealloc(cache, frusa_cache_alloc(cache, 100, 0), 100, 0);
    frusa_thread_flush(f);
    frusa_reclaim_some(f, 4096);
    frusa_reclaim(f);
    frusa_cache_destroy(cache);
    walk_sum(f);
    REQUIRE(frusa_get_stats(f, &s) == 0 && frusa_stats_json(f, NULL, 0) > 0);
}

static void *serve(void *arg)
{
    (void)arg;
    is_other = 1;
    pthread_mutex_lock(&other.mutex);
    while (!other.quit) {
        if (other.request == NULL) {
            pthread_cond_wait(&other.changed, &other.mutex);
            continue;
        }
        pthread_mutex_unlock(&other.mutex);
        go_through(other.request);
        pthread_mutex_lock(&other.mutex);
        other.request = NULL;
        other.rounds++;
        pthread_cond_broadcast(&other.changed);
    }
    pthread_mutex_unlock(&other.mutex);
    return NULL;
}

static void let_the_other_through(void *arg)
{
    pthread_mutex_lock(&other.mutex);
    other.request = arg;
    pthread_cond_broadcast(&other.changed);
    while (other.request != NULL)
        pthread_cond_wait(&other.changed, &other.mutex);
    pthread_mutex_unlock(&other.mutex);
}

/* Blocks the fallback's caller until the other thread has been through the instance. */
static void block(struct counting_fallback *fallback, enum fallback_call call, void *arg)
{
    static int has_slept[CALL_KINDS];
    (void)fallback;
    if (is_other)
        return;
    let_the_other_through(arg);
    if ((call == CALL_ALLOC || call == CALL_BATCH) && !has_slept[call]) {
        has_slept[call] = 1;
        seconds_slept += 1 - sleep(1);
        let_the_other_through(arg);
    }
}

static void install(struct stage *stage)
{
    stage->fallback->hook_arg = stage->f;
    stage->fallback->hook = block;
    REQUIRE(pthread_create(&other.thread, NULL, serve, NULL) == 0);
}

static void uninstall(struct stage *stage)
{
    stage->fallback->hook = NULL;
    pthread_mutex_lock(&other.mutex);
    other.quit = 1;
    pthread_cond_broadcast(&other.changed);
    pthread_mutex_unlock(&other.mutex);
    pthread_join(other.thread, NULL);
    other.quit = 0;
}

static void block_everywhere(const struct scenario *scenario, const struct setting *setting,
                             struct outcome *outcome)
{
    struct injection injection = {.begin = install, .end = uninstall};
    REQUIRE(drive(scenario, setting, &injection, outcome) == 0);
    REQUIRE(outcome->failed == 0);
}

int main(void)
{
    watchdog_start("fault_blocking", 300);
    tool_keep_freed_memory();
    struct outcome total = drive_all(block_everywhere);
    REQUIRE(seconds_slept == 2);
    drive_row_head();
    drive_row("every fallback call blocks until another thread was through the library, two a "
              "second more",
              "each scenario and setting", total.runs, other.rounds, total.failed);
    printf("another thread went through the library %zu times during fallback calls\n",
           other.rounds);
    REQUIRE(other.rounds > 0);
    return 0;
}
