/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What is different in the freestanding core, and what must hold there beside what other tests
 * say. */
#include "support/build.h"
#include "support/check_instance.h"
#include "support/child.h"
#include "support/fixture.h"
#include "support/random.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/walk.h"
#include "support/workload.h"
#include "unit/runner.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* No fallback is embedded. */
START_TEST(test_no_default_fallback)
{
    static frusa_t heap = FRUSA_INITIALIZER(NULL, NULL);
    ck_assert_str_eq(frusa_version(), FRUSA_VERSION);
    ck_assert_ptr_null(frusa_create(NULL));
    ck_assert_ptr_null(frusa_alloc(&heap, 100, 0));
    frusa_destroy(&heap);
}
END_TEST

static struct counting_fallback static_fallback;
static frusa_t static_heap = FRUSA_INITIALIZER(&static_fallback.ops, NULL);

/* Statistics and fallback agree, the page map's nodes included. */
static void require_books(frusa_t *f, const struct counting_fallback *fallback)
{
    struct frusa_stats s;
    REQUIRE(frusa_get_stats(f, &s) == 0);
    REQUIRE(s.allocated_from_fallback + s.large == fallback_held(fallback));
    REQUIRE(s.in_use_metadata <= s.allocated_metadata);
    REQUIRE(s.allocated_metadata <= s.allocated_from_fallback);
}

/* A static instance whose caches are gone holds nothing at all: not a page of its page map
 * stays. */
START_TEST(test_reclaim_is_complete)
{
    struct workload w;
    fallback_init(&static_fallback, FALLBACK_EVERYTHING);
    for (int round = 0; round < 4; round++) {
        frusa_cache_t *cache = frusa_cache_create(&static_heap);
        ck_assert_ptr_nonnull(cache);
        size_t header = fallback_held(&static_fallback);
        ck_assert_uint_le(header, CACHE_MAX);
        workload_begin(&w, &static_heap, 2000, env_seed(41), (uint64_t)round);
        w.cache = round % 2 ? cache : NULL;
        w.size_bits = 22;
        for (size_t i = 0; i < 10; i++) {
            workload_run(&w, env_scale(1000, 100));
            require_books(&static_heap, &static_fallback);
        }
        workload_end(&w);
        frusa_reclaim(&static_heap);
        ck_assert_uint_eq(fallback_held(&static_fallback), header);
        require_books(&static_heap, &static_fallback);
        frusa_cache_destroy(cache);
        frusa_reclaim(&static_heap);
        ck_assert_uint_eq(fallback_held(&static_fallback), 0);
        ck_assert_uint_eq(fallback_blocks(&static_fallback), 0);
    }
    frusa_destroy(&static_heap);
    fallback_require_empty(&static_fallback);
}
END_TEST

/* The page map is only as high as the addresses are apart. */
START_TEST(test_small_instances_stay_small)
{
    enum { LENGTH = 6 << 20, NODES_MAX = 4 + 1 }; /* a leaf covers 2 MiB, or more */
    static char buffer[LENGTH];
    struct frusa_arena arena;
    struct frusa_stats s;
    ck_assert_int_eq(frusa_arena_init(&arena, buffer, sizeof(buffer)), 0);
    frusa_t *f = frusa_create(&arena.ops);
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(frusa_get_stats(f, &s), 0);
    size_t record = s.allocated_metadata;
    for (int round = 0; round < 2; round++) {
        void *p = frusa_alloc(f, 5u << 20, 0), *q = frusa_alloc(f, 64, 0);
        ck_assert(p != NULL && q != NULL);
        ck_assert_int_eq(frusa_get_stats(f, &s), 0);
        ck_assert_uint_gt(s.allocated_metadata, record);
        ck_assert_uint_le(s.allocated_metadata, record + (NODES_MAX + 2) * 4096);
        frusa_free(f, p);
        frusa_free(f, q);
        frusa_reclaim(f);
        ck_assert_int_eq(frusa_get_stats(f, &s), 0);
        ck_assert_uint_eq(s.allocated_from_fallback, record);
    }
    frusa_destroy(f);
}
END_TEST

/* ---- every refusal ---- */

