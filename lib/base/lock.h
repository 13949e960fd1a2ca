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
#include "base/gate.h"
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
/* For fork in a signal handler, which may have interrupted a call under locks: replaces the ranks
 * that the calling thread holds, and returns those before. */
unsigned fr_lock_ranks_exchange(unsigned held);
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
static inline unsigned fr_lock_ranks_exchange(unsigned held)
{
    return held;
}
#endif

/* The lock is the caller's, and the gate closed for its rank: gives the lock back and waits,
 * unless the caller is the thread that forks; returns with the lock taken. The second returns 0
 * instead of waiting. */
void fr_lock_pass_gate(fr_lock *lock, enum fr_lock_rank rank);
int fr_lock_may_pass_gate(fr_lock *lock);

/* Acquires: what the last holder wrote is visible. */
static inline void fr_lock_acquire(fr_lock *lock, enum fr_lock_rank rank)
{
    fr_lock_rank_push(rank);
    fr_count(FR_EVENT_LOCK);
    if (FR_UNLIKELY(!fr_cas_u32_fenced(&lock->state, FR_LOCK_FREE, FR_LOCK_TAKEN))) {
        fr_count((unsigned)FR_EVENT_CONTENDED + rank);
        fr_lock_wait(lock);
    }
    if (fr_gate_is_closed(rank)) /* [F.1] */
        fr_lock_pass_gate(lock, rank);
}

/* Takes the lock if it is free; returns non-zero when it did. Never waits. */
static inline int fr_lock_try(fr_lock *lock, enum fr_lock_rank rank)
{
    if (!fr_cas_u32_fenced(&lock->state, FR_LOCK_FREE, FR_LOCK_TAKEN))
        return 0;
    if (fr_gate_is_closed(rank) && !fr_lock_may_pass_gate(lock))
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

/* Non-zero when nobody holds the lock; then what the last holder wrote is visible. */
static inline int fr_lock_is_free(const fr_lock *lock)
{
    return fr_load_u32_acquire(&lock->state) == FR_LOCK_FREE;
}

/* Makes a lock free whatever its state: in the child of a fork, whose parent's copy of the caller
 * holds it. */
static inline void fr_lock_reset(fr_lock *lock)
{
    lock->state.v = FR_LOCK_FREE;
}

/* The thread that forks, with the gate closed for the lock's rank: waits until the lock is free.
 * [F.1] */
void fr_lock_settle(fr_lock *lock);

/* The same, but takes the lock, for which the gate may be open; 0 when patience ended. */
int fr_lock_acquire_patiently(fr_lock *lock, enum fr_lock_rank rank);

/* In the child of a fork: frees a lock that another thread had taken, just to find the gate
 * closed. If the fork gave up waiting, the lock may cover something half-done: then it stays
 * taken. */
void fr_lock_forget(fr_lock *lock);

#endif /* FR_LOCK_H */
