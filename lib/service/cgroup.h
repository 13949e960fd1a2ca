/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Where the process's control groups are: their directories in version 2 (or the unified part of a
 * hybrid layout), and in the memory hierarchy of version 1.
 *
 * All paths are below `root`, which is empty but in tests.
 */
#ifndef FR_CGROUP_H
#define FR_CGROUP_H

#include <stddef.h>

/* Longer paths count as not there. */
#define FR_PATH_MAX 1024

struct fr_cgroup {
    char directory[FR_PATH_MAX]; /* of the group; empty: none */
    size_t mount_length;         /* so much of it is the mount point, the uppermost group */
};

struct fr_cgroups {
    struct fr_cgroup unified;
    struct fr_cgroup memory; /* version 1 */
};

void fr_cgroups_find(struct fr_cgroups *out, const char *root);

/* Writes the path of a file of the group into `path`; 0: too long, or there is no such group. */
int fr_cgroup_file(const struct fr_cgroup *g, const char *name, char path[FR_PATH_MAX]);

/* Makes *g the group above. 0: it is the uppermost. */
int fr_cgroup_ascend(struct fr_cgroup *g);

/* Reads the number in the first line of a file of the group; "max" and whatever is no number is
 * (size_t)-1. */
size_t fr_cgroup_number(const struct fr_cgroup *g, const char *name);

/* The least limit of a group: memory.high, memory.max, or that of version 1; (size_t)-1: none. */
size_t fr_cgroup_limit(const struct fr_cgroup *g);

/* What counts against it; (size_t)-1: unknown. */
size_t fr_cgroup_usage(const struct fr_cgroup *g);

#endif /* FR_CGROUP_H */
