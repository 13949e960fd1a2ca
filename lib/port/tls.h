/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Thread-local state, and a callback when a thread ends.
 *
 * The fast slots use the initial-exec model where the C library lets libraries that are opened at run time do
 * so (glibc; musl refuses to open them): one load relative to the thread pointer, no call. They are few,
 * because such libraries share a small static reserve. Slot 0 is never filled: instances without a slot of
 * their own point at it, so the fast path needs no test.
 */
#ifndef FR_PORT_TLS_H
#define FR_PORT_TLS_H

#include <limits.h> /* says which C library this is */
#include <stddef.h>

#include "port/system.h"

#define FR_TLS_FAST_SLOTS 8

/* Whether the callback for the thread's end is registered. ARMING: being registered just now. */
enum fr_exit_state { FR_EXIT_UNARMED, FR_EXIT_ARMING, FR_EXIT_ARMED };

/* Instances that need no table of the thread's own pages. */
#define FR_TLS_FIRST_ENTRIES 8

/* One thread's caches, by the number of their instance. */
struct fr_thread {
    void *fast[FR_TLS_FAST_SLOTS]; /* read by the fast path; [0] stays NULL */
    void **table;           /* every instance's, by number; grows; guarded by the process lock */
    size_t table_size;      /* entries */
    unsigned calls_to_skip; /* before a cache header is asked for again */
    int exiting;            /* teardown has begun: no cache is made any more */
    enum fr_exit_state exit_state;
    unsigned lock_ranks;               /* held ranks, debug builds */
    void *first[FR_TLS_FIRST_ENTRIES]; /* what the table is to begin with */
};

#if FR_HAVE_TLS
#if defined(__GLIBC__)
#define FR_TLS_MODEL __attribute__((tls_model("initial-exec")))
#else
#define FR_TLS_MODEL
#endif

extern __thread struct fr_thread fr_this_thread FR_TLS_MODEL;

static inline struct fr_thread *fr_thread_self(void)
{
    return &fr_this_thread;
}
#else
static inline struct fr_thread *fr_thread_self(void)
{
    return NULL;
}
#endif

/* Arranges that `callback(&thread)` runs when the calling thread ends, once; 0 when it cannot. */
int fr_thread_at_exit(struct fr_thread *thread, void (*callback)(struct fr_thread *));

/* Memory for side tables: zeroed, from the operating system. NULL on failure. */
void *fr_thread_table_alloc(size_t bytes);
void fr_thread_table_free(void *table, size_t bytes);

/* In the child of a fork: forgets what other threads had begun. */
void fr_thread_after_fork(void);

#if defined(FR_DEBUG)
unsigned *fr_tls_lock_ranks(void);
#endif

#endif /* FR_PORT_TLS_H */
