/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "service/control_client.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

long long fr_client_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void fr_client_begin(struct fr_client *c, const struct fr_descriptor *wake)
{
    c->wake = wake;
    c->moved = fr_client_now();
    c->started = c->moved;
    c->ended = 0;
    c->in_n = 0;
    c->out_from = c->out_n = 0;
}

void fr_client_end(struct fr_client *c)
{
    fr_descriptor_close(&c->socket);
}

int fr_client_is_idle(const struct fr_client *c)
{
    return !fr_client_is_sending(c) && c->in_n == 0;
}

long long fr_client_time_left(const struct fr_client *c)
{
    if (fr_client_is_idle(c))
        return -1;
    long long left = c->moved + FR_CLIENT_PATIENCE - fr_client_now();
    return left > 0 ? left : 0;
}

void fr_client_receive(struct fr_client *c)
{
    if (c->in_n == sizeof(c->in))
        return;
    long n = fr_socket_receive(&c->socket, c->in + c->in_n, sizeof(c->in) - c->in_n);
    c->ended |= n < 0;
    if (n <= 0)
        return;
    /* The time for a line counts from its first byte on. */
    if (c->in_n == 0)
        c->moved = fr_client_now();
    c->in_n += (size_t)n;
}

int fr_client_send(struct fr_client *c)
{
    if (!fr_client_is_sending(c))
        return 1;
    long n = fr_socket_send(&c->socket, c->out + c->out_from, c->out_n - c->out_from);
    if (n < 0)
        return 0;
    if (n > 0)
        c->moved = fr_client_now();
    c->out_from += (size_t)n;
    if (!fr_client_is_sending(c))
        c->out_from = c->out_n = 0;
    return 1;
}

long fr_client_next_line(struct fr_client *c, char *line)
{
    const char *end = memchr(c->in, '\n', c->in_n);
    if (!end)
        return c->in_n == sizeof(c->in) ? -2 : -1;
    size_t length = (size_t)(end - c->in);
    memcpy(line, c->in, length);
    c->in_n -= length + 1;
    memmove(c->in, end + 1, c->in_n);
    c->moved = c->started = fr_client_now();
    return (long)length;
}

/* Waits until the other end takes more, within the time for it. 0: give up. */
static int wait_to_send(struct fr_client *c)
{
    struct pollfd fds[2] = {{c->socket.fd, POLLOUT, 0}, {c->wake->fd, POLLIN, 0}};
    long long left = fr_client_time_left(c);
    long long whole = c->started + FR_CLIENT_LONG_ANSWER - fr_client_now();
    if (whole < left)
        left = whole;
    if (left <= 0 || !fr_descriptor_is_ours(&c->socket) || !fr_descriptor_is_ours(c->wake))
        return 0;
    int n = poll(fds, 2, (int)left);
    return (n > 0 || (n < 0 && errno == EINTR)) && fds[1].revents == 0 &&
           fr_descriptor_is_ours(&c->socket);
}

/* Sends all of the buffer. */
static int flush(struct fr_client *c)
{
    while (fr_client_is_sending(c)) {
        size_t before = c->out_from;
        if (!fr_client_send(c))
            return 0;
        if (fr_client_is_sending(c) && c->out_from == before && !wait_to_send(c))
            return 0;
    }
    return 1;
}

static int print_into(struct fr_client *c, const char *format, va_list args)
{
    size_t room = sizeof(c->out) - c->out_n;
    int n = vsnprintf(c->out + c->out_n, room, format, args);
    if (n < 0 || (size_t)n >= room)
        return 0;
    c->out_n += (size_t)n;
    return 1;
}

int fr_client_print(struct fr_client *c, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int ok = print_into(c, format, args) || (flush(c) && print_into(c, format, again));
    va_end(again);
    va_end(args);
    return ok;
}
