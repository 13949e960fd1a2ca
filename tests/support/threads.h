/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Threads of a test: started together, joined together. */
#ifndef SUPPORT_THREADS_H
#define SUPPORT_THREADS_H

#include "port/atomic.h"

#include <pthread.h>
#include <stddef.h>

enum { TEAM_MAX = 128 };

struct team {
    size_t size;
    void (*body)(void *arg, size_t index);
    void *arg;
    pthread_barrier_t start;
    fr_atomic next_index;
    pthread_t threads[TEAM_MAX];
};

/* Starts `size` threads, which all reach body(arg, index) at about the same moment. */
void team_start(struct team *team, size_t size, void (*body)(void *arg, size_t index), void *arg);

/* Waits until all have returned from body and exited. */
void team_join(struct team *team);

/* Both in one. */
void team_run(size_t size, void (*body)(void *arg, size_t index), void *arg);

/* A gate that threads wait at until it is opened. */
struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t waiting;
    int open;
};
#define GATE_INIT                                                                                  \
    {                                                                                              \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0                                  \
    }

/* Blocks until the gate is open. */
void gate_wait(struct gate *gate);

/* Blocks until `n` threads wait at the gate. */
void gate_await(struct gate *gate, size_t n);

void gate_open(struct gate *gate);

#endif /* SUPPORT_THREADS_H */
