/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Large objects by themselves, and over a fallback whose resize loses their alignment. */
#include "check.h"
#include "cache/instance.h"
#include "spans/large.h"
#include "port/compiler.h"
#include "support/fixture.h"
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

/* ---- by themselves ---- */

static struct fr_heap *heap_of(frusa_t *f)
{
    return &fr_instance_of(f)->heap;
}

static struct fr_span *span_of(frusa_t *f, const void *p)
{
    return fr_entry_span(fr_pagemap_get(&heap_of(f)->map, p));
}

START_TEST(test_bytes)
{
    ck_assert_uint_eq(fr_large_bytes(0), FR_PAGE_SIZE);
    ck_assert_uint_eq(fr_large_bytes(1), FR_PAGE_SIZE);
    ck_assert_uint_eq(fr_large_bytes(FR_PAGE_SIZE), FR_PAGE_SIZE);
    ck_assert_uint_eq(fr_large_bytes(FR_PAGE_SIZE + 1), 2 * FR_PAGE_SIZE);
    ck_assert_uint_eq(fr_large_bytes(FR_SIZE_MAX), 0);
    ck_assert_uint_eq(fr_large_bytes(SIZE_MAX), 0);
}
END_TEST

/* An entry on the first page alone; the address of every page is the object's all the same. */
START_TEST(test_life)
{
    struct fixture x;
    int is_zeroed;
    struct fr_misuse m = FR_NO_MISUSE;
    fixture_open(&x, FALLBACK_EVERYTHING, NULL);
    size_t before = fallback_held(&x.fallback);
    char *p = fr_large_alloc(heap_of(x.f), OLD - 5, OLD, 0, &is_zeroed, NULL);
    ck_assert_ptr_nonnull(p);
    struct fr_span *s = span_of(x.f, p);
    REQUIRE(s != NULL && fr_span_base(s) == p);
    ck_assert_ptr_null(span_of(x.f, p + FR_PAGE_SIZE));
    ck_assert(fr_large_owns(heap_of(x.f), p + OLD - 1) && !fr_large_owns(heap_of(x.f), p + OLD));
    ck_assert_uint_eq(fr_load_relaxed(&s->fresh), OLD - 5);
    fr_large_set_size(s, OLD - 7);
    ck_assert_uint_eq(fr_load_relaxed(&s->fresh), OLD - 7);
    ck_assert(fr_heap_is_valid(x.f));
    fr_large_free(heap_of(x.f), p, OLD, &m);
    ck_assert_int_eq(m.kind, FR_MISUSE_NONE);
    ck_assert_ptr_null(span_of(x.f, p));
    frusa_reclaim(x.f);
    ck_assert_uint_eq(fallback_held(&x.fallback), before);
    fixture_close(&x);
}
END_TEST

static void require_noted(struct fr_heap *h, enum fr_misuse_kind kind, void *p, size_t bytes)
{
    struct fr_misuse m = FR_NO_MISUSE;
    fr_large_free(h, p, bytes, &m);
    ck_assert_int_eq(m.kind, kind);
    ck_assert_ptr_eq(m.ptr, p);
}

/* What is wrong is noted, and nothing done. */
START_TEST(test_misuse_is_noted)
{
    struct fixture x, other;
    int is_zeroed;
    fixture_open(&x, 0, NULL);
    fixture_open(&other, 0, NULL);
    struct fr_heap *h = heap_of(x.f);
    char *p = fr_large_alloc(h, OLD, OLD, 0, &is_zeroed, NULL);
    char *small = frusa_alloc(x.f, 100, 0);
    ck_assert(p && small);
    require_noted(h, FR_LAYOUT_MISMATCH, p, OLD + FR_PAGE_SIZE);
    require_noted(h, FR_LAYOUT_MISMATCH, small, OLD);
    require_noted(h, FR_INVALID_POINTER, p + 16, OLD);
    require_noted(h, FR_INVALID_POINTER, p + FR_PAGE_SIZE, OLD);
    require_noted(heap_of(other.f), FR_WRONG_INSTANCE, p, OLD);
    ck_assert(fr_heap_is_valid(x.f));
    struct fr_misuse m = FR_NO_MISUSE;
    fr_large_free(h, p, 0, &m); /* without a claim */
    ck_assert_int_eq(m.kind, FR_MISUSE_NONE);
    require_noted(h, FR_INVALID_POINTER, p, OLD);
    frusa_dealloc(x.f, small, 100, 0);
    fixture_close(&other);
    fixture_close(&x);
}
END_TEST

/* ---- misplaced by resize ---- */

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

RUNNER_MAIN("large objects", test_bytes, test_life, test_misuse_is_noted, test_moved_once_more,
            test_kept_where_it_is)
