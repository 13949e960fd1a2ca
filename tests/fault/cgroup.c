/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Control groups. */
#include "cgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 256 };

/* Where groups of each version are, below the root, and what their files are called. */
static const struct layout {
    const char *root, *controllers, *bound, *peak;
} layouts[] = {
    {"/sys/fs/cgroup", "cgroup.controllers", "memory.max", "memory.peak"},
    {"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.limit_in_bytes",
     "memory.max_usage_in_bytes"},
};
static const struct layout *layout;

static void group_path(char *path, const struct layout *l, long pid)
{
    snprintf(path, PATH_BYTES, "%s/frusa-test-%ld", l->root, pid);
}

static int write_number(const char *directory, const char *file, size_t number)
{
    char path[PATH_BYTES + 64];
    snprintf(path, sizeof(path), "%s/%s", directory, file);
    FILE *f = fopen(path, "w");
    if (f == NULL)
        return 0;
    int done = fprintf(f, "%zu\n", number) > 0;
    return fclose(f) == 0 && done;
}

static size_t read_number(const char *directory, const char *file)
{
    char path[PATH_BYTES + 64];
    size_t number = 0;
    snprintf(path, sizeof(path), "%s/%s", directory, file);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return 0;
    if (fscanf(f, "%zu", &number) != 1)
        number = 0;
    fclose(f);
    return number;
}

static int enter(const struct layout *l, size_t bytes)
{
    char path[PATH_BYTES], controllers[PATH_BYTES];
    snprintf(controllers, sizeof(controllers), "%s/%s", l->root, l->controllers);
    group_path(path, l, (long)getpid());
    if (access(controllers, R_OK) != 0 || mkdir(path, 0700) != 0)
        return 0;
    layout = l;
    if (write_number(path, l->bound, bytes) && write_number(path, "cgroup.procs", (size_t)getpid()))
        return 1;
    rmdir(path);
    return 0;
}

int cgroup_enter(size_t bytes)
{
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
        if (enter(&layouts[i], bytes))
            return 1;
    return 0;
}

size_t cgroup_peak(void)
{
    char path[PATH_BYTES];
    group_path(path, layout, (long)getpid());
    return read_number(path, layout->peak);
}

void cgroup_remove(long pid)
{
    char path[PATH_BYTES];
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        group_path(path, &layouts[i], pid);
        rmdir(path);
    }
}
