/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "report_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What reports begin with: see frusa_stats_json and frusa_profile_write. */
static const struct {
    size_t length;
    char bytes[40];
} beginnings[] = {
    {31, "{\n  \"allocated_from_fallback\": "},
    {29, "\x1f\x8b\x08\x10\0\0\0\0\0\xff"
         "frusa heap profile"},
    {8, "heap_v2/"},
};

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
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        char text[sizeof(beginnings[i].bytes)];
        ssize_t n = pread(fd, text, beginnings[i].length, 0);
        if (n >= 0 && memcmp(text, beginnings[i].bytes, (size_t)n) == 0)
            return NULL;
    }
    return "is not an earlier report";
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
