/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the library keeps for one thread: its caches, by instance.
 *
 * The fast paths read `fast` with one load relative to the thread pointer. The slots are few,
 * because libraries that are opened at run time share a small reserve of thread-local storage.
 * Slot 0 is never filled: instances without a slot of their own point at it, so the fast paths
 * need no test.
 *
 * The table has an entry for every cache of the thread. It is a hash table with linear probing (D.
 * E. Knuth, The Art of Computer Programming 3, 6.4, algorithm L), keyed by the instance's address.
 * It begins with the entries in the record itself and moves to pages of the system when it is half
 * full. So it takes memory, and time at the thread's end, for the thread's own caches only,
 * however many instances the process has.
 *
 * Who may change an entry, all under the process lock
 *   free -> used, table replaced   the thread itself
 *   used -> gone                   the thread itself, and frusa_destroy of the instance
 * The thread itself looks entries up without the lock. An entry that frusa_destroy clears
 * meanwhile is another instance's than the one that the thread looks for, because nobody may use
 * an instance that is being destroyed.
 */
#ifndef FR_THREAD_H
#define FR_THREAD_H

#include "port/atomic.h"
#include "port/tls.h"

#define FR_THREAD_FAST_SLOTS 8

/* Entries of the table that need no pages of their own. */
#define FR_THREAD_FIRST_ENTRIES 8

/* Whether the callback for the thread's end is registered. ARMING: being registered just now. */
enum fr_exit_state { FR_EXIT_UNARMED, FR_EXIT_ARMING, FR_EXIT_ARMED };

struct fr_thread_entry {
    fr_atomic key; /* the instance's address; 0: free; 1: gone */
    void *cache;   /* constant while the key is there */
};

struct fr_thread {
    void *fast[FR_THREAD_FAST_SLOTS]; /* read by the fast path; [0] stays NULL */
    struct fr_thread_entry *table;    /* NULL: `first` */
    size_t table_size;                /* entries, a power of two; 0: `first` */
    size_t table_used;                /* entries that are not free */
    unsigned calls_to_skip;           /* before a cache header is asked for again */
    /* teardown has begun: no cache is made any more */
    int exiting;
    enum fr_exit_state exit_state;
    /* what the table begins with */
    struct fr_thread_entry first[FR_THREAD_FIRST_ENTRIES];
};

extern FR_THREAD_LOCAL struct fr_thread fr_this_thread;

/* The calling thread's record; NULL where there are no thread-local variables. */
static inline struct fr_thread *fr_thread_self(void)
{
    return FR_HAVE_TLS ? &fr_this_thread : NULL;
}

/* The thread's cache for an instance, NULL when it has none. The thread itself calls. */
void *fr_thread_find(struct fr_thread *thread, const void *instance);

/* Under the process lock: adds an entry for an instance without one; 0 when there is no memory. */
int fr_thread_add(struct fr_thread *thread, const void *instance, void *cache);

/* Under the process lock: removes the entry for an instance; of any thread. */
void fr_thread_remove(struct fr_thread *thread, const void *instance);

/* Under the process lock: removes any entry and returns its cache; NULL: there is none left.
 * *place, 0 in the beginning, is where to go on looking. */
void *fr_thread_remove_any(struct fr_thread *thread, size_t *place);

/* Gives the table's pages back; no entry is left. */
void fr_thread_drop_table(struct fr_thread *thread);

#endif /* FR_THREAD_H */
