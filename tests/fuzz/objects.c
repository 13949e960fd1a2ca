/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "objects.h"
#include "support/pattern.h"
#include "support/require.h"

#include <errno.h>
#include <string.h>

/* More than this is beyond any limit. */
#define ABSURD ((size_t)PTRDIFF_MAX - 4095)

static uintptr_t key_of(const struct object *o)
{
    return (uintptr_t)(o - world_objects) + 1;
}

static int align_is_valid(size_t align)
{
    return (align & (align - 1)) == 0;
}

void object_require(const struct object *o)
{
    pattern_require(o->ptr, o->size, key_of(o));
}

static void fill(const struct object *o)
{
    pattern_fill(o->ptr, o->size, key_of(o));
}

/* A call returned NULL: it said why, and had a reason. */
static void require_reason(const struct instance *i, size_t size, size_t align)
{
    if (!align_is_valid(align))
        REQUIRE(errno == EINVAL || (errno == ENOMEM && size > ABSURD));
    else
        REQUIRE(errno == ENOMEM && (i->may_fail || size > ABSURD));
}

/* There is no room in the world for so many bytes. */
static int is_too_much(const struct instance *i, size_t size, size_t align)
{
    size_t bytes = frusa_good_size(i->f, size, align);
    return bytes <= ABSURD && fr_load_relaxed(&world_bytes) + bytes + align > WORLD_BYTES;
}

static void require_promises(const struct object *o, size_t align)
{
    struct instance *i = o->owner;
    size_t usable = frusa_usable_size(i->f, o->ptr);
    REQUIRE((uintptr_t)o->ptr % (align ? align : _Alignof(max_align_t)) == 0);
    REQUIRE_MSG(usable >= o->size, "%zu usable of %zu", usable, o->size);
    REQUIRE(!world_is_checked(i) || usable == o->size);
}

static void charge(struct object *o)
{
    o->charged = frusa_good_size(o->owner->f, o->size, o->align);
    fr_fetch_add_relaxed(&world_bytes, o->charged);
}

static void *call_alloc(struct instance *i, enum alloc_call call, size_t size, size_t align,
                        frusa_cache_t *cache)
{
    switch (call) {
    case BY_ALLOC:
        return frusa_alloc(i->f, size, align);
    case BY_ZEROED:
        return frusa_alloc_zeroed(i->f, size, align);
    case BY_MALLOC:
        return frusa_malloc(i->f, size);
    case BY_CALLOC:
        return size % 3 ? frusa_calloc(i->f, size, 1) : frusa_calloc(i->f, 3, size / 3);
    default:
        return frusa_cache_alloc(cache, size, align);
    }
}

void object_alloc(struct object *o, struct instance *i, enum alloc_call call, size_t size,
                  size_t align, frusa_cache_t *cache)
{
    if (call == BY_MALLOC || call == BY_CALLOC)
        align = 0;
    if (call == BY_CACHE && cache == NULL)
        call = BY_ALLOC;
    if (o->ptr != NULL || i->f == NULL || is_too_much(i, size, align))
        return;
    errno = 0;
    o->ptr = call_alloc(i, call, size, align, cache);
    if (o->ptr == NULL) {
        require_reason(i, size, align);
        return;
    }
    o->owner = i;
    o->size = size;
    o->align = align;
    if (call == BY_ZEROED || call == BY_CALLOC)
        pattern_require_zero(o->ptr, size);
    charge(o);
    require_promises(o, align);
    fill(o);
}

void object_free(struct object *o, int with_layout, frusa_cache_t *cache)
{
    if (o->ptr == NULL)
        return;
    object_require(o);
    errno = EXDEV;
    if (cache != NULL)
        frusa_cache_dealloc(cache, o->ptr, o->size, o->align);
    else if (with_layout)
        frusa_dealloc(o->owner->f, o->ptr, o->size, o->align);
    else
        frusa_free(o->owner->f, o->ptr);
    REQUIRE(errno == EXDEV);
    fr_fetch_sub_relaxed(&world_bytes, o->charged);
    o->ptr = NULL;
}

static int add_large_at(const struct frusa_span_info *row, void *arg)
{
    return row->large && row->address == arg;
}

static int is_large(const struct object *o)
{
    return frusa_walk(o->owner->f, add_large_at, o->ptr);
}

/* The object is q, of new_size bytes, now. */
static void move_to(struct object *o, char *q, size_t new_size, int with_layout)
{
    struct instance *i = o->owner;
    size_t kept = o->size < new_size ? o->size : new_size;
    size_t align = with_layout ? o->align : 0;
    size_t bytes = frusa_good_size(i->f, new_size, align);
    pattern_require_moved(q, kept, o->ptr, o->size, key_of(o));
    /* In place in a checked instance: the same slot, though this layout might have got another
     * one. */
    if (q == o->ptr && world_is_checked(i) && !is_large(o))
        bytes = o->charged;
    fr_fetch_add_relaxed(&world_bytes, bytes - o->charged);
    o->ptr = q;
    o->size = new_size;
    o->align = align;
    o->charged = bytes;
    require_promises(o, align);
    fill(o);
}

void object_resize(struct object *o, struct instance *i, int with_layout, size_t new_size)
{
    char *q;
    if (o->ptr == NULL) {
        object_alloc(o, i, BY_ALLOC, new_size, 0, NULL);
        return;
    }
    i = o->owner;
    if (is_too_much(i, new_size, o->align))
        return;
    errno = 0;
    if (with_layout)
        q = frusa_realloc(i->f, o->ptr, o->size, o->align, new_size);
    else
        q = frusa_resize(i->f, o->ptr, new_size);
    if (q != NULL) {
        move_to(o, q, new_size, with_layout);
        return;
    }
    require_reason(i, new_size, 0);
    object_require(o);
    require_promises(o, o->align);
}

void object_ask(const struct object *o)
{
    if (o->ptr == NULL)
        return;
    const char *p = o->ptr;
    struct instance *i = o->owner;
    REQUIRE(frusa_owns(i->f, p));
    REQUIRE(o->size == 0 || frusa_owns(i->f, p + o->size - 1));
    for (size_t k = 0; k < WORLD_INSTANCES; k++)
        REQUIRE(&world_instances[k] == i || world_instances[k].f == NULL ||
                !frusa_owns(world_instances[k].f, p));
    require_promises(o, o->align);
    object_require(o);
}