/* Returns 0 when a call failed. */
static int scenario(frusa_t *f)
{
    frusa_cache_t *cache = frusa_cache_create(f);
    char *p[6] = {NULL};
    int done = cache != NULL;
    if (cache) {
        p[0] = frusa_cache_alloc(cache, 100, 0);
        p[1] = frusa_cache_alloc(cache, 40000, 64);
        p[2] = frusa_alloc_zeroed(f, 3000, 0);
        p[3] = frusa_malloc(f, 3u << 20);
        p[4] = p[3] ? frusa_resize(f, p[3], 9u << 20) : NULL;
        p[5] = frusa_alloc(f, 1u << 20, 1u << 20);
        if (p[4])
            p[3] = NULL; /* moved */
        for (size_t i = 0; i < 6; i++) {
            done = done && (i == 3 || p[i]);
            if (p[i])
                p[i][0] = 1;
        }
        frusa_cache_dealloc(cache, p[0], 100, 0);
        frusa_dealloc(f, p[1], 40000, 64);
        for (size_t i = 2; i < 6; i++)
            frusa_free(f, p[i]);
    }
    frusa_cache_destroy(cache);
    support_check_instance(f);
    frusa_reclaim(f);
    return done;
}

START_TEST(test_every_call_refused_in_turn)
{
    size_t calls = 1;
    fallback_init(&static_fallback, FALLBACK_EVERYTHING);
    REQUIRE(scenario(&static_heap));
    for (size_t call = 1; call <= calls; call++) {
        const struct fault_plan plan = {.fail = {call}};
        fallback_set_plan(&static_fallback, &plan);
        scenario(&static_heap);
        ck_assert_uint_eq(fallback_held(&static_fallback), 0);
        fallback_set_plan(&static_fallback, NULL);
        REQUIRE(scenario(&static_heap));
        calls = fr_load_relaxed(&static_fallback.fallible);
        ck_assert_uint_eq(fallback_held(&static_fallback), 0);
    }
    ck_assert_uint_gt(fr_load_relaxed(&static_fallback.refused), 10);
    frusa_destroy(&static_heap);
}
END_TEST

/* The page map's nodes count against the limit. */
START_TEST(test_limit)
{
    const struct frusa_config config = {.limit = 256u << 10};
    struct fixture x;
    void *objects[200];
    size_t n = 0;
    fixture_open(&x, FALLBACK_EVERYTHING, &config);
    for (int round = 0; round < 3; round++) {
        while (n < 200 && (objects[n] = frusa_alloc(x.f, 3000, 0)) != NULL)
            n++;
        ck_assert(n > 30 && n < 200);
        ck_assert_uint_le(fr_load_relaxed(&x.fallback.peak_bytes), config.limit);
        while (n > 0)
            frusa_dealloc(x.f, objects[--n], 3000, 0);
    }
    fixture_close(&x);
}
END_TEST

/* ---- misuse ---- */

static struct {
    jmp_buf leave;
    char message[200];
} seen;

static void note_and_leave(void *arg, const char *message)
{
    (void)arg;
    snprintf(seen.message, sizeof(seen.message), "%s", message);
    longjmp(seen.leave, 1);
}

static void require_message(const char *call, const char *kind, const void *pointer)
{
    char expected[200];
    snprintf(expected, sizeof(expected), "frusa: %s: %s: %p", call, kind, pointer);
    REQUIRE_MSG(strncmp(seen.message, expected, strlen(expected)) == 0, "\"%s\", not \"%s\"",
                seen.message, expected);
}

