/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One connection of a control socket: lines in, answers out, both in fixed buffers.
 *
 * Nothing is read while an answer is on its way out, so a client that does not read gets no more
 * work done. A client that stops in the middle of a line or of an answer is dropped after
 * FR_CLIENT_PATIENCE. A client between two requests may be idle for as long as it likes; the one
 * that has been idle for longest gives way when all connections are taken.
 */
#ifndef FR_CONTROL_CLIENT_H
#define FR_CONTROL_CLIENT_H

#include "port/local_socket.h"
#include "service/control_line.h"

/* Milliseconds without progress. */
#define FR_CLIENT_PATIENCE 5000

/* Milliseconds for one answer that is longer than its buffer. */
#define FR_CLIENT_LONG_ANSWER 30000

#define FR_CLIENT_OUT 32768

struct fr_client {
    struct fr_descriptor socket; /* fd -1: this place is free */
    const struct fr_descriptor *wake;
    size_t turn;       /* owner: control.c */
    long long moved;   /* when bytes last went in or out */
    long long started; /* when the answer began */
    int ended;         /* the other end sends nothing any more */
    size_t in_n;
    size_t out_from, out_n; /* out[out_from..out_n) is still to be sent */
    char in[FR_CONTROL_LINE_MAX + 1];
    char out[FR_CLIENT_OUT];
};

/* Milliseconds of a clock that only goes forward. */
long long fr_client_now(void);

/* Begins with a connection that was accepted into c->socket; `wake` becomes readable when the
 * service is to stop. */
void fr_client_begin(struct fr_client *c, const struct fr_descriptor *wake);
void fr_client_end(struct fr_client *c);

static inline int fr_client_is_sending(const struct fr_client *c)
{
    return c->out_from < c->out_n;
}

/* Between two requests, with nothing of the next one here. */
int fr_client_is_idle(const struct fr_client *c);

/* Milliseconds until the client has to have moved; -1: no bound. */
long long fr_client_time_left(const struct fr_client *c);

/* Receives what is there; sets `ended` at its end. */
void fr_client_receive(struct fr_client *c);

/* Sends what the other end takes. Returns 0 when the connection is over. */
int fr_client_send(struct fr_client *c);

/*
 * The next line that is complete: its length, with the line in line[] (at least
 * FR_CONTROL_LINE_MAX bytes). -1: there is none; -2: the line is too long.
 */
long fr_client_next_line(struct fr_client *c, char *line);

/*
 * Appends to the answer. When the buffer is full this waits until the other end has taken some of
 * it. Returns 0 when the connection is over, the client too slow, or the service to stop.
 */
__attribute__((format(printf, 2, 3))) int fr_client_print(struct fr_client *c, const char *format,
                                                          ...);

#endif /* FR_CONTROL_CLIENT_H */
