/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Signals at which statistics are written, for signals.sh. The first argument says which. */
#include "expect.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, SIGNALS = 400, OBJECTS = 500 };

static volatile sig_atomic_t stop;

/* Works in caches, in slabs and, by short threads, on the list of caches. */
static void *work(void *arg)
{
    void *objects[OBJECTS] = {NULL};
    for (size_t i = 0; arg ? i < OBJECTS : !stop; i++) {
        free(objects[i % OBJECTS]);
        objects[i % OBJECTS] = malloc(1 + i * 37 % 3000);
    }
    for (size_t i = 0; i < OBJECTS; i++)
        free(objects[i]);
    return arg;
}

static void *start_threads(void *arg)
{
    char once; /* not NULL: the thread ends at once */
    pthread_t thread;
    while (!stop) {
        EXPECT(pthread_create(&thread, NULL, work, &once) == 0);
        EXPECT(pthread_join(thread, NULL) == 0);
    }
    return arg;
}

/* Handlers interrupt calls of the library everywhere, under its locks too. */
static void test_storm(void)
{
    pthread_t threads[THREADS + 1];
    for (size_t i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, work, NULL) == 0);
    EXPECT(pthread_create(&threads[THREADS], NULL, start_threads, NULL) == 0);
    for (int i = 0; i < SIGNALS; i++)
        EXPECT(pthread_kill(threads[i % (THREADS + 1)], SIGUSR2) == 0);
    EXPECT(kill(getpid(), SIGUSR2) == 0);
    stop = 1;
    for (size_t i = 0; i <= THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
}

static void test_term(void)
{
    kill(getpid(), SIGTERM);
    _exit(7);
}

static void test_usr2(void)
{
    EXPECT(raise(SIGUSR2) == 0);
    EXPECT(raise(SIGUSR2) == 0);
}

/* Prints the child's number. */
static void expect_death(pid_t child)
{
    int status;
    EXPECT(child > 0 && waitpid(child, &status, 0) == child);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    printf("%ld\n", (long)child);
}

static void test_forked(void)
{
    pid_t child = fork();
    if (child == 0) {
        kill(getpid(), SIGTERM);
        pause();
    }
    expect_death(child);
}

/* The child runs in this process's memory. */
static void test_vforked(void)
{
    pid_t child = vfork();
    if (child == 0) {
        kill(getpid(), SIGTERM);
        _exit(1);
    }
    expect_death(child);
}

static volatile sig_atomic_t caught;

static void on_term(int sig)
{
    caught = sig;
}

/* The program's own handler counts. */
static void test_own_handler(void)
{
    signal(SIGTERM, on_term);
    EXPECT(raise(SIGTERM) == 0);
    EXPECT(caught == SIGTERM);
}

/* Started with the signal ignored. */
static void test_ignored(void)
{
    EXPECT(raise(SIGTERM) == 0);
}

int main(int argc, char **argv)
{
    const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        {"term", test_term},       {"usr2", test_usr2},       {"storm", test_storm},
        {"forked", test_forked},   {"vforked", test_vforked}, {"own", test_own_handler},
        {"ignored", test_ignored},
    };
    for (size_t i = 0; argc == 2 && i < sizeof(tests) / sizeof(tests[0]); i++)
        if (strcmp(argv[1], tests[i].name) == 0)
            tests[i].run();
    return 0;
}
