/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * usage: reclaimed [threads | child | daemon | handler | exec | kept] [N]
 *
 * For reclaimer.sh. "threads" prints the names of the process's threads that are the library's,
 * sorted; "child" does so in the child of a fork, "daemon" in a grandchild whose parent has ended,
 * "handler" in a child that a signal handler forked, "exec" in a program that this one executes.
 * N threads are waited for. "kept" waits until what was freed is given back, in a child too.
 */
#include "expect.h"

#include <dirent.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

enum { NAMES_MAX = 16 };

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* A thread names itself once it runs. */
static void nap(void)
{
    struct timespec pause = {0, 20000000};
    nanosleep(&pause, NULL);
}

static char names[NAMES_MAX][32];
static size_t expected; /* threads that are waited for, for some time */

static size_t look(void)
{
    size_t n = 0;
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *entry;
    EXPECT(tasks != NULL);
    while ((entry = readdir(tasks)) != NULL && n < NAMES_MAX) {
        char path[300];
        snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
        FILE *comm = fopen(path, "r");
        if (comm && fgets(names[n], sizeof(names[n]), comm) && strncmp(names[n], "frusa-", 6) == 0)
            n++;
        if (comm)
            fclose(comm);
    }
    closedir(tasks);
    return n;
}

static void print_threads(void)
{
    size_t n = look();
    for (unsigned i = 0; i < 1000 && n < expected; i++) {
        nap();
        n = look();
    }
    qsort(names, n, sizeof(names[0]), by_name);
    for (size_t i = 0; i < n; i++)
        printf("%.*s\n", (int)strcspn(names[i], "\n"), names[i]);
    fflush(stdout);
}

static void require_success(pid_t child)
{
    int status;
    EXPECT(child > 0 && waitpid(child, &status, 0) == child);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void in_child(void (*what)(void))
{
    pid_t child = fork();
    if (child == 0) {
        what();
        _exit(0);
    }
    require_success(child);
}

static void print_in_grandchild(void)
{
    int ends[2];
    char byte;
    EXPECT(pipe(ends) == 0);
    pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        EXPECT(setsid() > 0);
        if (fork() > 0)
            _exit(0);
        close(ends[0]);
        nap();
        print_threads();
        _exit(0);
    }
    require_success(child);
    close(ends[1]);
    EXPECT(read(ends[0], &byte, 1) == 0); /* until the grandchild has ended */
}

static void fork_and_print(int number)
{
    (void)number;
    in_child(print_threads);
}

static void require_given_back(void)
{
    enum { N = 100000 };
    static void *objects[N];
    for (size_t i = 0; i < N; i++)
        EXPECT((objects[i] = malloc(600)) != NULL);
    for (size_t i = 0; i < N; i++)
        free(objects[i]);
    while (mallinfo2().arena > 8 << 20)
        nap();
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    expected = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    nap();
    if (strcmp(what, "threads") == 0) {
        print_threads();
    } else if (strcmp(what, "child") == 0) {
        in_child(nap);
        in_child(print_threads);
    } else if (strcmp(what, "daemon") == 0) {
        print_in_grandchild();
    } else if (strcmp(what, "handler") == 0) {
        EXPECT(signal(SIGUSR1, fork_and_print) != SIG_ERR);
        raise(SIGUSR1);
    } else if (strcmp(what, "exec") == 0) {
        char *command[] = {argv[0], (char *)(size_t) "threads", argv[2], NULL};
        execv(command[0], command);
        return 1;
    } else if (strcmp(what, "kept") == 0) {
        require_given_back();
        in_child(require_given_back);
    } else {
        return 1;
    }
    return 0;
}
