/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A listening socket under its name in the directory of control sockets.
 *
 * The socket is bound to a hidden name first and gets its real name once it listens. So a real
 * name where nobody listens was left behind by a process that ended without removing it.
 */
#ifndef FR_CONTROL_CHANNEL_H
#define FR_CONTROL_CHANNEL_H

#include "port/local_socket.h"
#include "service/control_place.h"

struct fr_channel {
    struct fr_descriptor listener;
    char path[FR_CONTROL_PATH_MAX];
    dev_t device; /* of the file `path` */
    ino_t inode;
    pid_t owner; /* the process that made it */
};

/* Removes what dead processes left behind, and listens as PID-`name`. Returns 0 with errno. */
int fr_channel_open(struct fr_channel *c, const char *name);

/* Closes the socket. In the process that opened it, its name goes too. Leaves errno alone. */
void fr_channel_close(struct fr_channel *c);

/* Removes the name alone. Leaves errno alone. */
void fr_channel_unlink(struct fr_channel *c);

#endif /* FR_CONTROL_CHANNEL_H */
