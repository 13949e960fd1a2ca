/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * launch RESULT PRELOAD INPUT OUTPUT COMMAND [ARGUMENT...]: runs a program with libraries
 * preloaded ("" for none) and writes to the file RESULT what it took, as lines "name value". The
 * kernel's account of the peak of resident memory includes what a process held before exec, so the
 * measuring must be done by a program as small as this one.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/clock.h"

#define NOT_STARTED 127

static void open_as(const char *path, int flags, int wanted)
{
    const int fd = open(path, flags, 0666);
    if (fd < 0 || dup2(fd, wanted) < 0) {
        perror(path);
        _exit(NOT_STARTED);
    }
    close(fd);
}

static void run(char **argv)
{
    open_as(argv[3], O_RDONLY, STDIN_FILENO);
    open_as(argv[4], O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
    if (argv[2][0] != '\0' && setenv("LD_PRELOAD", argv[2], 1) != 0)
        _exit(NOT_STARTED);
    execvp(argv[5], argv + 5);
    perror(argv[5]);
    _exit(NOT_STARTED);
}

static double milliseconds(struct timeval t)
{
    return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    int status;
    if (argc < 6) {
        fputs("usage: launch RESULT PRELOAD INPUT OUTPUT COMMAND [ARGUMENT...]\n", stderr);
        return 2;
    }
    const uint64_t start = bench_wall();
    const pid_t pid = fork();
    if (pid == 0)
        run(argv);
    if (pid < 0 || wait4(pid, &status, 0, &usage) < 0) {
        perror("launch");
        return 1;
    }
    const double wall = (double)(bench_wall() - start) / 1e6;
    FILE *file = fopen(argv[1], "w");
    if (file == NULL) {
        perror(argv[1]);
        return 1;
    }
    fprintf(file, "wall_ms %.3f\ncpu_ms %.3f\nsystem_ms %.3f\npeak_kib %ld\nfaults %ld\n", wall,
            milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime),
            milliseconds(usage.ru_stime), usage.ru_maxrss, usage.ru_minflt);
    fclose(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
