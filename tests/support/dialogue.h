/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A client of control sockets, and a runtime directory of the test's own for them. */
#ifndef SUPPORT_DIALOGUE_H
#define SUPPORT_DIALOGUE_H

#include "fixture.h"

#include <stddef.h>

/* Makes a runtime directory and names it in XDG_RUNTIME_DIR. Returns its path. */
const char *dialogue_directory(void);

/* Removes that directory; requires that its sockets are gone. */
void dialogue_end(void);

/* Makes a runtime directory, and an instance with a socket; features as for fixture_open. */
void dialogue_open(struct fixture *x, unsigned features, const char *name);

/* Ends all three. */
void dialogue_close(struct fixture *x);

/* The path of this process's socket of that name, valid until the next call. */
const char *dialogue_path(const char *name);

/* Connects to a socket; -1 with errno when nobody listens. */
int dialogue_connect(const char *path);

/* Sends all of it. Returns 0 when the other end has closed the connection. */
int dialogue_send(int fd, const void *bytes, size_t n);

/*
 * Receives one line, without its newline, as text that is valid until the next call. NULL when the
 * connection ends before.
 */
const char *dialogue_line(int fd);

/* Sends one line and returns the answer; requires that there is one. */
const char *dialogue_ask(int fd, const char *line);

/* The same through a new connection. */
const char *dialogue_ask_once(const char *name, const char *line);

/* The number behind "MEMBER": in an answer; requires that it is there. */
size_t dialogue_number(const char *answer, const char *member);

#endif /* SUPPORT_DIALOGUE_H */
