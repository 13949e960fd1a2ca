/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "channel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "frusactl.h"
#include "service/control_place.h"
#include "message.h"

/* Milliseconds for a part of an answer. A reclaim of a large heap takes some of them. */
#define PATIENCE 10000

static const char no_memory[] = "no memory";

/* ---- Connections
 * --------------------------------------------------------------------------------- */

/* Returns the socket, or -1 with errno. */
static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)) == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

void channel_close(struct channel *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

/* Waits; NULL, or what is wrong. */
static const char *wait_for(int fd, short events)
{
    struct pollfd p = {fd, events, 0};
    int n;
    while ((n = poll(&p, 1, PATIENCE)) < 0 && errno == EINTR && !frusactl_interrupted)
        ;
    return n > 0 ? NULL : n == 0 ? "does not answer (is it stopped?)" : "interrupted";
}

static const char *send_all(struct channel *c, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t n = send(c->fd, text, left, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            const char *wrong = wait_for(c->fd, POLLOUT);
            if (wrong)
                return wrong;
            continue;
        }
        if (n < 0 && errno != EINTR)
            return "has closed the connection";
        if (n > 0) {
            text += n;
            left -= (size_t)n;
        }
    }
    return NULL;
}

/* Grows the buffer to take more; 0: no memory. */
static int make_room(struct channel *c, size_t used)
{
    if (used < c->room)
        return 1;
    size_t room = c->room ? 2 * c->room : 16384;
    char *grown = realloc(c->answer, room);
    if (!grown)
        return 0;
    c->answer = grown;
    c->room = room;
    return 1;
}

