/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Stream sockets for other processes of the same machine, and descriptors that a library keeps to
 * itself. Hosted only.
 *
 * A program may close descriptors that it did not open, all from 3 on for instance, and then open
 * others under the same numbers. So a descriptor is kept with the identity of what it referred to,
 * and looked at again before each use.
 */
#ifndef FR_PORT_LOCAL_SOCKET_H
#define FR_PORT_LOCAL_SOCKET_H

#include <sys/types.h>

struct fr_descriptor {
    int fd; /* -1: none */
    dev_t device;
    ino_t inode;
};

/* Takes over a descriptor, under a high number if there is one: programs count on low ones. Closed
 * by exec. `fd` may be -1. Returns 0 with errno when there is none. */
int fr_descriptor_keep(struct fr_descriptor *d, int fd);

/* Non-zero while the number still refers to what it did. */
int fr_descriptor_is_ours(const struct fr_descriptor *d);

/* Closes it if it is still ours. Leaves errno alone. */
void fr_descriptor_close(struct fr_descriptor *d);

/* Two sockets, each of which wakes who polls the other. Returns 0 with errno. */
int fr_socket_pair(struct fr_descriptor pair[2]);

/* A listening socket with the name `path`, mode 0600 from the beginning. Returns 0 with errno. */
int fr_socket_listen(struct fr_descriptor *d, const char *path);

/* The next connection whose other end is a process of the user `user` or of root; another one is
 * closed. Returns 1, 0 when there is none now, -1 when the system has no descriptor for it. */
int fr_socket_accept(const struct fr_descriptor *listener, uid_t user, struct fr_descriptor *out);

/* Non-zero when somebody listens at the path, or may do so. */
int fr_socket_is_alive(const char *path);

/* Bytes sent or received without waiting; 0: would wait, -1: the connection is over. No signal. */
long fr_socket_send(const struct fr_descriptor *d, const void *from, size_t n);
long fr_socket_receive(const struct fr_descriptor *d, void *to, size_t n);

#endif /* FR_PORT_LOCAL_SOCKET_H */
