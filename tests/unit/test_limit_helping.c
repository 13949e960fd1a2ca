/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* At the limit beside another thread that has the instance's memory in hand and is stuck in the
 * fallback. */
#include "support/fallback.h"
#include "support/require.h"
#include "unit/runner.h"

#include <frusa.h>

#include <pthread.h>

enum { LIMIT = 8 << 20 };

/* A fallback whose next dealloc waits until it is told to go on. */
struct slow_fallback {
    struct counting_fallback inner;
    struct frusa_fallback_ops ops;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int is_armed, is_inside, may_go;
};

static void *slow_alloc(void *ctx, size_t size, size_t align)
{
    struct slow_fallback *s = ctx;
    return s->inner.ops.alloc(s->inner.ops.ctx, size, align);
}

static void slow_dealloc(void *ctx, void *p, size_t size, size_t align)
{
    struct slow_fallback *s = ctx;
    pthread_mutex_lock(&s->lock);
    if (s->is_armed) {
        s->is_armed = 0;
        s->is_inside = 1;
        pthread_cond_broadcast(&s->changed);
        while (!s->may_go)
            pthread_cond_wait(&s->changed, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    s->inner.ops.dealloc(s->inner.ops.ctx, p, size, align);
}

static frusa_t *open_slow(struct slow_fallback *s)
{
    const struct frusa_config config = {.limit = LIMIT};
    fallback_init(&s->inner, 0);
    s->ops = (struct frusa_fallback_ops){.alloc = slow_alloc, .dealloc = slow_dealloc, .ctx = s};
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    s->is_inside = s->may_go = 0;
    frusa_t *f = frusa_create_with(&s->ops, &config);
    REQUIRE(f != NULL);
    return f;
}

/* Starts a thread, and returns when it is inside the fallback. */
static pthread_t start_and_wait(struct slow_fallback *s, void *(*run)(void *), void *arg)
{
    pthread_t thread;
    s->is_armed = 1;
    REQUIRE(pthread_create(&thread, NULL, run, arg) == 0);
    pthread_mutex_lock(&s->lock);
    while (!s->is_inside)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
    return thread;
}

static void let_go(struct slow_fallback *s)
{
    pthread_mutex_lock(&s->lock);
    s->may_go = 1;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void *reclaim(void *f)
{
    frusa_reclaim(f);
    return NULL;
}

/* The reclaim is stuck with one of many spans: the allocation hands the others back itself. */
START_TEST(test_helps_with_the_rest)
{
    static struct slow_fallback s;
    enum { N = 90, SIZE = 65536 };
    void *held[N];
    frusa_t *f = open_slow(&s);
    for (size_t i = 0; i < N; i++)
        ck_assert_ptr_nonnull(held[i] = frusa_alloc(f, SIZE, 0));
    for (size_t i = 0; i < N; i++)
        frusa_dealloc(f, held[i], SIZE, 0);
    pthread_t reclaimer = start_and_wait(&s, reclaim, f);
    void *p = frusa_alloc(f, LIMIT / 2, 0);
    ck_assert_ptr_nonnull(p);
    let_go(&s);
    pthread_join(reclaimer, NULL);
    frusa_dealloc(f, p, LIMIT / 2, 0);
    frusa_destroy(f);
    fallback_require_empty(&s.inner);
}
END_TEST

/* Nothing but what the other thread is inside the fallback with would do: the call fails, after a
 * while. */
START_TEST(test_does_not_wait_for_ever)
{
    static struct slow_fallback s;
    frusa_t *f = open_slow(&s);
    void *large = frusa_alloc(f, 6 << 20, 0);
    ck_assert_ptr_nonnull(large);
    void *small = frusa_alloc(f, 1 << 20, 0);
    ck_assert_ptr_nonnull(small);
    frusa_dealloc(f, small, 1 << 20, 0);
    pthread_t reclaimer = start_and_wait(&s, reclaim, f);
    ck_assert_ptr_null(frusa_alloc(f, 3 << 20, 0));
    let_go(&s);
    pthread_join(reclaimer, NULL);
    frusa_dealloc(f, large, 6 << 20, 0);
    frusa_destroy(f);
    fallback_require_empty(&s.inner);
}
END_TEST

RUNNER_MAIN("helping at the limit", test_helps_with_the_rest, test_does_not_wait_for_ever)
