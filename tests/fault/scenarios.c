/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The scenarios and settings of the fault programs. */
#include "scenarios.h"
#include "stage.h"
#include "support/random.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/walk.h"

#include <string.h>

/* ---- shared steps ---- */

static void fill(struct stage *stage, struct item *items, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++)
        items[i] = stage_alloc(stage, i % 2 ? STAGE_ALLOC : STAGE_MALLOC, size, 0);
}

static void drain(struct stage *stage, struct item *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        stage_free(stage, &items[i], i % 3 != 0);
}

/* ---- the scenarios ---- */

static void nothing(struct stage *stage)
{
    frusa_reclaim(stage->f);
}

static void one_small_object(struct stage *stage)
{
    struct item item = stage_alloc(stage, STAGE_ALLOC, 100, 0);
    stage_free(stage, &item, 1);
}

/* The first object of each size class up to 2 MiB. */
static void every_size_class(struct stage *stage)
{
    for (size_t size = 1; size <= FRUSA_2M_MAX;) {
        struct item item = stage_alloc(stage, STAGE_ALLOC, size, 1);
        size_t good = frusa_good_size(stage->f, size, 1);
        stage_free(stage, &item, size % 2 == 0);
        size = (good > size ? good : size) + 1 + size / 8;
    }
}

static void alignments(struct stage *stage)
{
    struct item items[23];
    for (size_t i = 0; i < 23; i++)
        items[i] = stage_alloc(stage, STAGE_ALLOC, 100, (size_t)1 << i);
    drain(stage, items, 23);
}

static void large_objects(struct stage *stage)
{
    struct item items[4];
    for (size_t i = 0; i < 4; i++)
        items[i] = stage_alloc(stage, i % 2 ? STAGE_ALLOC : STAGE_CALLOC, (3 + i) << 20,
                               i % 2 ? 1 << 16 : 0);
    drain(stage, items, 4);
}

static void zeroed_objects(struct stage *stage)
{
    struct item items[12];
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 12; i++)
            items[i] = stage_alloc(stage, i % 2 ? STAGE_ZEROED : STAGE_CALLOC, i * i * 90, 0);
        drain(stage, items, 12);
    }
}

static void growth_of_one_object(struct stage *stage)
{
    struct item item = stage_alloc(stage, STAGE_ALLOC, 10, 0);
    for (size_t size = 10; size < 6u << 20; size *= 5)
        stage_realloc(stage, &item, size, size % 2);
    for (size_t size = 6u << 20; size > 10; size /= 9)
        stage_realloc(stage, &item, size, size % 2);
    stage_free(stage, &item, 1);
}

/* Between large sizes, where the fallback's resize comes in. */
static void resizing_large_objects(struct stage *stage)
{
    static const size_t sizes[] = {4 << 20,         7 << 20, 3 << 20, 5 << 20,
                                   (5 << 20) + 100, 9 << 20, 1000};
    struct item a = stage_alloc(stage, STAGE_ALLOC, 3 << 20, 0);
    struct item b = stage_alloc(stage, STAGE_ALLOC, 3 << 20, 1 << 16);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        stage_realloc(stage, &a, sizes[i], i % 2 == 0);
        stage_realloc(stage, &b, sizes[i], 1);
    }
    stage_free(stage, &a, 0);
    stage_free(stage, &b, 1);
}

static void many_objects_of_one_class(struct stage *stage)
{
    enum { COUNT = 400 };
    static struct item items[COUNT];
    fill(stage, items, COUNT, 1000);
    drain(stage, items, COUNT);
}

/* Nine tenths freed, reclaimed and purged, filled again. */
static void reclaim_and_refill(struct stage *stage)
{
    enum { COUNT = 400 };
    static struct item items[COUNT];
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT; i++)
            if (items[i].ptr == NULL)
                items[i] = stage_alloc(stage, STAGE_ALLOC, 16 + i * 97 % 3000, 0);
        for (size_t i = 0; i < COUNT; i++)
            if (i % 10 != 3)
                stage_free(stage, &items[i], i % 2 == 0);
        if (round == 0)
            frusa_reclaim_some(stage->f, 50000);
        frusa_reclaim(stage->f);
    }
    drain(stage, items, COUNT);
}

static int look(const struct frusa_span_info *info, void *arg)
{
    struct stage *stage = arg;
    REQUIRE(frusa_owns(stage->f, info->address));
    struct item item = stage_alloc(stage, STAGE_ALLOC, 24, 0);
    stage_free(stage, &item, 0);
    return 0;
}

