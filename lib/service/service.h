/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Layer service: threads and sockets that work on an instance through its public calls. Hosted
 * builds only. This file: which services run for which instances.
 *
 * A service is a thread with a record. An instance has at most one service of each kind. The
 * record is memory of its own from the system, so that a service takes nothing from the instance.
 *
 * STARTING -> RUNNING -> ENDING -> gone. Whoever takes a service from RUNNING to ENDING waits for
 * its thread and releases it. A thread that ends its own service releases it itself.
 *
 * frusa_destroy ends all services of the instance first. exit, and the closing of a library that
 * holds a copy of this one, end all services. A child of a fork has none.
 */
#ifndef FR_SERVICE_H
#define FR_SERVICE_H

#include <frusa.h>

#include "base/list.h"
#include "port/atomic.h"
#include "port/worker.h"

enum fr_service_state { FR_SERVICE_STARTING, FR_SERVICE_RUNNING, FR_SERVICE_ENDING };

struct fr_service;

/* What services of one kind have in common; constant. No function is called under a lock. */
struct fr_service_kind {
    /* the thread's, at most 15 bytes */
    const char *name;
    /* of the record, which begins with a struct fr_service */
    size_t record_bytes;
    /* the thread: returns soon after fr_service_is_ending, woken by `wake` */
    void (*run)(struct fr_service *s);
    /* has the thread look at fr_service_is_ending; the thread may have returned already */
    void (*wake)(struct fr_service *s);
    /* releases what the record refers to, when there is no thread (any more) */
    void (*close)(struct fr_service *s);
    /* the same in the child of a fork, for what the parent goes on with; NULL: as close */
    void (*close_in_child)(struct fr_service *s);
};

struct fr_service {
    const struct fr_service_kind *kind;
    frusa_t *instance;
    struct fr_worker thread;
    fr_atomic_u32 ending; /* the thread is to return */
    fr_atomic_u32 ended;  /* it has returned */
    /* covered by the process lock */
    struct fr_link link;
    enum fr_service_state state;
    int is_orphan; /* nobody waits: the thread releases the record */
};

/* A new record, zero but for `kind` and `instance`; NULL when the system refuses memory. */
struct fr_service *fr_service_new(const struct fr_service_kind *kind, frusa_t *f);

/* Closes and frees a record that was not started. */
void fr_service_free(struct fr_service *s);

/*
 * Starts the thread. Returns 0; or an errno value, and the record is closed and freed:
 *   EBUSY   the instance has a service of this kind
 *   others  the system has no thread to give
 */
int fr_service_start(struct fr_service *s);

/* Ends the service of a kind, if the instance has one, and waits for its thread unless it is the
 * caller. */
void fr_service_stop(frusa_t *f, const struct fr_service_kind *kind);

/* Calls `visit` for the service of a kind under the process lock, if one starts or runs. It does
 * not end meanwhile. Returns non-zero when there is one. */
int fr_service_visit(frusa_t *f, const struct fr_service_kind *kind,
                     void (*visit)(struct fr_service *s, void *arg), void *arg);

/* For the thread of a service. */
static inline int fr_service_is_ending(const struct fr_service *s)
{
    return (int)fr_load_u32_acquire(&s->ending);
}

#endif /* FR_SERVICE_H */
