/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The control sockets of running processes (frusa-control(7)), and requests to them. */
#ifndef TOOLS_CHANNEL_H
#define TOOLS_CHANNEL_H

#include <stddef.h>

#include "json.h"

/* One socket. */
struct channel {
    long pid;
    char *name;    /* of the instance */
    char *command; /* of the process, "?" when it cannot be seen */
    char *path;
    int fd;                    /* -1: not connected */
    char *answer;              /* the text of the last answer */
    size_t room;               /* of `answer` */
    unsigned long long before; /* owner: commands.c */
};

struct channels {
    struct channel *all;
    size_t n;
};

/* All sockets that the user may use, by number of the process; those that dead processes left are
 * removed. */
struct channels channels_find(void);

/*
 * The socket of a process, "PID" or "PID-NAME", where the process has several. Exits with a
 * message when there is none, or when it is not clear which.
 */
struct channel channel_of(const char *process);

/*
 * Sends a request and waits for the answer, connecting if need be. Returns NULL with *answer
 * filled in, valid until the next request; or what is wrong, which is not the server's refusal.
 */
const char *channel_try(struct channel *c, const char *request, struct json *answer);

/* The same; exits with a message when something is wrong, or the server refuses. */
struct json channel_ask(struct channel *c, const char *request);

void channel_close(struct channel *c);

/* Bytes of the process that are in memory; 0 when the system does not tell. */
unsigned long long channel_resident(const struct channel *c);

#endif /* TOOLS_CHANNEL_H */
