/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The minimal runner. */
#include "minicheck/check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CASES_MAX = 128, TESTS_MAX = 16 };

struct TCase {
    const char *name;
    unsigned seconds;
    size_t count;
    const TTest *tests[TESTS_MAX];
};

struct Suite {
    const char *name;
    size_t count;
    TCase *cases[CASES_MAX];
};

struct SRunner {
    Suite *suite;
    int checks, failures, errors;
};

/* Of the running test, for messages. */
static const char *current_suite, *current_case, *current_test;
static int forks;

static void *allocate(size_t size)
{
    void *p = calloc(1, size);
    if (p == NULL) {
        fputs("minicheck: no memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return p;
}

Suite *suite_create(const char *name)
{
    Suite *suite = allocate(sizeof(*suite));
    suite->name = name;
    return suite;
}

TCase *tcase_create(const char *name)
{
    TCase *tcase = allocate(sizeof(*tcase));
    tcase->name = name;
    tcase->seconds = 4; /* as in libcheck */
    return tcase;
}

void tcase_set_timeout(TCase *tcase, double seconds)
{
    tcase->seconds = seconds < 1 ? 1 : (unsigned)seconds;
}

void tcase_add_test(TCase *tcase, const TTest *test)
{
    if (tcase->count == TESTS_MAX) {
        fprintf(stderr, "minicheck: more than %d tests in %s\n", TESTS_MAX, tcase->name);
        exit(EXIT_FAILURE);
    }
    tcase->tests[tcase->count++] = test;
}

void suite_add_tcase(Suite *suite, TCase *tcase)
{
    if (suite->count == CASES_MAX) {
        fprintf(stderr, "minicheck: more than %d test cases in %s\n", CASES_MAX, suite->name);
        exit(EXIT_FAILURE);
    }
    suite->cases[suite->count++] = tcase;
}

SRunner *srunner_create(Suite *suite)
{
    SRunner *runner = allocate(sizeof(*runner));
    runner->suite = suite;
    return runner;
}

int srunner_ntests_failed(SRunner *runner)
{
    return runner->failures + runner->errors;
}

void srunner_free(SRunner *runner)
{
    for (size_t i = 0; i < runner->suite->count; i++)
        free(runner->suite->cases[i]);
    free(runner->suite);
    free(runner);
}

int minicheck_equal(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* Not by exit(): what a test registered with atexit may not expect to run in the middle of it. */
void minicheck_fail(const char *file, int line, const char *format, ...)
{
    va_list args;
    printf("%s:%d:F:%s:%s: ", file, line, current_case, current_test);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
    if (!forks)
        exit(EXIT_FAILURE);
    _exit(EXIT_FAILURE);
}

static void say_error(const char *what, int value)
{
    printf("%s:E:%s:%s: %s %d\n", current_suite, current_case, current_test, what, value);
}

/* A runner that is ended takes its test along. */
static volatile pid_t running_child;

static void end_with_child(int sig)
{
    if (running_child > 0)
        kill(-running_child, SIGKILL);
    signal(sig, SIG_DFL);
    raise(sig);
}

/* In the child: the byte says that the test came to its end, which a test that calls exit does
 * not. */
static void run_child(const TTest *test, int done)
{
    const char byte = 0;
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    setpgid(0, 0);
    test->body(0);
    if (write(done, &byte, 1) != 1)
        _exit(EXIT_FAILURE);
    exit(EXIT_SUCCESS);
}

/* Waits for the child or for the timeout; returns 1 when the child has ended. Polls: portable, and
 * there is no signal that can come too early. */
static int wait_for(pid_t child, unsigned seconds, int *status)
{
    const struct timespec pause = {0, 5 * 1000 * 1000};
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (;;) {
        pid_t ended = waitpid(child, status, WNOHANG);
        if (ended == child)
            return 1;
        if (ended < 0)
            return 0;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec - start.tv_sec > (time_t)seconds)
            return 0;
        nanosleep(&pause, NULL);
    }
}

static void judge(SRunner *runner, int status, int reached_end)
{
    if (WIFSIGNALED(status)) {
        runner->errors++;
        say_error("ended by signal", WTERMSIG(status));
    } else if (WEXITSTATUS(status) != 0) {
        runner->failures++;
        if (WEXITSTATUS(status) != EXIT_FAILURE)
            say_error("ended with status", WEXITSTATUS(status));
    } else if (!reached_end) {
        runner->errors++;
        say_error("ended early with status", 0);
    }
}

static void run_forked(SRunner *runner, const TCase *tcase, const TTest *test)
{
    int done[2], status = 0;
    char byte;
    fflush(NULL);
    pid_t child = pipe(done) == 0 ? fork() : -1;
    if (child < 0) {
        runner->errors++;
        say_error("no process for the test", 0);
        return;
    }
    if (child == 0) {
        close(done[0]);
        run_child(test, done[1]);
    }
    close(done[1]);
    setpgid(child, child); /* here too, so that it has a group before it can be ended */
    running_child = child;
    int ended = wait_for(child, tcase->seconds, &status);
    kill(-child, SIGKILL); /* what the test left behind, or all of it */
    if (ended) {
        fcntl(done[0], F_SETFL,
              O_NONBLOCK); /* a process of the test may still hold the other end */
        judge(runner, status, read(done[0], &byte, 1) == 1);
    } else {
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        runner->errors++;
        say_error("still running after seconds:", (int)tcase->seconds);
    }
    running_child = 0;
    close(done[0]);
}

void srunner_run_all(SRunner *runner, enum print_output mode)
{
    const char *only = getenv("CK_RUN_CASE");
    const char *fork_wish = getenv("CK_FORK");
    const Suite *suite = runner->suite;
    (void)mode;
    signal(SIGTERM, end_with_child);
    signal(SIGINT, end_with_child);
    forks = fork_wish == NULL || strcmp(fork_wish, "no") != 0;
    current_suite = suite->name;
    printf("Running suite(s): %s\n", suite->name);
    for (size_t i = 0; i < suite->count; i++) {
        const TCase *tcase = suite->cases[i];
        current_case = tcase->name;
        if (only != NULL && strcmp(only, tcase->name) != 0)
            continue;
        for (size_t k = 0; k < tcase->count; k++) {
            current_test = tcase->tests[k]->name;
            runner->checks++;
            if (forks)
                run_forked(runner, tcase, tcase->tests[k]);
            else
                tcase->tests[k]->body(0);
        }
    }
    int good = runner->checks - srunner_ntests_failed(runner);
    printf("%d%%: Checks: %d, Failures: %d, Errors: %d\n",
           runner->checks > 0 ? 100 * good / runner->checks : 100, runner->checks, runner->failures,
           runner->errors);
    fflush(stdout);
}
