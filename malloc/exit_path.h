/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The name of a file that is written at exit: set before main, when the directory is that of the
 * program's start, and used when the process that writes is known. */
#ifndef FR_MALLOC_EXIT_PATH_H
#define FR_MALLOC_EXIT_PATH_H

#include <limits.h>
#include <stddef.h>

/* An absolute path: the program may change its directory. "%p" is still to be replaced. */
struct fr_exit_path {
    char name[PATH_MAX];
};

/* Returns 0 when it does not fit. */
int fr_exit_path_set(struct fr_exit_path *path, const char *file, size_t length);

/* The path with the process's number for each "%p"; 0 when that is too long. */
int fr_exit_path_expand(const struct fr_exit_path *path, char *out, size_t room);

#endif /* FR_MALLOC_EXIT_PATH_H */
