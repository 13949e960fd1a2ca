/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A program that was built with libfrusa 0.1.0 works with this library. The structures below are
 * those of 0.1.0, to stay as they are: the header's must keep their size and their members'
 * places, and the library must write no further than they reach. A program of that time leaves
 * zero what it does not know.
 */
#include <frusa.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ops_0_1 {
    void *(*alloc)(void *ctx, size_t size, size_t align);
    void (*dealloc)(void *ctx, void *ptr, size_t size, size_t align);
    void *ctx;
    unsigned flags;
    void *(*resize)(void *ctx, void *ptr, size_t old_size, size_t align, size_t new_size);
    void (*dealloc_batch)(void *ctx, const struct frusa_range *ranges, size_t n, size_t align);
    size_t (*purge)(void *ctx, const struct frusa_range *ranges, size_t n);
    void *reserved[4];
};

struct config_0_1 {
    size_t managed_max;
    size_t thread_cache_max;
    size_t limit;
    unsigned flags;
    void *reserved[4];
};

struct stats_0_1 {
    size_t allocated_from_fallback, in_use, allocated_metadata, in_use_metadata, cached, large,
        purged, reclaimed_total, peak_allocated, fallback_allocs, fallback_deallocs, reserved[6];
};

struct span_info_0_1 {
    const void *address;
    size_t bytes, object_size, slots, live, purged;
    int large;
    size_t reserved[4];
};

struct instance_0_1 {
    _Alignas(64) const struct ops_0_1 *ops;
    const struct config_0_1 *config;
    size_t managed_max;
    size_t rest[16384 / sizeof(size_t) - 3];
};

struct arena_0_1 {
    struct ops_0_1 ops;
    size_t rest[16];
};

#define SAME_SIZE(type)                                                                            \
    _Static_assert(sizeof(struct frusa_##type) == sizeof(struct type##_0_1), "size of " #type)
#define SAME_PLACE(type, member)                                                                   \
    _Static_assert(offsetof(struct frusa_##type, member) == offsetof(struct type##_0_1, member),   \
                   "place of " #member " in " #type)

_Static_assert(sizeof(frusa_t) == sizeof(struct instance_0_1), "size of an instance");
_Static_assert(_Alignof(frusa_t) == _Alignof(struct instance_0_1), "alignment of an instance");
_Static_assert(sizeof(struct frusa_fallback_ops) == sizeof(struct ops_0_1), "size of a fallback");
_Static_assert(sizeof(struct frusa_range) == 2 * sizeof(size_t), "size of a range");
SAME_SIZE(config);
SAME_SIZE(stats);
SAME_SIZE(span_info);
SAME_SIZE(arena);
SAME_PLACE(config, managed_max);
SAME_PLACE(config, thread_cache_max);
SAME_PLACE(config, limit);
SAME_PLACE(config, flags);
SAME_PLACE(stats, allocated_from_fallback);
SAME_PLACE(stats, in_use);
SAME_PLACE(stats, allocated_metadata);
SAME_PLACE(stats, in_use_metadata);
SAME_PLACE(stats, cached);
SAME_PLACE(stats, large);
SAME_PLACE(stats, purged);
SAME_PLACE(stats, reclaimed_total);
SAME_PLACE(stats, peak_allocated);
SAME_PLACE(stats, fallback_allocs);
SAME_PLACE(stats, fallback_deallocs);
SAME_PLACE(span_info, address);
SAME_PLACE(span_info, bytes);
SAME_PLACE(span_info, object_size);
SAME_PLACE(span_info, slots);
SAME_PLACE(span_info, live);
SAME_PLACE(span_info, purged);
SAME_PLACE(span_info, large);

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define GUARD 0xa5

/* A structure of 0.1.0 with nothing of the program's behind it but bytes that nobody may write. */
#define GUARDED(type)                                                                              \
    struct {                                                                                       \
        struct type it;                                                                            \
        unsigned char guard[256];                                                                  \
    }

static void require_untouched(const unsigned char *guard, size_t n)
{
    for (size_t i = 0; i < n; i++)
        REQUIRE(guard[i] == GUARD);
}

static size_t held;

static void *take(void *ctx, size_t size, size_t align)
{
    (void)ctx;
    held += size;
    return aligned_alloc(align, size);
}

static void give(void *ctx, void *ptr, size_t size, size_t align)
{
    (void)ctx;
    (void)align;
    held -= size;
    free(ptr);
}

static void use(frusa_t *f)
{
    void *objects[300];
    for (size_t i = 0; i < 300; i++) {
        objects[i] = frusa_alloc(f, 10 * i, 0);
        REQUIRE(objects[i] != NULL);
        memset(objects[i], (int)i, 10 * i);
    }
    for (size_t i = 0; i < 300; i += 2)
        frusa_dealloc(f, objects[i], 10 * i, 0);
    for (size_t i = 1; i < 300; i += 2)
        frusa_free(f, objects[i]);
}

static void statistics_stay_inside(frusa_t *f)
{
    GUARDED(stats_0_1) stats;
    memset(&stats, GUARD, sizeof(stats));
    REQUIRE(frusa_get_stats(f, (struct frusa_stats *)&stats.it) == 0);
    require_untouched(stats.guard, sizeof(stats.guard));
    REQUIRE(stats.it.allocated_from_fallback >= stats.it.allocated_metadata);
    REQUIRE(stats.it.allocated_metadata >= stats.it.in_use_metadata);
    REQUIRE(stats.it.fallback_allocs >= stats.it.fallback_deallocs);
}

/* What a program does that knows nothing later than 0.1.0: a fallback of two functions, and
 * options. */
static void created_over_two_functions(void)
{
    const struct ops_0_1 ops = {.alloc = take, .dealloc = give};
    const struct config_0_1 config = {.managed_max = 4096};
    frusa_t *f = frusa_create_with((const struct frusa_fallback_ops *)&ops,
                                   (const struct frusa_config *)&config);
    REQUIRE(f != NULL);
    use(f);
    statistics_stay_inside(f);
    frusa_reclaim(f);
    frusa_destroy(f);
    REQUIRE(held == 0);
}

static void static_instance_stays_inside(void)
{
    static const struct ops_0_1 ops = {.alloc = take, .dealloc = give};
    static GUARDED(instance_0_1) heap = {.it = {.ops = &ops, .managed_max = 4096}};
    frusa_t *f = (frusa_t *)&heap.it;
    memset(heap.guard, GUARD, sizeof(heap.guard));
    use(f);
    statistics_stay_inside(f);
    frusa_destroy(f);
    require_untouched(heap.guard, sizeof(heap.guard));
    REQUIRE(held == 0);
}

static void arena_stays_inside(void)
{
    static unsigned char buffer[8u << 20];
    static GUARDED(arena_0_1) arena;
    memset(arena.guard, GUARD, sizeof(arena.guard));
    REQUIRE(frusa_arena_init((struct frusa_arena *)&arena.it, buffer, sizeof(buffer)) == 0);
    frusa_t *f = frusa_create((const struct frusa_fallback_ops *)&arena.it.ops);
    REQUIRE(f != NULL);
    use(f);
    frusa_destroy(f);
    require_untouched(arena.guard, sizeof(arena.guard));
}

int main(void)
{
    created_over_two_functions();
    static_instance_stays_inside();
    arena_stays_inside();
    return 0;
}
