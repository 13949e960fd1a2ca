/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The fallbacks of the soak. */
#include "soak_fallback.h"
#include "support/random.h"
#include "support/require.h"

#include <errno.h>
#include <time.h>

/* Most blocking calls take a moment, one of 64 a whole second. */
static void block_now_and_then(struct soak_fallback *fallback, struct random *r)
{
    if (fallback->slow == 0 || random_below(r, fallback->slow) != 0)
        return;
    int is_long = random_below(r, 64) == 0;
    struct timespec pause = {is_long, is_long ? 0 : (long)random_below(r, 2000000)};
    nanosleep(&pause, NULL);
    fr_fetch_add_relaxed(&fallback->blocked, 1);
}

/* Returns 1 for a call that fails. */
static int enter(struct soak_fallback *fallback)
{
    struct random r = random_stream((uintptr_t)fallback, fr_fetch_add_relaxed(&fallback->calls, 1));
    block_now_and_then(fallback, &r);
    return fallback->percent > 0 && random_percent(&r, fallback->percent);
}

static int is_refused(struct soak_fallback *fallback)
{
    if (!enter(fallback))
        return 0;
    fr_fetch_add_relaxed(&fallback->refused, 1);
    errno = ERANGE; /* a fallback may leave anything in errno */
    return 1;
}

static void return_bytes(struct soak_fallback *fallback, size_t size)
{
    REQUIRE(fr_fetch_sub_relaxed(&fallback->held, size) >= size);
}

static void *soak_alloc(void *ctx, size_t size, size_t align)
{
    struct soak_fallback *fallback = ctx;
    if (is_refused(fallback))
        return NULL;
    void *p = fallback->inner->alloc(fallback->inner->ctx, size, align);
    if (p != NULL)
        fr_fetch_add_relaxed(&fallback->held, size);
    return p;
}

static void soak_dealloc(void *ctx, void *ptr, size_t size, size_t align)
{
    struct soak_fallback *fallback = ctx;
    enter(fallback);
    return_bytes(fallback, size);
    fallback->inner->dealloc(fallback->inner->ctx, ptr, size, align);
}

static void soak_dealloc_batch(void *ctx, const struct frusa_range *ranges, size_t n, size_t align)
{
    struct soak_fallback *fallback = ctx;
    enter(fallback);
    for (size_t i = 0; i < n; i++)
        return_bytes(fallback, ranges[i].size);
    fallback->inner->dealloc_batch(fallback->inner->ctx, ranges, n, align);
}

static void *soak_resize(void *ctx, void *ptr, size_t old_size, size_t align, size_t new_size)
{
    struct soak_fallback *fallback = ctx;
    if (is_refused(fallback))
        return NULL;
    void *p = fallback->inner->resize(fallback->inner->ctx, ptr, old_size, align, new_size);
    if (p != NULL)
        fr_fetch_add_relaxed(&fallback->held, new_size - old_size); /* modulo the word */
    return p;
}

static size_t soak_purge(void *ctx, const struct frusa_range *ranges, size_t n)
{
    struct soak_fallback *fallback = ctx;
    return is_refused(fallback) ? 0 : fallback->inner->purge(fallback->inner->ctx, ranges, n);
}

void soak_fallback_init(struct soak_fallback *fallback)
{
    const struct frusa_fallback_ops *inner = fallback->inner;
    fallback->ops = (struct frusa_fallback_ops){
        .alloc = soak_alloc,
        .dealloc = soak_dealloc,
        .ctx = fallback,
        .flags = inner->flags,
        .resize = inner->resize != NULL ? soak_resize : NULL,
        .dealloc_batch = inner->dealloc_batch != NULL ? soak_dealloc_batch : NULL,
        .purge = inner->purge != NULL ? soak_purge : NULL,
    };
}
