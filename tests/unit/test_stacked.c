/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Instances over instances: the blocks of the inner one are objects of the outer one, or parts of
 * such. */
#include "support/check_instance.h"
#include "support/fixture.h"
#include "support/pattern.h"
#include "support/require.h"
#include "unit/runner.h"

#include <string.h>

/* A fallback over an instance; `unsized`: gives back without the layout. */
struct over {
    struct frusa_fallback_ops ops;
    frusa_t *outer;
    int unsized;
};

static void *over_alloc(void *ctx, size_t size, size_t align)
{
    return frusa_alloc(((struct over *)ctx)->outer, size, align);
}

static void over_dealloc(void *ctx, void *ptr, size_t size, size_t align)
{
    struct over *over = ctx;
    if (over->unsized)
        frusa_free(over->outer, ptr);
    else
        frusa_dealloc(over->outer, ptr, size, align);
}

static void *over_resize(void *ctx, void *ptr, size_t size, size_t align, size_t new_size)
{
    return frusa_realloc(((struct over *)ctx)->outer, ptr, size, align, new_size);
}

static void over_init(struct over *over, frusa_t *outer, int unsized)
{
    memset(over, 0, sizeof(*over));
    over->outer = outer;
    over->unsized = unsized;
    over->ops.alloc = over_alloc;
    over->ops.dealloc = over_dealloc;
    over->ops.resize = over_resize;
    over->ops.ctx = over;
}

enum { OBJECTS = 3000 };

static size_t size_of(size_t i)
{
    return i % 100 == 0 ? 3000000 + i : i % 10 == 0 ? 5000 * (i % 37) : 8 + i % 700;
}

/* Objects of all sizes come and go, some grow. */
static void use(frusa_t *f)
{
    static void *objects[OBJECTS];
    for (size_t i = 0; i < OBJECTS; i++) {
        objects[i] = frusa_malloc(f, size_of(i));
        REQUIRE(objects[i] != NULL);
        pattern_fill(objects[i], size_of(i), i);
    }
    for (size_t i = 0; i < OBJECTS; i += 50) {
        void *old = objects[i];
        objects[i] = frusa_resize(f, old, 2 * size_of(i) + 1);
        REQUIRE(objects[i] != NULL);
        pattern_require_moved(objects[i], size_of(i), old, size_of(i), i);
        pattern_fill(objects[i], size_of(i), i);
    }
    for (size_t i = 0; i < OBJECTS; i++) {
        pattern_require(objects[i], size_of(i), i);
        frusa_free(f, objects[i]);
    }
}

/* An instance whose memory is objects of another one. */
static frusa_t *create_over(struct over *over, frusa_t *below, int unsized)
{
    over_init(over, below, unsized);
    frusa_t *f = frusa_create(&over->ops);
    REQUIRE(f != NULL);
    return f;
}

START_TEST(test_inner_gives_outer_its_pages_back)
{
    for (int unsized = 0; unsized < 2; unsized++)
        for (size_t v = 0; v < fixture_variant_count; v++) {
            struct fixture x;
            struct over over;
            fixture_open_variant(&x, v);
            frusa_t *inner = create_over(&over, x.f, unsized);
            use(inner);
            frusa_reclaim(inner);
            support_check_instance(inner);
            use(inner);
            use(x.f);
            frusa_destroy(inner);
            fixture_close(&x);
        }
}
END_TEST

START_TEST(test_three_high)
{
    struct fixture x;
    struct over first, second;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    frusa_t *middle = create_over(&first, x.f, 1);
    frusa_t *top = create_over(&second, middle, 1);
    for (int round = 0; round < 2; round++) {
        use(top);
        use(middle);
        frusa_reclaim(top);
        frusa_reclaim(middle);
        frusa_reclaim(x.f);
    }
    frusa_destroy(top);
    use(middle);
    frusa_destroy(middle);
    fixture_close(&x);
}
END_TEST

/* Requires that every byte of an object belongs to all of the instances. */
static void require_owned(frusa_t *const *instances, size_t n, const char *object, size_t size)
{
    for (size_t at = 0; at < size; at += size < 1 << 16 ? 1 : 4096)
        for (size_t i = 0; i < n; i++)
            REQUIRE_MSG(frusa_owns(instances[i], object + at) == 1, "instance %zu, byte %zu of %zu",
                        i, at, size);
}

/* What an inner instance has lies in objects of the outer ones. */
START_TEST(test_every_instance_owns_what_lies_in_it)
{
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x, foreign;
        struct over first, second;
        fixture_open_variant(&x, v);
        fixture_open(&foreign, 0, NULL);
        frusa_t *middle = create_over(&first, x.f, 1);
        frusa_t *top = create_over(&second, middle, 1);
        frusa_t *const instances[] = {x.f, middle, top};
        for (size_t size = 1; size < 8u << 20; size = size * 5 + 3) {
            char *object = frusa_alloc(top, size, 0);
            REQUIRE(object != NULL);
            require_owned(instances, 3, object, size);
            REQUIRE(!frusa_owns(foreign.f, object));
            char *outer = frusa_alloc(middle, size, 0);
            REQUIRE(outer != NULL);
            require_owned(instances, 2, outer, size);
            REQUIRE(!frusa_owns(top, outer));
        }
        frusa_destroy(top);
        frusa_destroy(middle);
        fixture_close(&foreign);
        fixture_close(&x);
    }
}
END_TEST

/* The buffer of an arena is an object: its address leads to it again when the arena is done
 * with. */
START_TEST(test_arena_in_an_object)
{
    static const size_t sizes[] = {100000, 1 << 20, 8 << 20};
    struct fixture x;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (size_t shift = 0; shift < 2; shift++) {
            struct frusa_arena arena;
            char *buffer = frusa_alloc(x.f, sizes[i], 4096);
            ck_assert_ptr_nonnull(buffer);
            ck_assert_int_eq(frusa_arena_init(&arena, buffer + shift * 100, sizes[i] - shift * 100),
                             0);
            frusa_t *inner = frusa_create(&arena.ops);
            ck_assert_ptr_nonnull(inner);
            void *p = frusa_malloc(inner, 100);
            ck_assert_ptr_nonnull(p);
            ck_assert_int_eq(frusa_owns(inner, p), 1);
            ck_assert_int_eq(frusa_owns(x.f, p), 1);
            frusa_free(inner, p);
            frusa_destroy(inner);
            ck_assert_int_eq(frusa_owns(x.f, p), 1);
            ck_assert_uint_ge(frusa_usable_size(x.f, buffer), sizes[i]);
            frusa_free(x.f, buffer);
        }
    fixture_close(&x);
}
END_TEST

RUNNER_MAIN("stacked", test_inner_gives_outer_its_pages_back, test_three_high,
            test_every_instance_owns_what_lies_in_it, test_arena_in_an_object)