static void introspection(struct stage *stage)
{
    struct frusa_stats s;
    struct item small = stage_alloc(stage, STAGE_ALLOC, 24, 0),
                large = stage_alloc(stage, STAGE_ALLOC, 3 << 20, 0);
    REQUIRE(frusa_walk(stage->f, look, stage) == 0);
    REQUIRE(frusa_get_stats(stage->f, &s) == 0);
    REQUIRE(frusa_stats_json(stage->f, NULL, 0) > 0);
    stage_free(stage, &small, 1);
    stage_free(stage, &large, 1);
}

static void explicit_caches(struct stage *stage)
{
    struct item items[100];
    for (int round = 0; round < 2; round++) {
        frusa_cache_t *caches[3];
        for (size_t i = 0; i < 3; i++)
            caches[i] = stage_cache(stage);
        for (size_t i = 0; i < 100; i++)
            items[i] = caches[i % 3] != NULL ? stage_cache_alloc(stage, caches[i % 3], i * 30, 0)
                                             : stage_alloc(stage, STAGE_ALLOC, i * 30, 0);
        for (size_t i = 0; i < 100; i++) {
            frusa_cache_t *cache = caches[(i + 1) % 3];
            if (cache == NULL)
                stage_free(stage, &items[i], 1);
            else
                stage_cache_free(stage, cache, &items[i]);
        }
        for (size_t i = 0; i < 3; i++)
            frusa_cache_destroy(caches[i]);
    }
}

static void in_a_thread(void *arg, size_t index)
{
    struct item items[60];
    (void)index;
    fill(arg, items, 60, 200);
    drain(arg, items, 60);
    frusa_thread_flush(((struct stage *)arg)->f);
    fill(arg, items, 60, 40);
    drain(arg, items, 60);
}

/* One after the other: a cache comes and goes with each. */
static void threads_come_and_go(struct stage *stage)
{
    for (int i = 0; i < 3; i++)
        team_run(1, in_a_thread, stage);
}

static struct frusa_fallback_ops static_ops;
static frusa_t static_heap = FRUSA_2M_INITIALIZER(&static_ops);

/* The first uses of a static instance, over the same fallback. */
static void static_instance(struct stage *stage)
{
    struct stage own = *stage;
    own.f = &static_heap;
    static_ops = stage->fallback->ops;
    struct item small = stage_alloc(&own, STAGE_ALLOC, 24, 0);
    struct item large = stage_alloc(&own, STAGE_ALLOC, 3 << 20, 0);
    stage_free(&own, &small, 1);
    stage_free(&own, &large, 0);
    frusa_reclaim(&static_heap);
    stage->calls = own.calls;
    stage->failures = own.failures;
    /* A fallback must not call into an instance that is being destroyed. */
    void (*hook)(struct counting_fallback *, enum fallback_call, void *) = stage->fallback->hook;
    stage->fallback->hook = NULL;
    frusa_destroy(&static_heap);
    stage->fallback->hook = hook;
}

const struct scenario scenarios[] = {
    {"nothing", nothing},
    {"one small object", one_small_object},
    {"every size class", every_size_class},
    {"every alignment", alignments},
    {"large objects", large_objects},
    {"zeroed objects", zeroed_objects},
    {"growth of one object", growth_of_one_object},
    {"resizing large objects", resizing_large_objects},
    {"many objects of one class", many_objects_of_one_class},
    {"reclaim, purge and refill", reclaim_and_refill},
    {"introspection", introspection},
    {"explicit caches", explicit_caches},
    {"threads come and go", threads_come_and_go},
    {"a static instance", static_instance},
};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);

const struct setting settings[] = {
    {"defaults", FALLBACK_EVERYTHING, FRUSA_CONFIG_INIT},
    {"plain fallback", FALLBACK_DIRTY, FRUSA_CONFIG_INIT},
    {"4 KiB, zeroed", FALLBACK_RESIZE | FALLBACK_ZEROED, {.managed_max = FRUSA_4K_MAX}},
    {"no thread cache", FALLBACK_PURGE, {.flags = FRUSA_NO_THREAD_CACHE}},
    {"checked", FALLBACK_EVERYTHING, {.flags = FRUSA_CHECKED}},
    {"under a limit", FALLBACK_EVERYTHING, {.limit = 256 << 20}},
};
const size_t setting_count = sizeof(settings) / sizeof(settings[0]);
