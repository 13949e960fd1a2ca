/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "others.h"

#include "allocator.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define SELF "/proc/self/exe"

/* A run that was begun, and the end of the pipe that its report comes from. */
struct child {
    pid_t pid;
    FILE *report;
};

/* ------------------------------------------------------------------------------------------------
 * What the child is started with
 */

/* Returns the arguments for a run on `name`: the option for that goes first, then our own. */
static char **make_arguments(const char *name, int argc, char *const *argv)
{
    static char option[] = "--on-malloc";
    char **arguments = calloc((size_t)argc + 3, sizeof *arguments);
    if (arguments != NULL) {
        arguments[0] = argv[0];
        arguments[1] = option;
        memcpy(&arguments[2], &name, sizeof name);
        for (int i = 1; i < argc; i++) {
            arguments[i + 2] = argv[i];
        }
    }
    return arguments;
}

/* Returns a copy of the environment, with `preload` in place of its setting of LD_PRELOAD. */
static char **make_environment(char *preload)
{
    size_t n = 0;
    while (environ[n] != NULL) {
        n++;
    }
    char **copy = calloc(n + 2, sizeof *copy);
    if (copy == NULL) {
        return NULL;
    }
    size_t filled = 0;
    for (size_t i = 0; i < n; i++) {
        if (strncmp(environ[i], "LD_PRELOAD=", sizeof "LD_PRELOAD=" - 1) != 0) {
            copy[filled++] = environ[i];
        }
    }
    copy[filled] = preload;
    return copy;
}

/* Standard output becomes the pipe. Messages are dropped: our own run gives the same. */
static int spawn(pid_t *pid, int output, char **arguments, char **environment)
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return -1;
    }
    int failed =
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) != 0 ||
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) != 0 ||
        posix_spawn(pid, SELF, &actions, NULL, arguments, environment) != 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    return failed ? -1 : 0;
}

/* ------------------------------------------------------------------------------------------------
 * One run
 */

static int start_with(struct child *child, char **arguments, char **environment)
{
    int ends[2];
    if (arguments == NULL || environment == NULL || pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    int failed = spawn(&child->pid, ends[1], arguments, environment);
    (void)close(ends[1]);
    if (failed == 0) {
        child->report = fdopen(ends[0], "r");
    }
    if (child->report == NULL) {
        (void)close(ends[0]);
    }
    return failed;
}

/* Starts a run. Returns 0, or -1. */
static int start(struct child *child, const struct allocator *allocator, int argc,
                 char *const *argv)
{
    char preload[64];
    (void)snprintf(preload, sizeof preload, "LD_PRELOAD=%s",
                   allocator->library == NULL ? "" : allocator->library);
    char **arguments = make_arguments(allocator->name, argc, argv);
    char **environment = make_environment(allocator->library == NULL ? NULL : preload);
    int result = start_with(child, arguments, environment);
    free(arguments);
    free(environment);
    return result;
}

/* Reads the report and waits for the end of the run. Returns 0 if both are well, else -1. */
static int finish(struct child *child, struct other *other, size_t n_steps)
{
    size_t n = 0;
    int status;
    if (child->report != NULL) {
        while (n < n_steps && fscanf(child->report, "resident %zu\n", &other->resident[n]) == 1) {
            n++;
        }
        (void)fclose(child->report);
    }
    if (waitpid(child->pid, &status, 0) != child->pid || n != n_steps) {
        return -1;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* ------------------------------------------------------------------------------------------------
 * All runs
 */

static bool has_other(const struct record *record, const char *name)
{
    for (size_t i = 0; i < record->n_others; i++) {
        if (strcmp(record->others[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

void others_run(struct record *record, int argc, char *const *argv)
{
    for (const struct allocator *a = allocators; a->name != NULL; a++) {
        struct other *other = &record->others[record->n_others];
        struct child child = {0};
        if (record->n_others == MAX_OTHERS || has_other(record, a->name) ||
            start(&child, a, argc, argv) != 0) {
            continue;
        }
        if (finish(&child, other, record->n_steps) == 0) {
            other->name = a->name;
            record->n_others++;
        }
    }
}

void others_report(const struct record *record)
{
    for (size_t i = 0; i < record->n_steps; i++) {
        (void)printf("resident %zu\n", record->steps[i].resident);
    }
}
