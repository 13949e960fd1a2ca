/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Threads of the library's own. Hosted builds only. */
#ifndef FR_PORT_WORKER_H
#define FR_PORT_WORKER_H

#include <pthread.h>

struct fr_worker {
    pthread_t id;
};

/*
 * Starts a thread that calls run(arg). It has all signals blocked, so that no handler of the
 * program runs in it, and a small stack. It has the given name, of at most 15 bytes, where the
 * system has names for threads. Returns 0 or an errno value. After 0
 * *t belongs to the new thread and whoever waits for it.
 *
 * The C library may call malloc meanwhile: no lock may be held.
 */
int fr_worker_start(struct fr_worker *t, const char *name, void (*run)(void *), void *arg);

/* Waits for the end of a thread, and releases what the system keeps of it. */
void fr_worker_join(struct fr_worker *t);

/* To be called by that thread: nobody will wait for its end. */
void fr_worker_detach(struct fr_worker *t);

#endif /* FR_PORT_WORKER_H */
