/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The fallback over the C library's heap, called directly. */
#include <frusa.h>

#include "support/pattern.h"
#include "support/require.h"
#include "support/tools.h"
#include "unit/runner.h"

#include <errno.h>
#include <stdint.h>

enum { PAGE = 4096 };

static const struct frusa_fallback_ops *const ops = &frusa_fallback_malloc;

START_TEST(test_every_size_at_every_alignment)
{
    for (size_t align = PAGE; align <= (4 << 20); align *= 2) {
        for (size_t size = PAGE; size <= (1 << 20); size *= 4) {
            void *p = ops->alloc(ops->ctx, size, align);
            REQUIRE(p != NULL && (uintptr_t)p % align == 0);
            pattern_fill(p, size, align);
            void *other = ops->alloc(ops->ctx, size, align);
            REQUIRE(other != NULL && other != p);
            pattern_fill(other, size, align + 1);
            pattern_require(p, size, align);
            ops->dealloc(ops->ctx, p, size, align);
            pattern_require(other, size, align + 1);
            ops->dealloc(ops->ctx, other, size, align);
        }
    }
}
END_TEST

START_TEST(test_a_request_beyond_memory_fails)
{
    REQUIRE(ops->alloc(ops->ctx, SIZE_MAX / PAGE * PAGE, PAGE) == NULL);
    REQUIRE(ops->alloc(ops->ctx, PAGE, SIZE_MAX / 2 + 1) == NULL);
    if (TOOL_ASAN || TOOL_TSAN)
        return; /* their C library ends the process instead */
    REQUIRE(ops->alloc(ops->ctx, PTRDIFF_MAX / PAGE * PAGE, PAGE) == NULL);
}
END_TEST

START_TEST(test_dealloc_leaves_errno_alone)
{
    void *small = ops->alloc(ops->ctx, PAGE, PAGE);
    void *large = ops->alloc(ops->ctx, 16 << 20, PAGE);
    REQUIRE(small != NULL && large != NULL);
    errno = 77;
    ops->dealloc(ops->ctx, large, 16 << 20, PAGE);
    ops->dealloc(ops->ctx, small, PAGE, PAGE);
    REQUIRE(errno == 77);
}
END_TEST

START_TEST(test_offers_only_what_the_c_library_can_do)
{
    REQUIRE(ops->flags == 0 && ops->resize == NULL && ops->purge == NULL);
    REQUIRE(ops->dealloc_batch == NULL);
    for (size_t i = 0; i < sizeof(ops->reserved) / sizeof(ops->reserved[0]); i++)
        REQUIRE(ops->reserved[i] == NULL);
}
END_TEST

RUNNER_MAIN("fallback_malloc", test_every_size_at_every_alignment,
            test_a_request_beyond_memory_fails, test_dealloc_leaves_errno_alone,
            test_offers_only_what_the_c_library_can_do)
