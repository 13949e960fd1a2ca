/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/watch.h"

#if defined(__linux__)
#include <sys/syscall.h>
#endif

#if defined(__linux__) && defined(SYS_close_range)
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* From linux/close_range.h, part of the kernel's ABI: first gives the thread a table of its
 * own. */
#define UNSHARE 2u

/* Blocked in the thread, and sent to the thread alone: it stays pending until it is read. */
#define INTERRUPTION SIGURG

enum { TRIGGER, CHANGES, COUNTER };

int fr_watch_begin(struct fr_watch *w)
{
    sigset_t set;
    memset(w, 0, sizeof(*w));
    if (syscall(SYS_close_range, 0u, ~0u, UNSHARE) != 0)
        return 0;
    sigemptyset(&set);
    sigaddset(&set, INTERRUPTION);
    w->interruption = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return w->interruption >= 0;
}

static int add(struct fr_watch *w, int file, short kind)
{
    w->files[w->n] = file;
    w->kinds[w->n++] = kind;
    return 1;
}

static int may_add(const struct fr_watch *w)
{
    return w->n < FR_WATCH_MAX;
}

static int write_text(int file, const char *text)
{
    size_t length = strlen(text) + 1;
    return write(file, text, length) == (ssize_t)length;
}

int fr_watch_trigger(struct fr_watch *w, const char *path, const char *trigger)
{
    int file = may_add(w) ? open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC) : -1;
    if (file < 0)
        return 0;
    if (write_text(file, trigger))
        return add(w, file, TRIGGER);
    close(file);
    return 0;
}

/* A change is news until the file has been read. */
static int is_read(int file)
{
    char contents[512];
    return pread(file, contents, sizeof(contents), 0) >= 0;
}

int fr_watch_changes(struct fr_watch *w, const char *path)
{
    int file = may_add(w) ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
    if (file < 0)
        return 0;
    if (is_read(file))
        return add(w, file, CHANGES);
    close(file);
    return 0;
}

static int register_counter(int counter, const char *control, const char *file, size_t bytes)
{
    char line[64];
    int watched = open(file, O_RDONLY | O_CLOEXEC);
    int registry = open(control, O_WRONLY | O_CLOEXEC);
    snprintf(line, sizeof(line), "%d %d %zu", counter, watched, bytes);
    int done = watched >= 0 && registry >= 0 && write_text(registry, line);
    if (watched >= 0)
        close(watched);
    if (registry >= 0)
        close(registry);
    return done;
}

int fr_watch_threshold(struct fr_watch *w, const char *control, const char *file, size_t bytes)
{
    int counter = may_add(w) ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
    if (counter < 0)
        return 0;
    if (register_counter(counter, control, file, bytes))
        return add(w, counter, COUNTER);
    close(counter);
    return 0;
}

static void drop(struct fr_watch *w, int i)
{
    close(w->files[i]);
    w->n--;
    w->files[i] = w->files[w->n];
    w->kinds[i] = w->kinds[w->n];
}

/* Takes note of an event. A file that will have none any more, because its cgroup is gone, is
 * dropped. */
static int take_event(struct fr_watch *w, int i, short events)
{
    uint64_t count;
    switch (w->kinds[i]) {
    case TRIGGER:
        if (!(events & (POLLERR | POLLNVAL)))
            return 1;
        break;
    case CHANGES:
        if (is_read(w->files[i]))
            return 1;
        break;
    default:
        if (read(w->files[i], &count, sizeof(count)) == (ssize_t)sizeof(count))
            return 1;
        break;
    }
    drop(w, i);
    return 0;
}

static int take_events(struct fr_watch *w, const struct pollfd *polled)
{
    int happened = 0;
    for (int i = w->n - 1; i >= 0; i--)
        if (polled[i].revents)
            happened |= take_event(w, i, polled[i].revents);
    return happened;
}

int fr_watch_wait(struct fr_watch *w)
{
    while (w->n > 0) {
        struct pollfd polled[FR_WATCH_MAX + 1];
        for (int i = 0; i < w->n; i++) {
            polled[i].fd = w->files[i];
            polled[i].events = w->kinds[i] == COUNTER ? POLLIN : POLLPRI;
        }
        polled[w->n].fd = w->interruption;
        polled[w->n].events = POLLIN;
        if (poll(polled, (nfds_t)w->n + 1, -1) < 0) {
            if (errno == EINTR)
                continue;
            return 0;
        }
        if (polled[w->n].revents)
            return 0;
        if (take_events(w, polled))
            return 1;
    }
    return 0;
}

void fr_watch_interrupt(const struct fr_worker *t)
{
    pthread_kill(t->id, INTERRUPTION);
}
#else
int fr_watch_begin(struct fr_watch *w)
{
    (void)w;
    return 0;
}

int fr_watch_trigger(struct fr_watch *w, const char *path, const char *trigger)
{
    (void)w;
    (void)path;
    (void)trigger;
    return 0;
}

int fr_watch_changes(struct fr_watch *w, const char *path)
{
    (void)w;
    (void)path;
    return 0;
}

int fr_watch_threshold(struct fr_watch *w, const char *control, const char *file, size_t bytes)
{
    (void)w;
    (void)control;
    (void)file;
    (void)bytes;
    return 0;
}

int fr_watch_wait(struct fr_watch *w)
{
    (void)w;
    return 0;
}

void fr_watch_interrupt(const struct fr_worker *t)
{
    (void)t;
}
#endif
