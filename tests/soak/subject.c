/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The instances of the soak. */
#include "subject.h"
#include "support/check_instance.h"
#include "support/mappings.h"
#include "support/parcel.h"
#include "support/require.h"
#include "support/tools.h"
#include "support/walk.h"

#include <errno.h>
#include <stdio.h>

enum { ARENA_BYTES = 8 << 20, FIRST_STATIC = 10 };

static struct frusa_arena arenas[2];
/* Aligned to pages, for mappings_resident. */
static _Alignas(65536) unsigned char arena_bytes[2][ARENA_BYTES];

/* A static instance is made from what the table below says about it. */
#define STATIC_HEAP(i) FRUSA_INITIALIZER(&subjects[i].fallback.ops, &subjects[i].config)
static frusa_t static_heaps[SUBJECTS - FIRST_STATIC] = {
    STATIC_HEAP(10), STATIC_HEAP(11), STATIC_HEAP(12),
    STATIC_HEAP(13), STATIC_HEAP(14), STATIC_HEAP(15),
};

#define OVER(fallback) .inner = &(fallback)

struct subject subjects[SUBJECTS] = {
    {.name = "mmap", .fallback = {OVER(frusa_fallback_mmap)}},
    {.name = "mmap, checked",
     .fallback = {OVER(frusa_fallback_mmap)},
     .config = {.flags = FRUSA_CHECKED}},
    {.name = "mmap, no thread cache",
     .fallback = {OVER(frusa_fallback_mmap)},
     .config = {.flags = FRUSA_NO_THREAD_CACHE}},
    {.name = "mmap, a limit",
     .fallback = {OVER(frusa_fallback_mmap)},
     .config = {.limit = 3 << 20}},
    {.name = "mmap, 4 KiB, small caches",
     .fallback = {OVER(frusa_fallback_mmap)},
     .config = {.managed_max = FRUSA_4K_MAX, .thread_cache_max = 16 << 10}},
    {.name = "mmap, 1 % fails", .fallback = {OVER(frusa_fallback_mmap), .percent = 1}},
    {.name = "mmap, 20 % fails, blocks",
     .fallback = {OVER(frusa_fallback_mmap), .percent = 20, .slow = 200}},
    {.name = "malloc", .fallback = {OVER(frusa_fallback_malloc)}},
    {.name = "malloc, 10 % fails", .fallback = {OVER(frusa_fallback_malloc), .percent = 10}},
    {.name = "arena", .fallback = {OVER(arenas[0].ops)}},
    {.name = "static, mmap", .fallback = {OVER(frusa_fallback_mmap)}},
    {.name = "static, mmap, blocks", .fallback = {OVER(frusa_fallback_mmap), .slow = 200}},
    {.name = "static, mmap, 50 % fails", .fallback = {OVER(frusa_fallback_mmap), .percent = 50}},
    {.name = "static, malloc, checked",
     .fallback = {OVER(frusa_fallback_malloc)},
     .config = {.flags = FRUSA_CHECKED}},
    {.name = "static, arena, 10 % fails", .fallback = {OVER(arenas[1].ops), .percent = 10}},
    {.name = "static, mmap, 4 KiB, a limit",
     .fallback = {OVER(frusa_fallback_mmap)},
     .config = {.managed_max = FRUSA_4K_MAX, .limit = 2 << 20}},
};

void subject_begin(struct subject *s)
{
    if (s->static_heap != NULL) {
        s->f = s->static_heap;
        return;
    }
    do
        s->f = frusa_create_with(&s->fallback.ops, &s->config);
    while (s->f == NULL && errno == ENOMEM && s->fallback.percent > 0);
    REQUIRE_MSG(s->f != NULL, "%s", s->name);
}

void subject_empty(struct subject *s, struct random *r)
{
    for (size_t i = 0; i < MAILBOXES; i++)
        parcel_unpack(s->f, parcel_exchange(&s->mailboxes[i], NULL), r);
    frusa_reclaim(s->f);
    REQUIRE_MSG(walk_sum(s->f).spans == 0, "%s", s->name);
}

void subject_calm(struct subject *s, struct random *r)
{
    subject_empty(s, r);
    size_t held = fr_load_relaxed(&s->fallback.held);
    REQUIRE_MSG(stats_live_bytes(s->f) == 0, "%s: %zu bytes are live", s->name,
                stats_live_bytes(s->f));
    struct frusa_stats stats;
    REQUIRE(frusa_get_stats(s->f, &stats) == 0);
    REQUIRE_MSG(stats.allocated_from_fallback == stats.in_use_metadata, "%s: %zu bytes stay",
                s->name, stats.allocated_from_fallback - stats.in_use_metadata);
    /* Two threads ever come here, and free. */
    REQUIRE_MSG(held <= RECORD_MAX + 2 * CACHE_MAX, "%s: %zu bytes stay", s->name, held);
    support_check_instance(s->f);
}

void subject_end(struct subject *s, struct random *r)
{
    subject_empty(s, r);
    frusa_destroy(s->f);
    s->f = NULL;
    size_t held = fr_load_relaxed(&s->fallback.held);
    REQUIRE_MSG(held == 0, "%s: %zu bytes did not come back", s->name, held);
}

void subjects_open(void)
{
    for (size_t i = 0; i < 2; i++)
        REQUIRE(frusa_arena_init(&arenas[i], arena_bytes[i], ARENA_BYTES) == 0);
    for (size_t i = 0; i < SUBJECTS; i++) {
        struct subject *s = &subjects[i];
        tool_init_rwlock(&s->lock);
        soak_fallback_init(&s->fallback);
        s->static_heap = i < FIRST_STATIC ? NULL : &static_heaps[i - FIRST_STATIC];
        subject_begin(s);
    }
}

size_t subjects_arena_resident(void)
{
    return mappings_resident(arena_bytes, sizeof(arena_bytes));
}

void subjects_close(void)
{
    struct random r = random_stream(0, 0);
    for (size_t i = 0; i < SUBJECTS; i++)
        subject_end(&subjects[i], &r);
}
