/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Growth of one size class on the empty spans of others, without a reclaim. */
#include "support/fixture.h"
#include "support/pattern.h"
#include "support/require.h"
#include "unit/runner.h"

#include <stdlib.h>
#include <string.h>

#define MIB   ((size_t)1 << 20)
#define TOTAL (16 * MIB) /* of each size: what caches keep is little beside it */

static void **allocate(frusa_t *f, size_t size, int zeroed)
{
    void **objects = calloc(TOTAL / size, sizeof(*objects));
    REQUIRE(objects != NULL);
    for (size_t i = 0; i < TOTAL / size; i++) {
        objects[i] = zeroed ? frusa_alloc_zeroed(f, size, 0) : frusa_alloc(f, size, 0);
        REQUIRE(objects[i] != NULL);
        if (zeroed)
            pattern_require_zero(objects[i], size);
        memset(objects[i], 0xa5, size);
    }
    return objects;
}

static void give_back(frusa_t *f, void **objects, size_t size)
{
    for (size_t i = 0; i < TOTAL / size; i++)
        frusa_dealloc(f, objects[i], size, 0);
    free(objects);
    frusa_thread_flush(f);
}

START_TEST(test_one_size_after_the_other)
{
    static const size_t sizes[] = {64, 96, 1024, 48, 3000, 160};
    for (size_t v = 0; v < fixture_variant_count; v++) {
        struct fixture x;
        struct frusa_stats s;
        size_t managed = fixture_variants[v].config.managed_max;
        if (managed > 0 && managed < 3000)
            continue; /* no spans */
        fixture_open_variant(&x, v);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            give_back(x.f, allocate(x.f, sizes[i], i % 2 != 0), sizes[i]);
        REQUIRE(frusa_get_stats(x.f, &s) == 0);
        /* Without it six times as much; rounding, marks of checked objects and metadata take
         * some. */
        REQUIRE_MSG(s.allocated_from_fallback < 3 * TOTAL, "%s: %zu bytes are held",
                    fixture_variants[v].name, s.allocated_from_fallback);
        REQUIRE(s.allocated_from_fallback == fallback_held(&x.fallback));
        fixture_close(&x);
    }
}
END_TEST

/* A buffer that grows leaves ever longer spans behind, which small objects may then use. */
START_TEST(test_small_ones_after_a_growing_buffer)
{
    struct fixture x;
    struct frusa_stats s;
    fixture_open(&x, 0, NULL);
    size_t left = 0;
    for (size_t size = 100000; size < FRUSA_2M_MAX; size += size / 8) {
        void *p = frusa_alloc(x.f, size, 0);
        REQUIRE(p != NULL);
        frusa_dealloc(x.f, p, size, 0);
        left += size;
    }
    frusa_thread_flush(x.f);
    give_back(x.f, allocate(x.f, 64, 0), 64);
    REQUIRE(frusa_get_stats(x.f, &s) == 0);
    REQUIRE_MSG(s.allocated_from_fallback < TOTAL + left / 2, "%zu bytes are held, %zu of them old",
                s.allocated_from_fallback, left);
    fixture_close(&x);
}
END_TEST

RUNNER_MAIN("recycle", test_one_size_after_the_other, test_small_ones_after_a_growing_buffer)
