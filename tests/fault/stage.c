/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Calls that may fail, and what has to hold when they do. */
#include "support/build.h"
#include "stage.h"
#include "support/check_instance.h"
#include "support/pattern.h"
#include "support/require.h"
#include "support/walk.h"

#include <string.h>

static size_t faults(const struct stage *stage)
{
    return fr_load_relaxed(&stage->fallback->refused) +
           fr_load_relaxed(&stage->fallback->misplaced);
}

/* Returns the faults before a call that may fail. */
static size_t begin_call(struct stage *stage)
{
    stage->calls++;
    errno = 0;
    return faults(stage);
}

static size_t item_bytes(const struct stage *stage, const struct item *item)
{
    return frusa_good_size(stage->f, item->size, item->align);
}

/* Returns 1 for success. */
static int end_call(struct stage *stage, size_t before, const void *result)
{
    if (result != NULL)
        return 1;
    REQUIRE_MSG(ERROR_IS(ENOMEM), "errno is %d", errno);
    REQUIRE_MSG(faults(stage) > before, "%s", "a call failed though the fallback did not");
    /* A hook may have allocated meanwhile. */
    if (stage->fallback->hook == NULL)
        REQUIRE(stats_live_bytes(stage->f) == stage->live);
    stage->failures++;
    return 0;
}

static struct item finish(struct stage *stage, size_t before, void *ptr, size_t size, size_t align)
{
    struct item item = {ptr, size, align};
    if (!end_call(stage, before, ptr))
        return item;
    REQUIRE(align == 0 || (uintptr_t)ptr % align == 0);
    pattern_fill(ptr, size, 0);
    stage->live += item_bytes(stage, &item);
    return item;
}

struct item stage_alloc(struct stage *stage, enum stage_call call, size_t size, size_t align)
{
    size_t before = begin_call(stage);
    void *ptr = NULL;
    switch (call) {
    case STAGE_ALLOC:
        ptr = frusa_alloc(stage->f, size, align);
        break;
    case STAGE_ZEROED:
        ptr = frusa_alloc_zeroed(stage->f, size, align);
        break;
    case STAGE_MALLOC:
        ptr = frusa_malloc(stage->f, size);
        break;
    case STAGE_CALLOC:
        ptr = frusa_calloc(stage->f, 1, size);
        break;
    }
    if (ptr != NULL && (call == STAGE_ZEROED || call == STAGE_CALLOC))
        pattern_require_zero(ptr, size);
    return finish(stage, before, ptr, size, align);
}

struct item stage_cache_alloc(struct stage *stage, frusa_cache_t *cache, size_t size, size_t align)
{
    size_t before = begin_call(stage);
    return finish(stage, before, frusa_cache_alloc(cache, size, align), size, align);
}

void stage_realloc(struct stage *stage, struct item *item, size_t new_size, int with_layout)
{
    if (item->ptr == NULL)
        return;
    size_t keep = item->size < new_size ? item->size : new_size;
    size_t before = begin_call(stage);
    REQUIRE(with_layout || item->align == 0);
    void *moved = with_layout
                      ? frusa_realloc(stage->f, item->ptr, item->size, item->align, new_size)
                      : frusa_resize(stage->f, item->ptr, new_size);
    if (!end_call(stage, before, moved)) {
        pattern_require(item->ptr, item->size, 0);
        return;
    }
    pattern_require_moved(moved, keep, item->ptr, item->size, 0);
    stage->live -= item_bytes(stage, item);
    item->ptr = moved;
    item->size = new_size;
    stage->live += item_bytes(stage, item);
    pattern_fill(moved, new_size, 0);
}

void stage_free(struct stage *stage, struct item *item, int with_layout)
{
    if (item->ptr == NULL)
        return;
    pattern_require(item->ptr, item->size, 0);
    errno = E2BIG;
    if (with_layout)
        frusa_dealloc(stage->f, item->ptr, item->size, item->align);
    else
        frusa_free(stage->f, item->ptr);
    REQUIRE(ERROR_IS(E2BIG));
    stage->live -= item_bytes(stage, item);
    item->ptr = NULL;
}

void stage_cache_free(struct stage *stage, frusa_cache_t *cache, struct item *item)
{
    if (item->ptr == NULL)
        return;
    pattern_require(item->ptr, item->size, 0);
    frusa_cache_dealloc(cache, item->ptr, item->size, item->align);
    stage->live -= item_bytes(stage, item);
    item->ptr = NULL;
}

frusa_cache_t *stage_cache(struct stage *stage)
{
    size_t before = begin_call(stage);
    frusa_cache_t *cache = frusa_cache_create(stage->f);
    end_call(stage, before, cache);
    return cache;
}

void stage_open(struct stage *stage, struct counting_fallback *fallback,
                const struct setting *setting, const struct fault_plan *plan)
{
    memset(stage, 0, sizeof(*stage));
    fallback_init(fallback, setting->features);
    fallback_set_plan(fallback, plan);
    stage->fallback = fallback;
    stage->calls = 1;
    errno = 0;
    stage->f = frusa_create_with(&fallback->ops, &setting->config);
    if (stage->f != NULL)
        return;
    REQUIRE(ERROR_IS(ENOMEM) && faults(stage) > 0);
    stage->failures = 1;
    fallback_require_empty(fallback);
}

void stage_require_usable(frusa_t *f)
{
    static const size_t sizes[] = {0, 16, 1000, 5000, 100000, 3 << 20};
    void *objects[sizeof(sizes) / sizeof(sizes[0])];
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        REQUIRE((objects[i] = frusa_alloc(f, sizes[i], 0)) != NULL);
        pattern_fill(objects[i], sizes[i], i);
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        pattern_require(objects[i], sizes[i], i);
        frusa_dealloc(f, objects[i], sizes[i], 0);
    }
}

void stage_close(struct stage *stage)
{
    struct counting_fallback *fallback = stage->fallback;
    fallback_set_plan(fallback, NULL);
    if (stage->f == NULL)
        return;
    REQUIRE(stats_live_bytes(stage->f) == 0);
    walk_require_consistent(stage->f, fallback_held(fallback));
    support_check_instance(stage->f);
    stage_require_usable(stage->f);
    frusa_reclaim(stage->f);
    REQUIRE_MSG(fallback_held(fallback) <= RECORD_MAX + CACHE_MAX, "%zu bytes stay",
                fallback_held(fallback));
    REQUIRE(walk_sum(stage->f).spans == 0);
    /* The record and a cache; a lost descriptor would keep a block of metadata too. */
    REQUIRE_MSG(fallback_blocks(fallback) <= 2, "%zu blocks stay", fallback_blocks(fallback));
    frusa_destroy(stage->f);
    fallback_require_empty(fallback);
}
