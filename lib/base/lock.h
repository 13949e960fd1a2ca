/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Locks: one word, all zero when free, so that static instances need no initialisation.
 *
 * Three states as in U. Drepper, "Futexes Are Tricky" (2011), mutex 2: free, taken, taken with
 * sleepers. The uncontended path is one compare-and-swap each way and no call. A thread that waits
 * spins briefly, then sleeps in the kernel where there is one to sleep in.
 *
 * Debug builds (FR_DEBUG) assert the ranks: a thread takes locks in strictly ascending rank only.
 */
#ifndef FR_LOCK_H
#define FR_LOCK_H

#include "base/count.h"
#include "base/rank.h"
#include "port/atomic.h"
#include "port/compiler.h"

typedef struct {
    fr_atomic_u32 state;
} fr_lock;

enum { FR_LOCK_FREE = 0, FR_LOCK_TAKEN = 1, FR_LOCK_SLEEPERS = 2 };

void fr_lock_wait(fr_lock *lock); /* returns with the lock taken */
void fr_lock_wake(fr_lock *lock); /* frees a lock that has sleepers */

#if defined(FR_DEBUG)
void fr_lock_rank_push(enum fr_lock_rank rank);
void fr_lock_rank_pop(enum fr_lock_rank rank);
/* Asserts that the calling thread holds no lock at all: before every call out of the library. */
void fr_lock_assert_none(void);
#else
static inline void fr_lock_rank_push(enum fr_lock_rank rank)
{
    (void)rank;
}
static inline void fr_lock_rank_pop(enum fr_lock_rank rank)
{
    (void)rank;
}
static inline void fr_lock_assert_none(void)
{
}
#endif

/* Acquires: what the last holder wrote is visible. */
static inline void fr_lock_acquire(fr_lock *lock, enum fr_lock_rank rank)
{
    fr_lock_rank_push(rank);
    fr_count(FR_EVENT_LOCK);
    if (FR_UNLIKELY(!fr_cas_u32_acquire(&lock->state, FR_LOCK_FREE, FR_LOCK_TAKEN))) {
        fr_count((unsigned)FR_EVENT_CONTENDED + rank);
        fr_lock_wait(lock);
    }
}

/* Takes the lock if it is free; returns non-zero when it did. Never waits. */
static inline int fr_lock_try(fr_lock *lock, enum fr_lock_rank rank)
{
    if (!fr_cas_u32_acquire(&lock->state, FR_LOCK_FREE, FR_LOCK_TAKEN))
        return 0;
    fr_lock_rank_push(rank);
    return 1;
}

/* Releases: what this holder wrote is visible to the next. */
static inline void fr_lock_release(fr_lock *lock, enum fr_lock_rank rank)
{
    fr_lock_rank_pop(rank);
    if (FR_UNLIKELY(!fr_cas_u32_release(&lock->state, FR_LOCK_TAKEN, FR_LOCK_FREE)))
        fr_lock_wake(lock);
}

/* Makes a lock free whatever its state: for the child of a fork, where the holder is gone. */
static inline void fr_lock_reset(fr_lock *lock)
{
    lock->state.v = FR_LOCK_FREE;
}

#endif /* FR_LOCK_H */
