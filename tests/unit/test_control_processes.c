/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Control sockets of processes that fork, execute, exit, are killed, or close descriptors. */
#include "support/dialogue.h"
#include "support/fixture.h"
#include "support/require.h"
#include "support/tools.h"
#include "unit/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_descriptors(void)
{
    int n = 0;
    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* The child has nothing of the parent's, and can have a socket of its own. */
START_TEST(test_fork)
{
    struct fixture x;
    int before = open_descriptors();
    dialogue_open(&x, FALLBACK_UNTRACKED, NULL);
    int fd = dialogue_connect(dialogue_path("heap"));
    dialogue_ask(fd, "ping");
    fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        REQUIRE(open_descriptors() == before + 1); /* fd */
        frusa_control_stop(x.f);                   /* nothing to do */
        if (env_child_may_start_threads()) {
            REQUIRE(frusa_control_start(x.f, "heap") == 0);
            dialogue_ask_once("heap", "ping");
            frusa_control_stop(x.f);
        }
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    dialogue_ask(fd, "ping");
    close(fd);
    dialogue_ask_once("heap", "ping");
    dialogue_close(&x);
}
END_TEST

/* What the process executes has nothing of it. */
START_TEST(test_descriptors_are_closed_by_exec)
{
    struct fixture x;
    int before[1024], after = 0;
    for (int fd = 0; fd < 1024; fd++)
        before[fd] = fcntl(fd, F_GETFD) >= 0;
    dialogue_open(&x, FALLBACK_UNTRACKED, NULL);
    int client = dialogue_connect(dialogue_path("heap"));
    dialogue_ask(client, "ping");
    for (int fd = 0; fd < 1024; fd++)
        if (!before[fd] && fcntl(fd, F_GETFD) >= 0) {
            after++;
            REQUIRE_MSG(fcntl(fd, F_GETFD) & FD_CLOEXEC, "descriptor %d", fd);
        }
    ck_assert_int_ge(after, 4);
    close(client);
    dialogue_close(&x);
}
END_TEST

/* Starts a socket in a child, and returns the child; it ends as `how` says, when told. */
static pid_t start_in_child(frusa_t *f, int how)
{
    int ready[2];
    char byte;
    REQUIRE(pipe(ready) == 0);
    fflush(NULL);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        REQUIRE(frusa_control_start(f, "heap") == 0);
        REQUIRE(write(ready[1], "", 1) == 1);
        if (how == 0)
            exit(0);
        for (;;)
            pause();
    }
    close(ready[1]);
    REQUIRE(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    if (how)
        kill(child, how);
    int status;
    REQUIRE(waitpid(child, &status, 0) == child);
    return child;
}

START_TEST(test_exit_removes_it)
{
    struct fixture x;
    dialogue_directory();
    fixture_open(&x, FALLBACK_UNTRACKED, NULL);
    start_in_child(x.f, 0);
    fixture_close(&x);
    dialogue_end();
}
END_TEST

/* What a process that was killed leaves behind goes when the next one starts. */
START_TEST(test_stale_sockets_are_swept)
{
    struct fixture x;
    char path[200];
    const char *directory = dialogue_directory();
    fixture_open(&x, FALLBACK_UNTRACKED, NULL);
    pid_t child = start_in_child(x.f, SIGKILL);
    snprintf(path, sizeof(path), "%s/frusa/%ld-heap", directory, (long)child);
    ck_assert_int_eq(access(path, F_OK), 0);
    ck_assert_int_eq(frusa_control_start(x.f, "heap"), 0);
    ck_assert_int_eq(access(path, F_OK), -1);
    dialogue_close(&x);
}
END_TEST

/* A program that executes another leaves a socket of its own number. */
START_TEST(test_stale_socket_of_the_same_process)
{
    struct fixture x;
    char path[200];
    dialogue_open(&x, FALLBACK_UNTRACKED, NULL);
    snprintf(path, sizeof(path), "%s", dialogue_path("heap"));
    ck_assert_int_eq(link(path, dialogue_path("kept")), 0);
    frusa_control_stop(x.f);
    ck_assert_int_eq(access(dialogue_path("kept"), F_OK), 0);
    ck_assert_int_eq(frusa_control_start(x.f, "kept"), 0);
    dialogue_ask_once("kept", "ping");
    dialogue_close(&x);
}
END_TEST

/* The service ends when the program closes what is not its own, and touches nothing that the
 * program opens under the same numbers. The thread sanitizer reports such a program, rightly. */
START_TEST(test_program_closes_all_descriptors)
{
    struct fixture x;
    int mine[64];
    if (TOOL_TSAN)
        return;
    dialogue_open(&x, FALLBACK_UNTRACKED, NULL);
    int fd = dialogue_connect(dialogue_path("heap"));
    dialogue_ask(fd, "ping");
    for (int other = 3; other < 1024; other++)
        close(other);
    for (int i = 0; i < 64; i++)
        REQUIRE((mine[i] = fcntl(STDERR_FILENO, F_DUPFD, 250)) >= 0);
    while (access(dialogue_path("heap"), F_OK) == 0)
        usleep(1000);
    frusa_control_stop(x.f);
    for (int i = 0; i < 64; i++)
        REQUIRE(fcntl(mine[i], F_GETFD) >= 0);
    dialogue_close(&x);
}
END_TEST

RUNNER_MAIN("control_processes", test_fork, test_descriptors_are_closed_by_exec,
            test_exit_removes_it, test_stale_sockets_are_swept,
            test_stale_socket_of_the_same_process, test_program_closes_all_descriptors)
