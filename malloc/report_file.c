/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "report_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What every report begins with: see frusa_stats_json. */
static const char beginning[] = "{\n  \"allocated_from_fallback\": ";

/* O_NONBLOCK: to open a FIFO must not wait for a reader. It changes nothing for a regular file. */
#define FLAGS (O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK)

/* A file with a second name could be reached under a name that its owner did not mean. */
static const char *objection_to_kind(const struct stat *st)
{
    if (S_ISLNK(st->st_mode))
        return "is a symbolic link";
    if (S_ISDIR(st->st_mode))
        return "is a directory";
    if (!S_ISREG(st->st_mode))
        return "is not a regular file";
    if (st->st_uid != geteuid())
        return "belongs to another user";
    return st->st_nlink == 1 ? NULL : "has another name (hard link)";
}

/* A report that another process is writing may be cut anywhere. */
static const char *objection_to_contents(int fd)
{
    char text[sizeof(beginning) - 1];
    ssize_t n = pread(fd, text, sizeof(text), 0);
    return n >= 0 && memcmp(text, beginning, (size_t)n) == 0 ? NULL : "is not an earlier report";
}

/* Opens a file that exists; -1 with the objection set, to NULL if the system refuses. */
static int open_existing(const char *name, const char **objection)
{
    struct stat st;
    *objection = NULL;
    /* To open a device may do something, so the name is looked at before. It may change: the file
     * counts. */
    if (lstat(name, &st) != 0 || (*objection = objection_to_kind(&st)))
        return -1;
    int fd = open(name, O_RDWR | FLAGS);
    if (fd < 0)
        return -1;
    *objection = fstat(fd, &st) == 0 ? objection_to_kind(&st) : "cannot be looked at";
    if (!*objection)
        *objection = objection_to_contents(fd);
    if (*objection) {
        close(fd);
        return -1;
    }
    return fd;
}

const char *fr_report_file_objection(const char *name)
{
    const char *objection;
    int fd = open_existing(name, &objection);
    if (fd >= 0)
        close(fd);
    return objection;
}

int fr_report_file_open(const char *name)
{
    const char *objection;
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | FLAGS, 0666);
    if (fd >= 0 || errno != EEXIST)
        return fd;
    fd = open_existing(name, &objection);
    if (fd >= 0 && ftruncate(fd, 0) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}
