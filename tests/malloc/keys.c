/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The C library keeps thread-specific data in memory from malloc. The library hears of the end of
 * such threads all the same: no cache stays behind. */
#include "expect.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>

enum { KEYS = 200, THREADS = 40 };

static pthread_key_t keys[KEYS];
static size_t key; /* of the threads that run now */

static void use_malloc(void)
{
    for (size_t i = 0; i < 40; i++)
        free(HIDE(void *, malloc(50 + i * 40)));
}

/* The first call of malloc is that of pthread_setspecific, for a key beyond those in the thread's
 * own block. */
static void *set_and_use(void *arg)
{
    EXPECT(pthread_setspecific(keys[key], keys) == 0);
    use_malloc();
    return arg;
}

static void use_in_last_round(void *data)
{
    static __thread int rounds;
    if (++rounds < PTHREAD_DESTRUCTOR_ITERATIONS)
        EXPECT(pthread_setspecific(keys[key], data) == 0);
    else
        use_malloc();
}

static void *set(void *arg)
{
    EXPECT(pthread_setspecific(keys[key], keys) == 0);
    return arg;
}

static void run(void *(*body)(void *), size_t threads)
{
    for (size_t i = 0; i < threads; i++) {
        pthread_t thread;
        EXPECT(pthread_create(&thread, NULL, body, NULL) == 0);
        EXPECT(pthread_join(thread, NULL) == 0);
    }
}

/* What the instance holds beside the program's objects and free ones. */
static size_t bytes_of_caches(void)
{
    struct frusa_stats stats;
    int (*get)(frusa_t *, struct frusa_stats *) =
        (int (*)(frusa_t *, struct frusa_stats *))FIND(frusa_get_stats);
    size_t (*reclaim)(frusa_t *) = (size_t(*)(frusa_t *))FIND(frusa_reclaim);
    EXPECT(get != NULL && reclaim != NULL);
    reclaim(the_instance());
    EXPECT(get(the_instance(), &stats) == 0);
    return stats.allocated_metadata;
}

static void test_nothing_stays(void *(*body)(void *))
{
    run(body, 2);
    size_t before = bytes_of_caches();
    run(body, THREADS);
    size_t after = bytes_of_caches();
    if (after > before)
        fprintf(stderr, "key %zu: %zu bytes, then %zu\n", key, before, after);
    EXPECT(after <= before);
}

static void create_keys(size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        EXPECT(pthread_key_create(&keys[i], use_in_last_round) == 0);
}

int main(void)
{
    create_keys(0, KEYS / 2);
    use_malloc(); /* the library may create a key of its own at this time */
    create_keys(KEYS / 2, KEYS);
    for (key = 0; key < KEYS; key += 19) {
        test_nothing_stays(set_and_use);
        test_nothing_stays(set);
    }
    return 0;
}
