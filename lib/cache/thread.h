/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the library keeps for one thread: its caches, by instance.
 *
 * The fast paths read the slots of frusa_inline_thread_1 with one load relative to the thread
 * pointer. The slots are few, because libraries that are opened at run time share a small reserve
 * of thread-local storage. Slot 0 is never filled: instances without a slot of their own point at
 * it, so the fast paths need no test.
 *
 * The table has an entry for every cache of the thread. It is a hash table with linear probing (D.
 * E. Knuth, The Art of Computer Programming 3, 6.4, algorithm L), keyed by the instance's address.
 * It begins with the entries in the record itself and moves to pages of the system when it is half
 * full. So it takes memory, and time at the thread's end, for the thread's own caches only,
 * however many instances the process has.
 *
 * The record lies in thread-local storage, and frusa_destroy writes to it. So a thread whose end
 * may go unheard (FR_EXIT_MAYBE) has its table in a lasting record, in pages of its own. The fast
 * slots, which lie in thread-local storage alone, stay empty then. A thread
 * that is not heard of leaves the pages, and its caches to the next reclaim and to frusa_destroy.
 *
 * Who may change an entry, all under the process lock
 *   free -> used, table replaced   the thread itself
 *   used -> gone                   the thread itself, and frusa_destroy of the instance
 *   used -> resting, back          whoever lets the instance rest, or wakes it (instances.h)
 *   resting -> gone                the thread itself
 * A fast slot is filled and emptied with its entry, but stays as it is while the entry rests.
 *
 * The thread itself looks entries up without the lock. An entry that frusa_destroy clears
 * meanwhile is another instance's than the one that the thread looks for, because nobody may use
 * an instance that is being destroyed. An entry that begins to rest meanwhile may be found or not.
 * The thread may use the cache of an entry that it has found; the cache is empty.
 */
#ifndef FR_THREAD_H
#define FR_THREAD_H

#include "port/atomic.h"
#include "port/compiler.h"
#include "port/thread_exit.h"
#include "port/tls.h"

/* Entries of the table that need no pages of their own. */
#define FR_THREAD_FIRST_ENTRIES 8

/*
 * Whether the callback for the thread's end is registered.
 *   ARMING   the C library registers it just now
 *   NESTED   the same, and the C library called malloc for it, which came here
 *   DOUBTED  registered while NESTED. The call of malloc that began the arming may belong to
 *            another registration of the C library, which then overwrites this one. The next call
 *            of the thread looks whether it is still there.
 */
enum fr_exit_state {
    FR_EXIT_UNARMED,
    FR_EXIT_ARMING,
    FR_EXIT_NESTED,
    FR_EXIT_DOUBTED,
    FR_EXIT_ARMED
};

struct fr_thread_entry {
    fr_atomic key; /* the instance's address, with bit 1 set: resting; 0: free; 1: gone */
    void *cache;   /* constant while the key is there */
};

/* A cache of the thread whose end is in progress, on the thread's stack. */
struct fr_thread_end {
    const void *instance;
    struct fr_thread_end *outer; /* a fallback that the end calls may end another cache */
};

struct fr_thread {
    struct frusa_inline_thread_ *fast; /* what the fast paths read; NULL: nothing is there yet */
    struct fr_thread_entry *table;     /* NULL: `first` */
    size_t table_size;                 /* entries, a power of two; 0: `first` */
    size_t table_used;                 /* entries that are not free */
    unsigned calls_to_skip;            /* before a cache header is asked for again */
    /* teardown has begun: no cache is made any more */
    int exiting;
    enum fr_exit_state exit_state;
    /* has the table in place of this record; NULL: none */
    struct fr_thread *lasting;
    /* the innermost; NULL: none */
    struct fr_thread_end *ends;
    /* what the table begins with */
    struct fr_thread_entry first[FR_THREAD_FIRST_ENTRIES];
};

extern FR_THREAD_LOCAL struct fr_thread fr_this_thread;

/* The calling thread's record; NULL where there are no thread-local variables. */
static inline struct fr_thread *fr_thread_self(void)
{
    return FR_HAVE_TLS ? &fr_this_thread : NULL;
}

/* The record with the calling thread's table. */
static inline struct fr_thread *fr_thread_record(void)
{
    struct fr_thread *self = fr_thread_self();
    return self && self->lasting ? self->lasting : self;
}

/* Gives the thread a record that outlives it, before it has any cache; 0: no memory. */
int fr_thread_make_lasting(struct fr_thread *self);

/* The calling thread's cache in a fast slot, NULL when there is none. */
FR_INLINE void *fr_thread_fast(size_t slot)
{
    return FR_THREAD_FAST(slot);
}

/* Fills, or clears with NULL, a fast slot of a thread, unless it is slot 0, which stays empty:
 * threads may be reading it. The thread itself fills. */
void fr_thread_set_fast(struct fr_thread *thread, size_t slot, void *cache);

/* What is in a fast slot of any thread. */
static inline void *fr_thread_fast_of(const struct fr_thread *thread, size_t slot)
{
    return thread->fast ? fr_load_ptr_relaxed(&thread->fast->caches[slot]) : NULL;
}

/* The thread's cache for an instance, NULL when it has none. The thread itself calls. */
void *fr_thread_find(struct fr_thread *thread, const void *instance);

/* Under the process lock: adds an entry for an instance without one; 0 when there is no memory. */
int fr_thread_add(struct fr_thread *thread, const void *instance, void *cache);

/* Under the process lock: removes the entry for an instance; of any thread. */
void fr_thread_remove(struct fr_thread *thread, const void *instance);

/* Under the process lock: makes the entry for an instance a resting one, which fr_thread_find does
 * not find; makes the resting entry with this cache an ordinary one again. Of any thread. */
void fr_thread_rest(struct fr_thread *thread, const void *instance);
void fr_thread_wake(struct fr_thread *thread, const void *instance, const void *cache);

/* Under the process lock: the caches of resting entries, one by one; NULL: no more. *place as
 * below. */
void *fr_thread_next_resting(struct fr_thread *thread, size_t *place);

/* Under the process lock: removes any entry and returns its cache; NULL: there is none left.
 * *place, 0 in the beginning, is where to go on looking. *rests: the entry was a resting one. */
void *fr_thread_remove_any(struct fr_thread *thread, size_t *place, int *rests);

/* Gives the pages of the table and of the lasting record back; no entry is left. */
void fr_thread_drop(struct fr_thread *self);

#endif /* FR_THREAD_H */
