/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "service/control_channel.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A name is longer than a path where it has a dot in front. */
#define HIDDEN_MAX (FR_CONTROL_PATH_MAX + 1)

/* Entries of the directory that one start looks at, at most. */
#define SWEEP_MAX 4096

static int process_exists(long pid)
{
    return kill((pid_t)pid, 0) == 0 || errno != ESRCH;
}

/* Processes of other containers may share the directory; their numbers mean nothing here. So the
 * socket is asked as well. */
static void sweep_one(int place, const char *directory, const char *file)
{
    char path[HIDDEN_MAX];
    long pid;
    int n = snprintf(path, sizeof(path), "%s/%s", directory, file);
    if (n < 0 || (size_t)n >= sizeof(path) || !fr_control_split(file + (file[0] == '.'), &pid))
        return;
    if (!process_exists(pid) && !fr_socket_is_alive(path))
        unlinkat(place, file, 0);
}

static void sweep(int place, const char *directory)
{
    int fd = dup(place);
    DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    if (!entries) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (int n = 0; n < SWEEP_MAX && (entry = readdir(entries)); n++)
        sweep_one(place, directory, entry->d_name);
    closedir(entries);
}

static int note_file(struct fr_channel *c)
{
    struct stat st;
    if (lstat(c->path, &st) != 0)
        return 0;
    c->device = st.st_dev;
    c->inode = st.st_ino;
    c->owner = getpid();
    return 1;
}

/* Gives the listening socket its real name. */
static int publish(struct fr_channel *c, const char *hidden)
{
    if (access(c->path, F_OK) == 0 && fr_socket_is_alive(c->path)) {
        errno = EADDRINUSE;
        return 0;
    }
    return rename(hidden, c->path) == 0 && note_file(c);
}

static int listen_in(struct fr_channel *c, const char *directory, const char *name)
{
    char hidden[HIDDEN_MAX];
    long pid = (long)getpid();
    int n = snprintf(c->path, sizeof(c->path), "%s/%ld-%s", directory, pid, name);
    int m = snprintf(hidden, sizeof(hidden), "%s/.%ld-%s", directory, pid, name);
    if (n < 0 || (size_t)n >= sizeof(c->path) || m < 0 || (size_t)m >= sizeof(hidden)) {
        errno = ENAMETOOLONG;
        return 0;
    }
    unlink(hidden); /* of an earlier program of this process */
    if (!fr_socket_listen(&c->listener, hidden))
        return 0;
    if (publish(c, hidden))
        return 1;
    int why = errno;
    unlink(hidden);
    fr_descriptor_close(&c->listener);
    errno = why;
    return 0;
}

static int open_in(struct fr_channel *c, const char *directory, const char *name)
{
    int place = fr_control_place_open(directory, geteuid(), 1);
    if (place < 0)
        return 0;
    sweep(place, directory);
    int ok = listen_in(c, directory, name);
    int why = errno;
    close(place);
    errno = why;
    return ok;
}

int fr_channel_open(struct fr_channel *c, const char *name)
{
    char directory[FR_CONTROL_PATH_MAX];
    c->listener.fd = -1;
    for (unsigned i = 0; i < FR_CONTROL_PLACES; i++) {
        if (!fr_control_place(i, secure_getenv("XDG_RUNTIME_DIR"), geteuid(), directory,
                              sizeof(directory)))
            continue;
        if (open_in(c, directory, name))
            return 1;
        if (errno == EADDRINUSE)
            return 0;
    }
    return 0;
}

void fr_channel_unlink(struct fr_channel *c)
{
    struct stat st;
    int saved = errno;
    if (c->path[0] && c->owner == getpid() && lstat(c->path, &st) == 0 && st.st_dev == c->device &&
        st.st_ino == c->inode)
        unlink(c->path);
    c->path[0] = '\0';
    errno = saved;
}

void fr_channel_close(struct fr_channel *c)
{
    fr_channel_unlink(c);
    fr_descriptor_close(&c->listener);
}
