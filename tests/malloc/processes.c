/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fork, vfork, posix_spawn and exec while other threads allocate. */
#include "expect.h"

#include <malloc.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

enum { THREADS = 3, FORKS = 40, OBJECTS = 500 };

static _Atomic int stop;

static void *busy(void *arg)
{
    void *objects[OBJECTS] = {NULL};
    for (size_t i = 0; !stop; i = (i * 7 + 1) % OBJECTS) {
        free(objects[i]);
        objects[i] = malloc(i % 50 ? i * 3 : 100000);
        EXPECT(objects[i] != NULL);
    }
    for (size_t i = 0; i < OBJECTS; i++)
        free(objects[i]);
    return arg;
}

static void wait_for(pid_t child)
{
    int status;
    EXPECT(child > 0);
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* In the child: its own objects, those of the parent, a thread of its own, and reclaim. */
static void live_on(void **objects)
{
    pthread_t thread;
    for (size_t i = 0; i < OBJECTS; i += 2) {
        free(objects[i]);
        objects[i] = malloc(i);
        EXPECT(objects[i] != NULL);
    }
    stop = 1;
    EXPECT(pthread_create(&thread, NULL, busy, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
    malloc_trim(0);
    for (size_t i = 0; i < OBJECTS; i++)
        free(objects[i]);
    malloc_trim(0);
    exit(0);
}

static void test_fork(void)
{
    void *objects[OBJECTS];
    for (size_t i = 0; i < OBJECTS; i++)
        EXPECT((objects[i] = malloc(i * 5)) != NULL);
    for (int i = 0; i < FORKS; i++) {
        pid_t child = fork();
        if (child == 0)
            live_on(objects);
        wait_for(child);
    }
    for (size_t i = 0; i < OBJECTS; i++)
        free(objects[i]);
}

static char *const command[] = {"/bin/true", NULL};

/* A function of its own: the child shares the parent's variables. */
static void run_by_vfork(void)
{
    pid_t child = vfork();
    if (child == 0) {
        execve(command[0], command, environ);
        _exit(1);
    }
    wait_for(child);
}

static void *start_processes(void *arg)
{
    for (volatile int i = 0; i < 10; i++) {
        pid_t child;
        char *copy = strdup("some memory");
        EXPECT(posix_spawn(&child, command[0], NULL, NULL, command, environ) == 0);
        wait_for(child);
        run_by_vfork();
        FILE *pipe = popen("echo out", "r");
        EXPECT(pipe != NULL && fgetc(pipe) == 'o');
        EXPECT(pclose(pipe) == 0);
        EXPECT(strcmp(copy, "some memory") == 0);
        free(copy);
    }
    return arg;
}

static void *replace_program(void *arg)
{
    execve(command[0], command, environ);
    EXPECT(!"execve returned");
    return arg;
}

int main(void)
{
    pthread_t threads[THREADS];
    pthread_t other;
    EXPECT(is_ours(strdup("in the override")));
    for (size_t i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, busy, NULL) == 0);
    test_fork();
    EXPECT(pthread_create(&other, NULL, start_processes, NULL) == 0);
    EXPECT(pthread_join(other, NULL) == 0);
    stop = 1;
    for (size_t i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    /* A thread execs while main waits for it: the status is that of the new program. */
    EXPECT(pthread_create(&other, NULL, replace_program, NULL) == 0);
    pthread_join(other, NULL);
    return 1;
}