#define REQUIRE_MISUSE(mistake, call, kind, pointer)                                               \
    do {                                                                                           \
        if (setjmp(seen.leave) == 0) {                                                             \
            mistake;                                                                               \
            ck_abort_msg("the mistake was not detected: " #mistake);                               \
        }                                                                                          \
        require_message(call, kind, pointer);                                                      \
    } while (0)

/* Threads have no caches, so every mistake is found at the call. Another instance's objects are
 * not in this one's page map: their pointers are invalid. */
START_TEST(test_misuse)
{
    static const unsigned flags[] = {0, FRUSA_CHECKED};
    static char foreign[64];
    for (volatile size_t i = 0; i < 2; i++) {
        const struct frusa_config config = {.flags = flags[i]};
        struct fixture x, other;
        fixture_open(&x, FALLBACK_EVERYTHING, &config);
        fixture_open(&other, FALLBACK_EVERYTHING, &config);
        char *volatile keep = frusa_alloc(x.f, 64, 0), *volatile p = frusa_alloc(x.f, 64, 0);
        char *volatile large = frusa_alloc(x.f, 3 << 20, 0), *volatile q = frusa_alloc(x.f, 64, 0);
        ck_assert(keep && p && large && q);
        frusa_dealloc(x.f, q, 64, 0);
        frusa_set_panic_handler(note_and_leave, NULL);
        REQUIRE_MISUSE(frusa_dealloc(x.f, q, 64, 0), "frusa_dealloc", "double free", q);
        REQUIRE_MISUSE(frusa_free(x.f, foreign), "frusa_free", "invalid pointer", foreign);
        REQUIRE_MISUSE(frusa_free(x.f, p + 16), "frusa_free", "invalid pointer", p + 16);
        REQUIRE_MISUSE(frusa_dealloc(x.f, p, 4000, 0), "frusa_dealloc", "layout mismatch", p);
        REQUIRE_MISUSE(frusa_dealloc(other.f, p, 64, 0), "frusa_dealloc", "invalid pointer", p);
        REQUIRE_MISUSE(frusa_free(other.f, large), "frusa_free", "invalid pointer", large);
        REQUIRE_MISUSE(frusa_free(x.f, large + 8192), "frusa_free", "invalid pointer",
                       large + 8192);
        frusa_set_panic_handler(NULL, NULL);
        frusa_free(x.f, p);
        frusa_free(x.f, keep);
        frusa_free(x.f, large);
        fixture_close(&other);
        fixture_close(&x);
    }
}
END_TEST

static void make_a_mistake(void *f)
{
    const struct rlimit no_core_files = {0, 0};
    static char foreign[64];
    setrlimit(RLIMIT_CORE, &no_core_files);
    frusa_free(f, foreign);
}

static void return_from_handler(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

/* The default panic traps, as does a handler that returns. */
START_TEST(test_panic_traps)
{
    struct fixture x;
    fixture_open(&x, 0, NULL);
    frusa_set_panic_handler(NULL, NULL);
    child_run_to_abort(make_a_mistake, x.f);
    frusa_set_panic_handler(return_from_handler, NULL);
    child_run_to_abort(make_a_mistake, x.f);
    fixture_close(&x);
}
END_TEST

/* ---- threads ---- */

static void work(void *arg, size_t index)
{
    struct workload w;
    workload_begin(&w, arg, 300, env_seed(42), index);
    workload_run(&w, env_scale(4000, 200));
    workload_end(&w);
    frusa_reclaim(arg);
}

/* Threads work uncached: nothing of theirs stays in a cache, whatever they did. */
START_TEST(test_threads_are_uncached)
{
    struct frusa_stats s;
    fallback_init(&static_fallback, FALLBACK_EVERYTHING);
    team_run(4, work, &static_heap);
    frusa_thread_flush(&static_heap);
    ck_assert_int_eq(frusa_get_stats(&static_heap, &s), 0);
    ck_assert_uint_eq(s.cached, 0);
    frusa_reclaim(&static_heap);
    ck_assert_uint_eq(fallback_held(&static_fallback), 0);
    frusa_destroy(&static_heap);
}
END_TEST

/* As a kernel's processors: a cache each, objects freed by another, one of them reclaims
 * meanwhile. */
enum { PROCESSORS = 3, BOX = 64 };

static struct {
    fr_atomic box[PROCESSORS][BOX]; /* objects on their way */
    fr_atomic done;
} machine;

static void free_what_came(frusa_cache_t *cache, size_t index)
{
    for (size_t k = 0; k < BOX; k++) {
        fr_atomic *slot = &machine.box[index][k];
        size_t p = fr_load_acquire(slot);
        if (p && fr_cas_acquire(slot, p, 0)) {
            REQUIRE(*(unsigned char *)p == 0x77);
            frusa_cache_dealloc(cache, (void *)p, 16 + 40 * k, 0);
        }
    }
}

static void processor(void *arg, size_t index)
{
    frusa_cache_t *cache = frusa_cache_create(arg);
    REQUIRE(cache != NULL);
    for (size_t i = 0; i < env_scale(30000, 1000); i++) {
        size_t k = i % BOX;
        unsigned char *p = frusa_cache_alloc(cache, 16 + 40 * k, 0);
        REQUIRE(p != NULL);
        *p = 0x77;
        if (!fr_cas_release(&machine.box[(index + 1) % PROCESSORS][k], 0, (size_t)(uintptr_t)p))
            frusa_cache_dealloc(cache, p, 16 + 40 * k, 0);
        if (k == 0)
            free_what_came(cache, index);
        if (index == 0 && i % 1000 == 0)
            frusa_reclaim(arg);
    }
    fr_fetch_add_acquire(&machine.done, 1);
    while (fr_load_acquire(&machine.done) < PROCESSORS)
        free_what_came(cache, index);
    free_what_came(cache, index);
    frusa_cache_destroy(cache);
}

START_TEST(test_processors)
{
    fallback_init(&static_fallback, FALLBACK_EVERYTHING);
    team_run(PROCESSORS, processor, &static_heap);
    support_check_instance(&static_heap);
    frusa_reclaim(&static_heap);
    ck_assert_uint_eq(fallback_held(&static_fallback), 0);
    frusa_destroy(&static_heap);
}
END_TEST

RUNNER_MAIN("freestanding core", test_no_default_fallback, test_reclaim_is_complete,
            test_small_instances_stay_small, test_every_call_refused_in_turn, test_limit,
            test_misuse, test_panic_traps, test_threads_are_uncached, test_processors)
