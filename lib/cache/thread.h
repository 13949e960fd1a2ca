/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the library keeps for one thread: its caches, by instance.
 *
 * The fast paths read `fast` with one load relative to the thread pointer. The slots are few, because libraries
 * that are opened at run time share a small reserve of thread-local storage. Slot 0 is never filled: instances
 * without a slot of their own point at it, so the fast paths need no test.
 *
 * The table has an entry for every instance, by number. It begins with the entries in the record itself and moves to
 * pages of the system when a number is too large for those.
 */
#ifndef FR_THREAD_H
#define FR_THREAD_H

#include "port/tls.h"

#define FR_THREAD_FAST_SLOTS 8

/* Entries of the table that need no pages of their own. */
#define FR_THREAD_FIRST_ENTRIES 8

/* Whether the callback for the thread's end is registered. ARMING: being registered just now. */
enum fr_exit_state { FR_EXIT_UNARMED, FR_EXIT_ARMING, FR_EXIT_ARMED };

struct fr_thread {
    void *fast[FR_THREAD_FAST_SLOTS]; /* read by the fast path; [0] stays NULL */
    void **table;                     /* guarded by the process lock */
    size_t table_size;                /* entries */
    unsigned calls_to_skip;           /* before a cache header is asked for again */
    int exiting;                      /* teardown has begun: no cache is made any more */
    enum fr_exit_state exit_state;
    void *first[FR_THREAD_FIRST_ENTRIES]; /* what the table begins with */
};

extern FR_THREAD_LOCAL struct fr_thread fr_this_thread;

/* The calling thread's record; NULL where there are no thread-local variables. */
static inline struct fr_thread *fr_thread_self(void)
{
    return FR_HAVE_TLS ? &fr_this_thread : NULL;
}

/* Under the process lock: makes room in the table for an entry `number`; 0 when there is no memory. */
int fr_thread_make_room(struct fr_thread *thread, size_t number);

/* Gives the table's pages back; no entry is left. */
void fr_thread_drop_table(struct fr_thread *thread);

#endif /* FR_THREAD_H */
