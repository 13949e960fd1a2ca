/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * No function of the family is a cancellation point: a thread with a pending request for its
 * cancellation comes back from each. malloc_stats writes all of its text, and to the stream that
 * stderr is at that moment.
 */
#include "expect.h"

#include <malloc.h>
#include <pthread.h>
#include <string.h>

/* Calls a function with a request pending. Like a cancelled thread, it cannot say so by
 * returning. */
struct call {
    void (*function)(void);
    int came_back;
};

static void *thread(void *arg)
{
    struct call *call = arg;
    EXPECT(pthread_cancel(pthread_self()) == 0);
    call->function();
    call->came_back = 1;
    pthread_testcancel();
    return NULL;
}

static void expect_no_cancellation_point(void (*function)(void))
{
    pthread_t id;
    void *result;
    struct call call = {function, 0};
    EXPECT(pthread_create(&id, NULL, thread, &call) == 0);
    EXPECT(pthread_join(id, &result) == 0);
    EXPECT(call.came_back);
    EXPECT(result == PTHREAD_CANCELED);
}

static void allocate(void)
{
    static const size_t sizes[] = {1, 1000, 100000, 5000000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        void *p = malloc(HIDE(size_t, sizes[i]));
        EXPECT(p != NULL && (p = realloc(p, 2 * sizes[i])) != NULL);
        free(p);
        EXPECT((p = memalign(4096, sizes[i])) != NULL);
        free(p);
    }
}

static void trim(void)
{
    malloc_trim(0);
}

static void inspect(void)
{
    struct mallinfo2 info = mallinfo2();
    EXPECT(info.arena >= info.uordblks);
    EXPECT(mallopt(M_ARENA_MAX, 1) == 1);
}

/* The text between two words, as a number; -1: it is not there. */
static long number_after(const char *text, const char *words)
{
    const char *at = strstr(text, words);
    return at ? strtol(at + strlen(words), NULL, 10) : -1;
}

static void test_statistics(void)
{
    char text[4096];
    int ends[2];
    int original = dup(STDERR_FILENO);
    void *large = malloc(HIDE(size_t, 3000000));
    EXPECT(pipe(ends) == 0 && dup2(ends[1], STDERR_FILENO) == STDERR_FILENO);
    close(ends[1]);
    expect_no_cancellation_point(malloc_stats);
    EXPECT(dup2(original, STDERR_FILENO) == STDERR_FILENO); /* closes the pipe's end */
    ssize_t n = read(ends[0], text, sizeof(text) - 1);
    EXPECT(n > 0);
    text[n] = '\0';
    EXPECT(number_after(text, "Arena 0:\nsystem bytes     =") > 0);
    EXPECT(number_after(text, "Total (incl. mmap):\nsystem bytes     =") > 3000000);
    EXPECT(number_after(text, "max mmap bytes   =") > 3000000);
    close(ends[0]);
    close(original);
    free(large);
}

/* A program may make stderr another stream. */
static void test_stream(void)
{
    char *text;
    size_t length;
    FILE *original = stderr;
    FILE *stream = open_memstream(&text, &length);
    EXPECT(stream != NULL);
    stderr = stream;
    malloc_stats();
    stderr = original;
    EXPECT(fclose(stream) == 0);
    EXPECT(number_after(text, "max mmap bytes   =") >= 0);
    free(text);
}

int main(void)
{
    expect_no_cancellation_point(allocate);
    expect_no_cancellation_point(trim);
    expect_no_cancellation_point(inspect);
    test_statistics();
    test_stream();
    return 0;
}
