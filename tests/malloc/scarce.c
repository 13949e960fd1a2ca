/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Little address space. What was freed, and is kept for reuse, must not stand in the way of a large
 * object. The C library does not ask this one before it maps the stack of a thread: that is
 * granted after malloc_trim.
 */
#include "expect.h"

#include <malloc.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

enum { OBJECTS = 400000, SIZE = 200 };
static const size_t limit_bytes = (size_t)64 << 20;
static const size_t wanted = (size_t)20 << 20;
static void *objects[OBJECTS];

/* Until memory is refused, or `most` objects; returns how many. */
static size_t fill(size_t most)
{
    size_t n = 0;
    while (n < most && (objects[n] = malloc(SIZE)) != NULL)
        memset(objects[n++], 1, SIZE);
    return n;
}

static void empty(size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(objects[i]);
}

static void *nothing(void *arg)
{
    return arg;
}

static void start_thread(void)
{
    pthread_t thread;
    pthread_attr_t attributes;
    EXPECT(pthread_attr_init(&attributes) == 0);
    EXPECT(pthread_attr_setstacksize(&attributes, wanted) == 0);
    EXPECT(pthread_create(&thread, &attributes, nothing, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
    pthread_attr_destroy(&attributes);
}

static void want_large(void)
{
    void *p = malloc(wanted);
    EXPECT(p != NULL);
    free(p);
}

int main(void)
{
    struct rlimit limit = {limit_bytes, limit_bytes};
    EXPECT(is_ours(malloc(100)));
    EXPECT(setrlimit(RLIMIT_AS, &limit) == 0);
    size_t n = fill(OBJECTS / 2);
    EXPECT(n == OBJECTS / 2);
    empty(n);
    want_large();
    n = fill(OBJECTS); /* more than there is */
    EXPECT(n >= OBJECTS / 2 && n < OBJECTS);
    empty(n);
    want_large();
    fill(OBJECTS / 2);
    empty(OBJECTS / 2);
    malloc_trim(0);
    start_thread();
    return 0;
}
