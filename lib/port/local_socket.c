/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/local_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Beyond what programs use by number. */
#define LEAST_NUMBER 250

#define BACKLOG 8

static void close_quietly(int fd)
{
    int saved = errno;
    close(fd);
    errno = saved;
}

int fr_descriptor_keep(struct fr_descriptor *d, int fd)
{
    struct stat st;
    d->fd = -1;
    if (fd < 0)
        return 0;
    int high = fcntl(fd, F_DUPFD_CLOEXEC, LEAST_NUMBER);
    if (high >= 0) {
        close_quietly(fd);
        fd = high;
    }
    if (fstat(fd, &st) != 0) {
        close_quietly(fd);
        return 0;
    }
    d->device = st.st_dev;
    d->inode = st.st_ino;
    d->fd = fd;
    return 1;
}

int fr_descriptor_is_ours(const struct fr_descriptor *d)
{
    struct stat st;
    int saved = errno;
    int is_ours =
        d->fd >= 0 && fstat(d->fd, &st) == 0 && st.st_dev == d->device && st.st_ino == d->inode;
    errno = saved;
    return is_ours;
}

void fr_descriptor_close(struct fr_descriptor *d)
{
    if (fr_descriptor_is_ours(d))
        close_quietly(d->fd);
    d->fd = -1;
}

int fr_socket_pair(struct fr_descriptor pair[2])
{
    int fds[2];
    pair[0].fd = pair[1].fd = -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0)
        return 0;
    int first = fr_descriptor_keep(&pair[0], fds[0]);
    if (fr_descriptor_keep(&pair[1], fds[1]) && first)
        return 1;
    fr_descriptor_close(&pair[0]);
    fr_descriptor_close(&pair[1]);
    return 0;
}

static int fill_address(struct sockaddr_un *address, const char *path)
{
    size_t length = strlen(path);
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    if (length >= sizeof(address->sun_path)) {
        errno = ENAMETOOLONG;
        return 0;
    }
    memcpy(address->sun_path, path, length + 1);
    return 1;
}

static int new_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* The mode of the socket itself is what the file gets, less the umask. */
static int bind_and_listen(int fd, const struct sockaddr_un *address)
{
    return fchmod(fd, 0600) == 0 &&
           bind(fd, (const struct sockaddr *)(const void *)address, sizeof(*address)) == 0 &&
           chmod(address->sun_path, 0600) == 0 && listen(fd, BACKLOG) == 0;
}

int fr_socket_listen(struct fr_descriptor *d, const char *path)
{
    struct sockaddr_un address;
    d->fd = -1;
    if (!fill_address(&address, path) || !fr_descriptor_keep(d, new_socket()))
        return 0;
    if (bind_and_listen(d->fd, &address))
        return 1;
    fr_descriptor_close(d);
    return 0;
}

/* Without a way to ask, nobody is allowed. */
static int peer_is_allowed(int fd, uid_t user)
{
#if defined(SO_PEERCRED)
    struct ucred peer;
    socklen_t length = sizeof(peer);
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && length == sizeof(peer) &&
           (peer.uid == user || peer.uid == 0);
#else
    (void)fd;
    (void)user;
    return 0;
#endif
}

int fr_socket_accept(const struct fr_descriptor *listener, uid_t user, struct fr_descriptor *out)
{
    int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? 0 : -1;
    if (peer_is_allowed(fd, user))
        return fr_descriptor_keep(out, fd);
    close(fd);
    return 0;
}

int fr_socket_is_alive(const char *path)
{
    struct sockaddr_un address;
    int fd = new_socket();
    if (fd < 0 || !fill_address(&address, path)) {
        if (fd >= 0)
            close(fd);
        return 1;
    }
    int refused =
        connect(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)) != 0 &&
        errno == ECONNREFUSED;
    close(fd);
    return !refused;
}

/* The result of send or recv. */
static long settle(ssize_t n)
{
    if (n > 0)
        return (long)n;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return 0;
    return -1;
}

long fr_socket_send(const struct fr_descriptor *d, const void *from, size_t n)
{
    return settle(send(d->fd, from, n, MSG_NOSIGNAL | MSG_DONTWAIT));
}

long fr_socket_receive(const struct fr_descriptor *d, void *to, size_t n)
{
    return settle(recv(d->fd, to, n, MSG_DONTWAIT));
}
