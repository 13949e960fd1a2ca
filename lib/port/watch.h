/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Waiting for events on files of the system, in a thread that does nothing else. Hosted builds
 * only; where the system lacks what it takes, there is nothing to wait for.
 *
 * The thread has a table of file descriptors of its own, empty in the beginning. So a program that
 * closes all descriptors does not close these, and finds none that it has not opened. The thread
 * keeps none of the program's files open. It must not call into the program, which would miss its
 * files.
 */
#ifndef FR_PORT_WATCH_H
#define FR_PORT_WATCH_H

#include <stddef.h>

#include "port/worker.h"

#define FR_WATCH_MAX 16

struct fr_watch {
    int interruption; /* what fr_watch_interrupt makes readable */
    int n;
    int files[FR_WATCH_MAX];
    short kinds[FR_WATCH_MAX];
};

/* Leaves the process's table of descriptors, for good. 0: the system does not offer that, nothing
 * has changed. The thread has all signals blocked. */
int fr_watch_begin(struct fr_watch *w);

/* Watches for the event that the file promises for `trigger`, which is written to it. 0: the
 * system refuses. */
int fr_watch_trigger(struct fr_watch *w, const char *path, const char *trigger);

/* Watches for changes of a file that tells of them (those of cgroups do). 0: refused. */
int fr_watch_changes(struct fr_watch *w, const char *path);

/* Watches for the crossing of a number of bytes by a control file of a cgroup, version 1: `file`
 * registered through `control`. 0: refused. */
int fr_watch_threshold(struct fr_watch *w, const char *control, const char *file, size_t bytes);

/* Waits. 1: an event; 0: an interruption, or there is nothing that could happen any more. */
int fr_watch_wait(struct fr_watch *w);

/* Interrupts the wait of another thread, or its next one. The thread is not joined yet. */
void fr_watch_interrupt(const struct fr_worker *t);

#endif /* FR_PORT_WATCH_H */
