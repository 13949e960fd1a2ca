/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "profile.h"

#include <stdio.h>
#include <unistd.h>

#include <frusa.h>

#include "environment.h"
#include "exit_path.h"
#include "heap.h"
#include "port/error.h"
#include "report_file.h"

/* Set before main, read at exit. */
static int is_wanted;
static struct fr_exit_path path;

void fr_profile_prepare(size_t rate, const char *file, size_t length)
{
    if (rate && frusa_profile_start(&fr_malloc_heap, rate) == 0 && length)
        is_wanted = fr_exit_path_set(&path, file, length);
}

/*
 * Nothing is written with more rights than the user's, and only over an earlier report: see
 * report.c. The file is handed on by its descriptor, so that it is the one that was looked at.
 */
void fr_profile_at_exit(void)
{
    static char name[PATH_MAX]; /* not on the stack: whoever calls exit may have little of it */
    char by_number[32];
    int saved = fr_save_errno();
    int fd = -1;
    if (is_wanted && !fr_environment_is_foreign() && fr_exit_path_expand(&path, name, sizeof(name)))
        fd = fr_report_file_open(name);
    if (fd >= 0) {
        snprintf(by_number, sizeof(by_number), "/proc/self/fd/%d", fd);
        frusa_profile_write(&fr_malloc_heap, by_number);
        close(fd);
    }
    fr_restore_errno(saved);
}
