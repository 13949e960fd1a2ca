/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* So many big or strangely aligned blocks that a mapping for each would use up what the kernel
 * allows a process. */
#include "providers/mmap.h"

#include <frusa.h>

#include "port/pages.h"
#include "support/mappings.h"
#include "support/pattern.h"
#include "support/require.h"
#include "support/tools.h"
#include "unit/runner.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define KIB ((size_t)1024)
#define MIB (KIB * KIB)

/* MANY is more than half of what the kernel allows by default; no more mappings than MOST may come
 * of it. */
enum { MANY = 40000, MOST = 20000, EXTRA = 64 };

static const struct frusa_fallback_ops *const ops = &frusa_fallback_mmap;
static char *blocks[MANY];

static int is_possible(void)
{
    return sizeof(void *) >= 8 && !TOOL_ASAN && !TOOL_TSAN && !tool_is_valgrind();
}

static size_t mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    size_t lines = 0;
    int c;
    REQUIRE(maps != NULL);
    while ((c = getc(maps)) != EOF)
        lines += c == '\n';
    fclose(maps);
    return lines;
}

static void take(char **block, size_t size, size_t align)
{
    *block = ops->alloc(ops->ctx, size, align);
    REQUIRE(*block != NULL && (uintptr_t)*block % align == 0);
}

static void give_all(size_t n, size_t size, size_t align)
{
    struct fr_mmap_state state;
    for (size_t i = 0; i < n; i++)
        ops->dealloc(ops->ctx, blocks[i], size, align);
    fr_fallback_mmap_state(&state);
    REQUIRE(state.used == 0 && state.own_mappings == 0 && state.ahead == 0);
    REQUIRE(fr_fallback_mmap_is_valid());
}

static void take_many(size_t size, size_t align)
{
    for (size_t i = 0; i < MANY; i++)
        take(&blocks[i], size, align);
    REQUIRE_MSG(mappings() <= MOST, "%zu mappings", mappings());
    REQUIRE(fr_fallback_mmap_is_valid());
}

START_TEST(test_many_of_a_size)
{
    static const size_t sizes[] = {4 * MIB, 4100 * KIB, 9 * MIB};
    for (size_t i = 0; is_possible() && i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        take_many(sizes[i], 4096);
        give_all(MANY, sizes[i], 4096);
    }
}
END_TEST

START_TEST(test_many_of_an_alignment)
{
    for (size_t align = 4 * MIB; is_possible() && align <= 16 * MIB; align *= 2) {
        take_many(4096, align);
        give_all(MANY, 4096, align);
    }
}
END_TEST

/* What is behind a block, up to the end of its last 2 MiB, costs no memory. */
START_TEST(test_contents_and_residency)
{
    size_t size = 4100 * KIB;
    if (!is_possible())
        return;
    take_many(size, 4096);
    for (size_t i = MANY - EXTRA; i < MANY; i++) {
        pattern_require_zero(blocks[i] + size - 4096, 4096);
        memset(blocks[i] + size - 4096, 7, 4096);
        REQUIRE(mappings_resident(blocks[i], size) <= 4 * fr_page_size());
    }
    for (size_t i = MANY - EXTRA; i < MANY; i++)
        ops->dealloc(ops->ctx, blocks[i], size, 4096);
    for (size_t i = MANY - EXTRA; i < MANY; i++) {
        take(&blocks[i], size, 4096);
        pattern_require_zero(blocks[i] + size - 4096, 4096);
    }
    give_all(MANY, size, 4096);
}
END_TEST

static char *resize(char *p, size_t old_size, size_t new_size)
{
    char *moved = ops->resize(ops->ctx, p, old_size, 4096, new_size);
    REQUIRE(fr_fallback_mmap_is_valid());
    return moved;
}

START_TEST(test_resize)
{
    size_t size = 4480 * KIB;
    if (!is_possible())
        return;
    take_many(size, 4096);
    char *p = blocks[MANY - 1];
    memset(p, 7, size);
    /* Within its last granule, and over whole ones. */
    REQUIRE(resize(p, size, 4160 * KIB) == p);
    REQUIRE(resize(p, 4160 * KIB, size) == p);
    REQUIRE(p[4160 * KIB - 1] == 7);
    pattern_require_zero(p + 4160 * KIB, size - 4160 * KIB);
    REQUIRE(resize(p, size, 100 * KIB) == p);
    REQUIRE(mappings_resident(p, size) <= 100 * KIB + fr_page_size());
    REQUIRE(resize(p, 100 * KIB, size) == p);
    REQUIRE(p[0] == 7 && p[100 * KIB - 1] == 7);
    pattern_require_zero(p + 128 * KIB, size - 128 * KIB);
    /* The next block is in the way, or the chunk ends. */
    if (blocks[MANY - 2] + 6 * MIB == p)
        REQUIRE(resize(blocks[MANY - 2], size, 8 * MIB) == NULL);
    REQUIRE(resize(p, size, 400 * MIB) == NULL);
    give_all(MANY, size, 4096);
}
END_TEST

RUNNER_MAIN("many_big", test_many_of_a_size, test_many_of_an_alignment, test_contents_and_residency,
            test_resize)
