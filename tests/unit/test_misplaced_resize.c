/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A fallback whose resize moves blocks to where their alignment is lost. */
#include "port/compiler.h"
#include "support/pattern.h"
#include "support/require.h"
#include "unit/runner.h"

#include <frusa.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ALIGN ((size_t)64 << 10)
#define OLD   ((size_t)3 << 20)
#define NEW   ((size_t)5 << 20)

struct misplacer {
    size_t held;
    size_t moves;
    int refuses; /* new blocks */
};

/* `size` bytes, `offset` bytes behind an address of that alignment. */
static void *map_at(struct misplacer *m, size_t size, size_t align, size_t offset)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size = fr_align_up(size, page);
    size_t total = size + align + offset;
    char *start = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(start != MAP_FAILED);
    char *p = (char *)fr_align_up((uintptr_t)start, align) + offset;
    if (p > start)
        munmap(start, (size_t)(p - start));
    if (start + total > p + size)
        munmap(p + size, (size_t)(start + total - (p + size)));
    m->held += size;
    return p;
}

static void *misplacer_alloc(void *ctx, size_t size, size_t align)
{
    struct misplacer *m = ctx;
    return m->refuses ? NULL : map_at(m, size, align, 0);
}

static void misplacer_dealloc(void *ctx, void *ptr, size_t size, size_t align)
{
    struct misplacer *m = ctx;
    (void)align;
    size = fr_align_up(size, (size_t)sysconf(_SC_PAGESIZE));
    m->held -= size;
    REQUIRE(munmap(ptr, size) == 0);
}

static void *misplacer_resize(void *ctx, void *ptr, size_t old_size, size_t align, size_t new_size)
{
    struct misplacer *m = ctx;
    char *p = map_at(m, new_size, align, (size_t)sysconf(_SC_PAGESIZE));
    memcpy(p, ptr, old_size < new_size ? old_size : new_size);
    misplacer_dealloc(ctx, ptr, old_size, align);
    m->moves++;
    return p;
}

static void resize_over(struct misplacer *m, int refuses)
{
    const struct frusa_fallback_ops ops = {.alloc = misplacer_alloc,
                                           .dealloc = misplacer_dealloc,
                                           .resize = misplacer_resize,
                                           .ctx = m};
    frusa_t *f = frusa_create(&ops);
    REQUIRE(f != NULL);
    char *p = frusa_alloc(f, OLD, ALIGN);
    REQUIRE(p != NULL && fr_is_aligned(p, ALIGN));
    pattern_fill(p, OLD, 0);
    m->refuses = refuses;
    char *q = frusa_realloc(f, p, OLD, ALIGN, NEW);
    REQUIRE(q != NULL && m->moves == 1);
    m->refuses = 0;
    REQUIRE(fr_is_aligned(q, refuses ? (size_t)sysconf(_SC_PAGESIZE) : ALIGN));
    pattern_require_moved(q, OLD, p, OLD, 0);
    memset(q + OLD, 1, NEW - OLD);
    frusa_dealloc(f, q, NEW, ALIGN);
    frusa_destroy(f);
    ck_assert_uint_eq(m->held, 0);
}

START_TEST(test_moved_once_more)
{
    struct misplacer m = {0, 0, 0};
    resize_over(&m, 0);
}
END_TEST

/* With no room for that, misaligned memory is better than none: the old block is gone. */
START_TEST(test_kept_where_it_is)
{
    struct misplacer m = {0, 0, 0};
    resize_over(&m, 1);
}
END_TEST

RUNNER_MAIN("misplaced resize", test_moved_once_more, test_kept_where_it_is)
