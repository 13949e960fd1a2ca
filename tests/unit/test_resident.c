/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the kernel says after a reclaim: threads that only wait keep next to nothing of what they used. */
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

RUNNER_MAIN("resident memory", test_blocked_threads_keep_nothing_resident)
