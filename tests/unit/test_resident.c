/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the kernel says after a reclaim: threads that only wait keep next to nothing of what they
 * used, and the page map keeps next to nothing of objects that are gone. */
#include "port/pages.h"
#include "support/mappings.h"
#include "support/random.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/tools.h"
#include "unit/runner.h"

#include <frusa.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { THREADS = 8, OBJECTS = 100000, MIN_SIZE = 16, MAX_SIZE = 512 };

/* Beside the library's own, what a thread costs: its stack, as far as it got. */
static const size_t slack = (size_t)2 << 20;

struct scene {
    frusa_t *f;
    struct gate started, gate;
    void **objects[THREADS];
};

static void fill_free_and_wait(void *arg, size_t index)
{
    struct scene *s = arg;
    void **objects = s->objects[index];
    struct random sizes = random_stream(env_seed(80), index), again = sizes;
    gate_wait(&s->started);
    for (size_t i = 0; i < OBJECTS; i++) {
        size_t size = random_between(&sizes, MIN_SIZE, MAX_SIZE);
        REQUIRE((objects[i] = frusa_alloc(s->f, size, 0)) != NULL);
        memset(objects[i], 1, size);
    }
    for (size_t i = 0; i < OBJECTS; i++)
        frusa_dealloc(s->f, objects[i], random_between(&again, MIN_SIZE, MAX_SIZE), 0);
    gate_wait(&s->gate);
}

START_TEST(test_blocked_threads_keep_nothing_resident)
{
    static struct scene s;
    static const struct gate fresh = GATE_INIT;
    struct team team;
    size_t bytes = OBJECTS * sizeof(void *);
    if (TOOL_ASAN || TOOL_TSAN || tool_is_valgrind() || !mappings_knows_locked_pages())
        return; /* their own memory, or an emulator's, is part of the process's */
    s.started = s.gate = fresh;
    for (size_t i = 0; i < THREADS; i++) {
        s.objects[i] = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        ck_assert(s.objects[i] != MAP_FAILED);
    }
    ck_assert_ptr_nonnull(s.f = frusa_create(NULL));
    size_t before = mappings_resident_in_all();
    team_start(&team, THREADS, fill_free_and_wait, &s);
    gate_open(&s.started);
    gate_await(&s.gate, THREADS);
    size_t full = mappings_resident_in_all();
    frusa_reclaim(s.f);
    size_t after = mappings_resident_in_all();
    printf("resident above the start: %zu KiB, then %zu KiB\n", (full - before) / 1024,
           after > before ? (after - before) / 1024 : 0);
    ck_assert_uint_gt(full, before + ((size_t)16 << 20));
    ck_assert_uint_le(after, before + slack);
    gate_open(&s.gate);
    team_join(&team);
    frusa_destroy(s.f);
}
END_TEST

/* ---- large objects that nobody writes to ---- */

enum { LARGE_OBJECTS = 2000 };
static const size_t large_bytes = (size_t)4 << 20;

/* A fallback that takes address space alone. */
static void *map_alloc(void *ctx, size_t size, size_t align)
{
    (void)ctx;
    (void)align; /* a page's */
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void map_dealloc(void *ctx, void *ptr, size_t size, size_t align)
{
    (void)ctx;
    (void)align;
    munmap(ptr, size);
}

static const struct frusa_fallback_ops map_ops = {.alloc = map_alloc, .dealloc = map_dealloc};

/* What a heap of large objects is given back by. */
enum way_back { BACK_RECLAIM, BACK_DESTROY, BACK_FREE, WAYS_BACK };

static void give_back(frusa_t *f, void **objects, enum way_back way)
{
    for (size_t i = 0; i < LARGE_OBJECTS && way != BACK_DESTROY; i++)
        frusa_free(f, objects[i]);
    if (way == BACK_RECLAIM)
        frusa_reclaim(f);
    if (way == BACK_DESTROY)
        frusa_destroy(f);
}

/* Each has an entry in another page of the page map. Of those, next to nothing stays; without a
 * reclaim, a bounded number. */
START_TEST(test_page_map_after_large_objects)
{
    static void *objects[LARGE_OBJECTS];
    if (TOOL_ASAN || TOOL_TSAN || tool_is_valgrind() || sizeof(void *) < 8 ||
        fr_page_size() != 4096 || !mappings_knows_locked_pages())
        return;
    for (enum way_back way = 0; way < WAYS_BACK; way++) {
        memset(objects, 0, sizeof(objects));
        frusa_t *f = frusa_create(&map_ops);
        ck_assert_ptr_nonnull(f);
        size_t before = mappings_resident_in_all();
        for (size_t i = 0; i < LARGE_OBJECTS; i++)
            REQUIRE((objects[i] = frusa_alloc(f, large_bytes, 0)) != NULL);
        size_t full = mappings_resident_in_all();
        give_back(f, objects, way);
        size_t after = mappings_resident_in_all();
        printf("way %d: %zu KiB, then %zu KiB\n", (int)way, (full - before) / 1024,
               after > before ? (after - before) / 1024 : 0);
        ck_assert_uint_gt(full, before + LARGE_OBJECTS * (size_t)4096);
        ck_assert_uint_le(after, before + slack);
        if (way != BACK_DESTROY)
            frusa_destroy(f);
    }
}
END_TEST

RUNNER_MAIN("resident memory", test_blocked_threads_keep_nothing_resident,
            test_page_map_after_large_objects)
