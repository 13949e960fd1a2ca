/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests in child processes. */
#include "build.h"
#include "child.h"
#include "environment.h"
#include "require.h"
#include "tools.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int status_of(pid_t child)
{
    int status;
    REQUIRE(child > 0);
    REQUIRE(waitpid(child, &status, 0) == child);
    return status;
}

static pid_t start(void (*body)(void *arg), void *arg, int is_quiet)
{
    fflush(NULL);
    pid_t child = fork();
    if (child != 0)
        return child;
    if (is_quiet) {
        int nowhere = open("/dev/null", O_WRONLY);
        REQUIRE(nowhere >= 0 && dup2(nowhere, STDERR_FILENO) >= 0);
    }
    alarm(env_watchdog_seconds());
    body(arg);
    _exit(0);
}

void child_run(void (*body)(void *arg), void *arg)
{
    child_await(start(body, arg, 0));
}

void child_run_to_abort(void (*body)(void *arg), void *arg)
{
    int status = status_of(start(body, arg, 1));
    REQUIRE_MSG(WIFSIGNALED(status) && IS_PANIC_SIGNAL(WTERMSIG(status)),
                "the child ended with status %#x", (unsigned)status);
}

void child_begin(const char *program)
{
    char name[80];
    tool_expect_lost_objects();
    snprintf(name, sizeof(name), "a child of %s", program);
    watchdog_start(name, 0);
}

void child_await(pid_t child)
{
    int status = status_of(child);
    REQUIRE_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with status %#x",
                (unsigned)status);
}
