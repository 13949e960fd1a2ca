/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Control sockets: a service that answers requests about one instance, for frusactl.
 *
 * The record holds everything that clients need, so the thread allocates nothing on their behalf.
 * The thread never waits for one client alone, but for the one that takes an answer longer than
 * its buffer, and for that one within bounds (control_client.h).
 *
 * The program may close the thread's descriptors. The thread looks before it uses one, and ends
 * when its own are gone.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "life.h"
#include "port/process.h"
#include "service/control_channel.h"
#include "service/control_serve.h"
#include "service/service.h"

#define CLIENTS 8

/* Lines that one client gets answers to before the next client's turn. */
#define LINES_PER_TURN 4

/* Milliseconds without new connections after the system had no descriptor for one. */
#define PAUSE 250

struct control {
    struct fr_service service;
    char name[FR_CONTROL_NAME_MAX];
    struct fr_channel channel;
    struct fr_descriptor wake[2]; /* the thread polls the first one */
    long long pause_end;          /* 0: none */
    int has_more;                 /* lines of clients are waiting */
    size_t turns;                 /* connections accepted and lines executed */
    struct fr_client clients[CLIENTS];
};

/* What the thread polls: the wake-up, the listening socket, the clients. */
enum { POLL_WAKE, POLL_LISTENER, POLL_CLIENTS, POLL_COUNT = POLL_CLIENTS + CLIENTS };

static struct control *control_of(struct fr_service *s)
{
    return (struct control *)(void *)s;
}

/* ---- Clients
 * ------------------------------------------------------------------------------------- */

/* A free place, or that of the client that has been idle for longest; NULL: all are busy. */
static struct fr_client *find_place(struct control *c)
{
    struct fr_client *found = NULL;
    for (size_t i = 0; i < CLIENTS; i++) {
        struct fr_client *client = &c->clients[i];
        if (client->socket.fd < 0)
            return client;
        if (fr_client_is_idle(client) && (!found || client->turn < found->turn))
            found = client;
    }
    return found;
}

static void accept_one(struct control *c)
{
    struct fr_descriptor fresh;
    int got = fr_socket_accept(&c->channel.listener, geteuid(), &fresh);
    if (got < 0)
        c->pause_end = fr_client_now() + PAUSE;
    if (got <= 0)
        return;
    struct fr_client *place = find_place(c);
    if (!place) {
        fr_descriptor_close(&fresh);
        return;
    }
    fr_client_end(place);
    place->socket = fresh;
    fr_client_begin(place, &c->wake[0]);
    place->turn = ++c->turns;
}

/* Executes some of the lines that are complete. Returns 0 when the connection is to be closed. */
static int take_turn(struct control *c, struct fr_client *client)
{
    char line[FR_CONTROL_LINE_MAX];
    for (int i = 0; i < LINES_PER_TURN; i++) {
        long length = fr_client_next_line(client, line);
        if (length == -1)
            return !client->ended;
        if (length < 0) {
            fr_control_refuse(client, "line too long");
            fr_client_send(client);
            return 0;
        }
        client->turn = ++c->turns;
        if (!fr_control_serve(client, c->service.instance, c->name, line, (size_t)length) ||
            !fr_client_send(client))
            return 0;
        if (fr_client_is_sending(client))
            return 1;
    }
    c->has_more = 1;
    return 1;
}

/* Returns 0 when the connection is to be closed. */
static int attend(struct control *c, struct fr_client *client, int is_ready)
{
    if (fr_client_is_sending(client)) {
        if (is_ready && !fr_client_send(client))
            return 0;
        if (fr_client_is_sending(client))
            return fr_client_time_left(client) != 0;
    } else if (is_ready && !client->ended) {
        fr_client_receive(client);
    }
    return take_turn(c, client) && fr_client_time_left(client) != 0;
}

static void attend_all(struct control *c, const struct pollfd *fds)
{
    c->has_more = 0;
    for (size_t i = 0; i < CLIENTS && !fr_service_is_ending(&c->service); i++) {
        struct fr_client *client = &c->clients[i];
        if (client->socket.fd < 0)
            continue;
        if (!fr_descriptor_is_ours(&client->socket) ||
            !attend(c, client, fds[POLL_CLIENTS + i].revents != 0))
            fr_client_end(client);
    }
}

/* ---- The thread
 * ---------------------------------------------------------------------------------- */

