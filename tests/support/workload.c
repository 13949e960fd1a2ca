/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Random operations on a table of checked objects. */
#include "build.h"
#include "workload.h"
#include "pattern.h"
#include "require.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

void workload_begin(struct workload *w, frusa_t *f, size_t capacity, uint64_t seed, uint64_t stream)
{
    memset(w, 0, sizeof(*w));
    w->f = f;
    w->random = random_stream(seed, stream);
    w->size_bits = 16;
    w->align_bits = 12;
    w->capacity = capacity;
    w->objects = calloc(capacity, sizeof(*w->objects));
    REQUIRE(w->objects != NULL);
}

/* Mostly none or small, sometimes anything allowed. */
static size_t random_align(struct workload *w)
{
    if (random_percent(&w->random, 70))
        return 0;
    unsigned bits = random_percent(&w->random, 80) && w->align_bits > 6 ? 6 : w->align_bits;
    return (size_t)1 << random_below(&w->random, bits + 1);
}

static int failed_as_allowed(struct workload *w)
{
    REQUIRE_MSG(w->may_fail && ERROR_IS(ENOMEM), "a call failed, errno %d", errno);
    w->failures++;
    return 0;
}

static void require_placed(const struct object *object)
{
    size_t align = object->align != 0 ? object->align : alignof(max_align_t);
    REQUIRE_MSG((uintptr_t)object->ptr % align == 0, "%p for align %zu", object->ptr, align);
}

static void *call_to_allocate(struct workload *w, struct object *object)
{
    size_t size = object->size;
    switch (random_below(&w->random, w->cache != NULL ? 7 : 5)) {
    case 0:
        object->align = 0;
        return frusa_malloc(w->f, size);
    case 1:
        object->align = 0;
        object->ptr = size % 3 == 0 ? frusa_calloc(w->f, size / 3, 3) : frusa_calloc(w->f, 1, size);
        break;
    case 2:
        object->ptr = frusa_alloc_zeroed(w->f, size, object->align);
        break;
    case 3:
    case 4:
        return frusa_alloc(w->f, size, object->align);
    default:
        return frusa_cache_alloc(w->cache, size, object->align);
    }
    if (object->ptr != NULL)
        pattern_require_zero(object->ptr, size);
    return object->ptr;
}

int workload_allocate(struct workload *w, struct object *object)
{
    object->size = random_size(&w->random, w->size_bits);
    object->align = random_align(w);
    object->align_unknown = 0;
    errno = 0;
    object->ptr = call_to_allocate(w, object);
    if (object->ptr == NULL)
        return failed_as_allowed(w);
    require_placed(object);
    pattern_fill(object->ptr, object->size, 0);
    return 1;
}

void workload_give_back(struct workload *w, struct object *object)
{
    pattern_require(object->ptr, object->size, 0);
    errno = E2BIG;
    if (object->align_unknown || random_percent(&w->random, 30))
        frusa_free(w->f, object->ptr);
    else if (w->cache != NULL && random_percent(&w->random, 40))
        frusa_cache_dealloc(w->cache, object->ptr, object->size, object->align);
    else
        frusa_dealloc(w->f, object->ptr, object->size, object->align);
    REQUIRE(ERROR_IS(E2BIG));
    object->ptr = NULL;
}

/* Changes an object's size, with its layout or without. */
static void change_size(struct workload *w, struct object *object)
{
    struct object old = *object;
    int with_layout = !old.align_unknown && random_percent(&w->random, 50);
    size_t new_size = random_size(&w->random, w->size_bits);
    pattern_require(old.ptr, old.size, 0);
    errno = 0;
    void *moved = with_layout ? frusa_realloc(w->f, old.ptr, old.size, old.align, new_size)
                              : frusa_resize(w->f, old.ptr, new_size);
    if (moved == NULL) {
        failed_as_allowed(w);
        pattern_require(old.ptr, old.size, 0);
        return;
    }
    object->ptr = moved;
    object->size = new_size;
    if (!with_layout) {
        object->align_unknown = old.align_unknown || old.align > alignof(max_align_t);
        object->align = 0;
    }
    require_placed(object);
    pattern_require_moved(moved, old.size < new_size ? old.size : new_size, old.ptr, old.size, 0);
    pattern_fill(moved, new_size, 0);
}

void workload_step(struct workload *w)
{
    struct object *object = &w->objects[random_below(&w->random, w->capacity)];
    w->steps++;
    if (object->ptr == NULL)
        workload_allocate(w, object);
    else if (random_percent(&w->random, 30))
        change_size(w, object);
    else
        workload_give_back(w, object);
}

void workload_run(struct workload *w, size_t steps)
{
    for (size_t i = 0; i < steps; i++)
        workload_step(w);
}

void workload_clear(struct workload *w)
{
    for (size_t i = 0; i < w->capacity; i++)
        if (w->objects[i].ptr != NULL)
            workload_give_back(w, &w->objects[i]);
}

size_t workload_live_bytes(const struct workload *w)
{
    size_t bytes = 0;
    for (size_t i = 0; i < w->capacity; i++)
        if (w->objects[i].ptr != NULL)
            bytes += frusa_good_size(w->f, w->objects[i].size, w->objects[i].align);
    return bytes;
}

void workload_end(struct workload *w)
{
    workload_clear(w);
    free(w->objects);
    w->objects = NULL;
}
