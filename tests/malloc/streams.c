/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * fork beside threads that use the C library's streams. A thread that holds the list of streams may
 * wait for the heap, and fork waits for that list with the heap in its hands.
 */
#include "expect.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STREAM_THREADS = 3, HEAP_THREADS = 2, FORKS = 200, OBJECTS = 100 };

static _Atomic int stop;

static void use_a_stream(void)
{
    char line[40];
    char *text = NULL;
    size_t size = 0;
    FILE *f = fopen("/dev/zero", "r");
    EXPECT(f != NULL && fread(line, 1, sizeof(line), f) == sizeof(line));
    EXPECT(fclose(f) == 0);
    f = open_memstream(&text, &size);
    EXPECT(f != NULL);
    for (int i = 0; i < 50; i++)
        fprintf(f, "line %d of a text that grows\n", i);
    fflush(NULL); /* the text may move, with the list of streams locked */
    EXPECT(fclose(f) == 0 && strlen(text) == size);
    free(text);
}

static void *use_streams(void *arg)
{
    while (!stop)
        use_a_stream();
    return arg;
}

static void *use_heap(void *arg)
{
    void *objects[OBJECTS] = {NULL};
    for (size_t i = 0; !stop; i = (i * 7 + 1) % OBJECTS) {
        free(objects[i]);
        objects[i] = malloc(i % 50 ? i * 30 : 100000);
        EXPECT(objects[i] != NULL);
    }
    for (size_t i = 0; i < OBJECTS; i++)
        free(objects[i]);
    return arg;
}

static void run_children(void)
{
    for (int i = 0; i < FORKS; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            use_a_stream();
            _exit(0);
        }
        EXPECT(child > 0 && waitpid(child, &status, 0) == child);
        EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

int main(void)
{
    pthread_t threads[STREAM_THREADS + HEAP_THREADS];
    EXPECT(is_ours(strdup("in the override")));
    for (size_t i = 0; i < STREAM_THREADS + HEAP_THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, i < STREAM_THREADS ? use_streams : use_heap,
                              NULL) == 0);
    run_children();
    stop = 1;
    for (size_t i = 0; i < STREAM_THREADS + HEAP_THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    return 0;
}
