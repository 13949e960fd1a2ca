/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "service/control_place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The length of what snprintf wrote; 0 when it did not fit. */
static size_t fitted(int n, size_t room)
{
    return n > 0 && (size_t)n < room ? (size_t)n : 0;
}

size_t fr_control_place(unsigned candidate, const char *runtime, uid_t user, char *path,
                        size_t room)
{
    switch (candidate) {
    case 0:
        return runtime && runtime[0] == '/'
                   ? fitted(snprintf(path, room, "%s/frusa", runtime), room)
                   : 0;
    case 1:
        return fitted(snprintf(path, room, "/run/user/%lu/frusa", (unsigned long)user), room);
    case 2:
        return fitted(snprintf(path, room, "/tmp/frusa-%lu", (unsigned long)user), room);
    default:
        return 0;
    }
}

/* Is it a directory of the user's that is closed to others? Sets errno if not. */
static int is_private(int fd, uid_t user)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return 0;
    errno = EACCES;
    return S_ISDIR(st.st_mode) && st.st_uid == user && (st.st_mode & 077) == 0;
}

/* The directory that holds `path`, when it is the user's runtime directory: it has to be private
 * too. /tmp is everybody's, and sticky. */
static int parent_is_private(const char *path, uid_t user)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (!slash || strcmp(slash, "/frusa") != 0)
        return 1;
    size_t length = (size_t)(slash - path);
    if (length == 0 || length >= sizeof(parent)) {
        errno = EACCES;
        return 0;
    }
    memcpy(parent, path, length);
    parent[length] = '\0';
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return 0;
    int ok = is_private(fd, user);
    int why = errno;
    close(fd);
    errno = why;
    return ok;
}

int fr_control_place_open(const char *path, uid_t user, int create)
{
    if (!parent_is_private(path, user))
        return -1;
    if (create && mkdir(path, 0700) != 0 && errno != EEXIST)
        return -1;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && !is_private(fd, user)) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static int is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

int fr_control_name_is_valid(const char *name)
{
    size_t n = 0;
    for (; name[n]; n++)
        if (n + 1 == FR_CONTROL_NAME_MAX ||
            (!is_plain(name[n]) && (n == 0 || (name[n] != '.' && name[n] != '-'))))
            return 0;
    return n > 0;
}

const char *fr_control_split(const char *file, long *pid)
{
    char *end;
    if (file[0] < '1' || file[0] > '9')
        return NULL;
    errno = 0;
    *pid = strtol(file, &end, 10);
    if (errno || *end != '-' || !fr_control_name_is_valid(end + 1))
        return NULL;
    return end + 1;
}