/* The sooner of two times, of which -1 is never. */
static long long sooner(long long a, long long b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

static void watch_client(const struct fr_client *client, struct pollfd *fd)
{
    fd->fd = client->socket.fd;
    fd->events = fr_client_is_sending(client) ? POLLOUT : POLLIN;
}

/* Fills in what to poll; returns for how long, -1: until something happens. */
static long long prepare_poll(struct control *c, struct pollfd *fds)
{
    long long left = c->has_more ? 0 : -1;
    long long pause = c->pause_end ? c->pause_end - fr_client_now() : 0;
    if (pause <= 0)
        c->pause_end = 0;
    memset(fds, 0, POLL_COUNT * sizeof(*fds));
    fds[POLL_WAKE].fd = c->wake[0].fd;
    fds[POLL_LISTENER].fd = c->pause_end ? -1 : c->channel.listener.fd;
    fds[POLL_WAKE].events = fds[POLL_LISTENER].events = POLLIN;
    if (c->pause_end)
        left = sooner(left, pause);
    for (size_t i = 0; i < CLIENTS; i++) {
        watch_client(&c->clients[i], &fds[POLL_CLIENTS + i]);
        if (c->clients[i].socket.fd >= 0)
            left = sooner(left, fr_client_time_left(&c->clients[i]));
    }
    return left;
}

static int has_descriptors(const struct control *c)
{
    return fr_descriptor_is_ours(&c->wake[0]) && fr_descriptor_is_ours(&c->channel.listener);
}

static void run(struct fr_service *s)
{
    struct control *c = control_of(s);
    struct pollfd fds[POLL_COUNT];
    while (!fr_service_is_ending(s) && has_descriptors(c)) {
        long long left = prepare_poll(c, fds);
        int n = poll(fds, POLL_COUNT, left < 0 ? -1 : (int)left);
        if (fr_service_is_ending(s) || !has_descriptors(c))
            break;
        if (n < 0)
            memset(fds, 0, sizeof(fds)); /* interrupted */
        if (fds[POLL_LISTENER].revents)
            accept_one(c);
        attend_all(c, fds);
    }
    fr_channel_unlink(&c->channel);
}

static void wake(struct fr_service *s)
{
    struct control *c = control_of(s);
    if (fr_descriptor_is_ours(&c->wake[1]))
        fr_socket_send(&c->wake[1], "", 1);
}

static void close_all(struct fr_service *s)
{
    struct control *c = control_of(s);
    for (size_t i = 0; i < CLIENTS; i++)
        fr_client_end(&c->clients[i]);
    fr_channel_close(&c->channel);
    fr_descriptor_close(&c->wake[0]);
    fr_descriptor_close(&c->wake[1]);
}

static const struct fr_service_kind kind = {
    .name = "frusa-control",
    .record_bytes = sizeof(struct control),
    .run = run,
    .wake = wake,
    .close = close_all,
};

/* ---- The calls
 * ----------------------------------------------------------------------------------- */

static void do_nothing(struct fr_service *s, void *arg)
{
    (void)s;
    (void)arg;
}

static struct control *new_control(frusa_t *f, const char *name)
{
    struct fr_service *s = fr_service_new(&kind, f);
    if (!s) {
        errno = ENOMEM;
        return NULL;
    }
    struct control *c = control_of(s);
    for (size_t i = 0; i < CLIENTS; i++)
        c->clients[i].socket.fd = -1;
    c->channel.listener.fd = c->wake[0].fd = c->wake[1].fd = -1;
    memcpy(c->name, name, strlen(name));
    return c;
}

static int open_all(struct control *c)
{
    if (fr_socket_pair(c->wake) && fr_channel_open(&c->channel, c->name))
        return 1;
    int why = errno;
    fr_service_free(&c->service);
    errno = why;
    return 0;
}

/* Why not, as an errno value; 0: nothing is in the way. */
static int objection(frusa_t *f, const char *name)
{
    if (!fr_control_name_is_valid(name))
        return EINVAL;
    if (fr_process_has_more_rights())
        return EPERM;
    return fr_service_visit(f, &kind, do_nothing, NULL) ? EBUSY : 0;
}

FR_EXPORT int frusa_control_start(frusa_t *f, const char *name)
{
    if (!name)
        name = "heap";
    if (!fr_instance_ready(fr_instance_of(f)))
        return -1;
    int saved = errno;
    int error = objection(f, name);
    if (!error) {
        struct control *c = new_control(f, name);
        error = c && open_all(c) ? fr_service_start(&c->service) : errno;
    }
    errno = error ? error : saved;
    return error ? -1 : 0;
}

FR_EXPORT void frusa_control_stop(frusa_t *f)
{
    int saved = errno;
    fr_service_stop(f, &kind);
    errno = saved;
}
