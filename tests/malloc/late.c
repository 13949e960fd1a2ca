/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The ends of threads and of the program: destructors of thread data, exit handlers,
 * destructors. */
#include "expect.h"

#include <pthread.h>
#include <string.h>

enum { KEYS = 40, THREADS = 8 };

static pthread_key_t keys[KEYS];

/* Frees what the thread left, and allocates some more, in every round that there is. */
static void at_thread_end(void *data)
{
    static __thread int rounds;
    char *more = malloc(333);
    EXPECT(more != NULL && is_ours(more));
    memset(more, 1, 333);
    free(data);
    if (++rounds < 60)
        EXPECT(pthread_setspecific(keys[rounds % KEYS], more) == 0);
    else
        free(more);
}

static void *thread(void *arg)
{
    for (size_t i = 0; i < KEYS; i++)
        EXPECT(pthread_setspecific(keys[i], malloc(100 + i)) == 0);
    free(arg);
    return malloc(1000);
}

static void test_threads(void)
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < KEYS; i++) /* more than the C library keeps without allocating */
        EXPECT(pthread_key_create(&keys[i], at_thread_end) == 0);
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < THREADS; i++)
            EXPECT(pthread_create(&threads[i], NULL, thread, malloc(50)) == 0);
        for (size_t i = 0; i < THREADS; i++) {
            void *result;
            EXPECT(pthread_join(threads[i], &result) == 0);
            free(result);
        }
    }
}

static void *kept;

static void at_exit(void)
{
    free(kept);
    kept = calloc(3, 1000);
    EXPECT(kept != NULL && is_ours(kept));
}

__attribute__((destructor)) static void last(void)
{
    free(kept);
    kept = realloc(malloc(10), 100000);
    EXPECT(kept != NULL && is_ours(kept));
    free(kept);
}

static void *leave(void *arg)
{
    free(arg);
    exit(0);
}

int main(void)
{
    pthread_t ending;
    test_threads();
    kept = malloc(100);
    EXPECT(atexit(at_exit) == 0);
    /* The program ends while main waits, from another thread. */
    EXPECT(pthread_create(&ending, NULL, leave, malloc(100)) == 0);
    pthread_join(ending, NULL);
    return 1;
}
