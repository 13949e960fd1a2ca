/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Threads that first use an instance in a destructor of thread-specific data: in any round, after
 * any key. */
#include "support/check_instance.h"
#include "support/fixture.h"
#include "support/require.h"
#include "support/threads.h"
#include "support/tools.h"
#include "support/walk.h"
#include "unit/runner.h"

#include <limits.h>

enum { SOME_KEYS = 100 };

/* The thread sanitizer does away with what it knows of a thread in the same rounds, and crashes in
 * later ones. */
#define ROUNDS (TOOL_TSAN ? 2 : PTHREAD_DESTRUCTOR_ITERATIONS)

/* So large that the C library unmaps it when the thread has ended: who touches it then crashes. */
#define STACK_BYTES ((size_t)64 << 20)

#if defined(PTHREAD_KEYS_MAX)
enum { MANY_KEYS = PTHREAD_KEYS_MAX };
#else
enum { MANY_KEYS = 1024 };
#endif

static frusa_t *f;
static pthread_key_t keys[MANY_KEYS];
static size_t keys_n;

/* What a thread leaves to a destructor. */
struct legacy {
    size_t key;
    unsigned rounds_left; /* in which the destructor only asks for the next round */
};

static void use(frusa_t *instance)
{
    void *objects[20];
    for (size_t i = 0; i < 20; i++)
        REQUIRE((objects[i] = frusa_alloc(instance, 16 + i * 50, 0)) != NULL);
    for (size_t i = 0; i < 20; i++)
        frusa_dealloc(instance, objects[i], 16 + i * 50, 0);
}

static void use_in_a_round(void *value)
{
    struct legacy *legacy = value;
    if (legacy->rounds_left-- > 0)
        REQUIRE(pthread_setspecific(keys[legacy->key], legacy) == 0);
    else
        use(f);
}

static void create_keys(size_t most)
{
    keys_n = 0;
    while (keys_n < most && pthread_key_create(&keys[keys_n], use_in_a_round) == 0)
        keys_n++;
    REQUIRE(keys_n > 0);
}

static void delete_keys(void)
{
    while (keys_n > 0)
        REQUIRE(pthread_key_delete(keys[--keys_n]) == 0);
}

/* The instance that the threads use, beside a program with keys of its own. */
static void open_beside_keys(struct fixture *x, size_t most)
{
    create_keys(most);
    fixture_open(x, FALLBACK_EVERYTHING, NULL);
    f = x->f;
}

static void close_beside_keys(struct fixture *x)
{
    fixture_close(x);
    delete_keys();
}

static void *leave(void *legacy)
{
    REQUIRE(pthread_setspecific(keys[((struct legacy *)legacy)->key], legacy) == 0);
    return NULL;
}

static void run_and_unmap(void *(*body)(void *), void *arg)
{
    pthread_attr_t attributes;
    pthread_t thread;
    REQUIRE(pthread_attr_init(&attributes) == 0);
    REQUIRE(pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0);
    REQUIRE(pthread_create(&thread, &attributes, body, arg) == 0);
    REQUIRE(pthread_join(thread, NULL) == 0);
    REQUIRE(pthread_attr_destroy(&attributes) == 0);
}

static void leave_in_each_round(size_t key)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct legacy legacy = {key, round};
        run_and_unmap(leave, &legacy);
    }
}

/* Threads whose first use comes in each round, after the destructors of few keys and of many. */
static void use_in_destructors(void)
{
    size_t tried = env_scale(keys_n / 9, 8);
    for (size_t key = 0; key < keys_n; key += keys_n / tried + 1)
        leave_in_each_round(key);
    leave_in_each_round(keys_n - 1);
}

START_TEST(test_no_cache_outlives_its_thread)
{
    struct fixture x;
    open_beside_keys(&x, SOME_KEYS);
    use_in_destructors();
    frusa_reclaim(f);
    ck_assert_uint_le(fallback_held(&x.fallback), RECORD_MAX);
    support_check_instance(f);
    close_beside_keys(&x);
}
END_TEST

/* The program has all other keys, so the library's key may come before them. What a thread leaves
 * unheard, the next reclaim and the destroy get. */
START_TEST(test_no_key_left)
{
    struct fixture x;
    open_beside_keys(&x, MANY_KEYS);
    use_in_destructors();
    frusa_reclaim(f);
    ck_assert_uint_eq(stats_live_bytes(f), 0);
    support_check_instance(f);
    close_beside_keys(&x);
}
END_TEST

static void use_and_count(void *arg, size_t index)
{
    struct frusa_stats stats;
    (void)arg, (void)index;
    use(f);
    REQUIRE(frusa_get_stats(f, &stats) == 0 && stats.cached > 0);
}

/* The library has its key from the beginning: threads have caches all the same. */
START_TEST(test_caches_without_a_key_left)
{
    struct fixture x;
    open_beside_keys(&x, MANY_KEYS);
    for (size_t i = 0; i < 20; i++)
        team_run(1, use_and_count, NULL);
    frusa_reclaim(f);
    ck_assert_uint_le(fallback_held(&x.fallback), RECORD_MAX);
    close_beside_keys(&x);
}
END_TEST

static void create_a_key(void *arg, size_t index)
{
    (void)arg, (void)index;
    use(f);
    create_keys(SOME_KEYS);
    REQUIRE(keys_n == SOME_KEYS);
    delete_keys();
}

/* The library keeps two keys at most. */
START_TEST(test_keys_are_left_to_others)
{
    struct fixture x;
    create_keys(MANY_KEYS);
    size_t before = keys_n;
    delete_keys();
    fixture_open(&x, 0, NULL);
    f = x.f;
    team_run(1, create_a_key, NULL);
    create_keys(MANY_KEYS);
    ck_assert_uint_ge(keys_n + 1, before);
    delete_keys();
    fixture_close(&x);
}
END_TEST

RUNNER_MAIN("thread keys", test_no_cache_outlives_its_thread, test_no_key_left,
            test_caches_without_a_key_left, test_keys_are_left_to_others)