/* One line into c->answer, its length without the newline into *length. */
static const char *receive_line(struct channel *c, size_t *length)
{
    size_t used = 0;
    while (used == 0 || c->answer[used - 1] != '\n') {
        const char *wrong = wait_for(c->fd, POLLIN);
        if (wrong)
            return wrong;
        if (!make_room(c, used))
            return no_memory;
        ssize_t n = recv(c->fd, c->answer + used, c->room - used, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return "has closed the connection";
        if (n > 0)
            used += (size_t)n;
    }
    *length = used - 1;
    return NULL;
}

static const char *exchange(struct channel *c, const char *request, struct json *answer)
{
    size_t length;
    const char *wrong = send_all(c, request);
    if (!wrong)
        wrong = send_all(c, "\n");
    if (!wrong)
        wrong = receive_line(c, &length);
    if (!wrong && !json_check(c->answer, length, answer))
        wrong = "answers what is no JSON";
    return wrong;
}

const char *channel_try(struct channel *c, const char *request, struct json *answer)
{
    int is_new = c->fd < 0;
    if (is_new && (c->fd = connect_to(c->path)) < 0)
        return errno == ECONNREFUSED || errno == ENOENT ? "is gone" : strerror(errno);
    const char *wrong = exchange(c, request, answer);
    if (wrong)
        channel_close(c);
    /* A server closes connections that have been idle when others come. */
    return wrong && !is_new ? channel_try(c, request, answer) : wrong;
}

struct json channel_ask(struct channel *c, const char *request)
{
    struct json answer, member;
    const char *wrong = channel_try(c, request, &answer);
    if (wrong)
        fail(FAILED, "process %ld %s", c->pid, wrong);
    if (!json_member(answer, "ok", &member) || !json_is_true(member))
        fail(FAILED, "process %ld: %s", c->pid,
             json_member(answer, "error", &member) ? json_text(member) : "refused");
    return answer;
}

/* ---- Processes
 * ----------------------------------------------------------------------------------- */

/* The first line of a file of /proc, without what may disturb a terminal; NULL: it is not
 * there. */
static char *read_proc(long pid, const char *file)
{
    char line[256];
    char *path = text_of("/proc/%ld/%s", pid, file);
    FILE *f = fopen(path, "re");
    free(path);
    if (!f)
        return NULL;
    size_t n = fread(line, 1, sizeof(line) - 1, f);
    fclose(f);
    line[n] = '\0';
    line[strcspn(line, "\n")] = '\0';
    for (char *c = line; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    return text_of("%s", line);
}

unsigned long long channel_resident(const struct channel *c)
{
    unsigned long long pages = 0;
    char *line = read_proc(c->pid, "statm");
    if (line && sscanf(line, "%*u %llu", &pages) != 1)
        pages = 0;
    free(line);
    return pages * (unsigned long long)sysconf(_SC_PAGESIZE);
}

/* The runtime directory in a process's environment, which may be another than ours. */
static char *runtime_of(long pid)
{
    static const char prefix[] = "XDG_RUNTIME_DIR=";
    char *path = text_of("/proc/%ld/environ", pid);
    FILE *f = fopen(path, "re");
    char *entry = NULL, *found = NULL;
    size_t room = 0;
    free(path);
    while (f && !found && getdelim(&entry, &room, '\0', f) > 0)
        if (strncmp(entry, prefix, sizeof(prefix) - 1) == 0)
            found = text_of("%s", entry + sizeof(prefix) - 1);
    free(entry);
    if (f)
        fclose(f);
    return found;
}

/* ---- Directories
 * --------------------------------------------------------------------------------- */

static void add(struct channels *found, const char *directory, const char *file, long pid,
                const char *name)
{
    struct channel *grown = realloc(found->all, (found->n + 1) * sizeof(*grown));
    if (!grown)
        fail(FAILED, no_memory);
    found->all = grown;
    char *command = read_proc(pid, "comm");
    grown[found->n++] = (struct channel){
        .pid = pid,
        .name = text_of("%s", name),
        .command = command ? command : text_of("?"),
        .path = text_of("%s/%s", directory, file),
        .fd = -1,
    };
}

static int is_known(const struct channels *found, const char *directory, const char *file)
{
    char *path = text_of("%s/%s", directory, file);
    int is_known = 0;
    for (size_t i = 0; i < found->n && !is_known; i++)
        is_known = strcmp(found->all[i].path, path) == 0;
    free(path);
    return is_known;
}

/* Removes the socket if nobody listens; non-zero when it did. */
static int sweep(int place, const char *directory, const char *file)
{
    char *path = text_of("%s/%s", directory, file);
    int fd = connect_to(path);
    int is_stale = fd < 0 && errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    free(path);
    return is_stale && unlinkat(place, file, 0) == 0;
}

/* The sockets of a directory; `pid` 0: of all processes. */
static void find_in(struct channels *found, const char *directory, uid_t user, long pid)
{
    long owner;
    struct dirent *entry;
    int place = fr_control_place_open(directory, user, 0);
    DIR *entries = place >= 0 ? fdopendir(place) : NULL;
    if (!entries) {
        if (place >= 0)
            close(place);
        return;
    }
    while ((entry = readdir(entries))) {
        const char *name = fr_control_split(entry->d_name, &owner);
        if (!name || (pid && owner != pid) || is_known(found, directory, entry->d_name))
            continue;
        if (!sweep(place, directory, entry->d_name))
            add(found, directory, entry->d_name, owner, name);
    }
    closedir(entries);
}

/* The candidates of a user, in the order in which the user's processes try them. */
static void find_of_user(struct channels *found, const char *runtime, uid_t user, long pid)
{
    char directory[FR_CONTROL_PATH_MAX];
    for (unsigned i = 0; i < FR_CONTROL_PLACES; i++)
        if (fr_control_place(i, runtime, user, directory, sizeof(directory)))
            find_in(found, directory, user, pid);
}

/* For root: the directories of all users that have some. */
static void find_of_all(struct channels *found)
{
    glob_t paths;
    struct stat st;
    if (glob("/run/user/[0-9]*/frusa", 0, NULL, &paths) != 0)
        paths.gl_pathc = 0;
    glob("/tmp/frusa-[0-9]*", paths.gl_pathc ? GLOB_APPEND : 0, NULL, &paths);
    for (size_t i = 0; i < paths.gl_pathc; i++)
        if (lstat(paths.gl_pathv[i], &st) == 0)
            find_in(found, paths.gl_pathv[i], st.st_uid, 0);
    globfree(&paths);
}

static int by_process(const void *a, const void *b)
{
    const struct channel *x = a, *y = b;
    return x->pid != y->pid ? (x->pid > y->pid ? 1 : -1) : strcmp(x->name, y->name);
}

struct channels channels_find(void)
{
    struct channels found = {NULL, 0};
    find_of_user(&found, getenv("XDG_RUNTIME_DIR"), geteuid(), 0);
    if (geteuid() == 0)
        find_of_all(&found);
    if (found.n)
        qsort(found.all, found.n, sizeof(*found.all), by_process);
    return found;
}

/* Whose process it is; our own user when it cannot be seen. */
static uid_t user_of(long pid)
{
    struct stat st;
    char *path = text_of("/proc/%ld", pid);
    uid_t user = stat(path, &st) == 0 ? st.st_uid : geteuid();
    free(path);
    return user;
}

static struct channels find_of_process(long pid)
{
    struct channels found = {NULL, 0};
    uid_t user = user_of(pid);
    char *runtime = runtime_of(pid);
    find_of_user(&found, getenv("XDG_RUNTIME_DIR"), user, pid);
    if (runtime)
        find_of_user(&found, runtime, user, pid);
    free(runtime);
    return found;
}

struct channel channel_of(const char *process)
{
    long pid;
    char *numbered = text_of(strchr(process, '-') ? "%s" : "%s-x", process);
    const char *name = fr_control_split(numbered, &pid);
    if (!name)
        fail(USAGE, "%s: not the number of a process", process);
    struct channels found = find_of_process(pid);
    struct channel *match = NULL;
    for (size_t i = 0; i < found.n; i++) {
        if (strchr(process, '-') && strcmp(found.all[i].name, name) != 0)
            continue;
        if (match)
            fail(FAILED, "process %ld has several sockets: say %ld-%s or %ld-%s", pid, pid,
                 match->name, pid, found.all[i].name);
        match = &found.all[i];
    }
    free(numbered);
    if (!match)
        fail(FAILED, "process %s has no control socket (see frusa-control(7))", process);
    return *match;
}
