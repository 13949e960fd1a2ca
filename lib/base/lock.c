/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The contended side of fr_lock, what fork does with locks, and the rank checks of debug builds. */
#include "base/lock.h"

#include "port/wait.h"

#if defined(FR_DEBUG)
#include "port/panic.h"
#include "port/tls.h"
#endif

/* Rounds of spinning before sleeping: about a microsecond, several times the longest hold of a slab
 * lock. On a single processor they are wasted once. */
#define SPIN_ROUNDS 64

/* In the child of a fork, before the library's own handler ran: the holder, who was about to find
 * the gate closed, is not there to give the lock back. */
static int take_over(fr_lock *lock)
{
    if (!fr_gate_is_in_child() || fr_gate_gave_up())
        return 0;
    fr_store_u32_relaxed(&lock->state, FR_LOCK_TAKEN);
    return 1;
}

FR_COLD void fr_lock_wait(fr_lock *lock)
{
    if (take_over(lock))
        return;
    for (unsigned i = 0; i < SPIN_ROUNDS; i++) {
        if (fr_load_u32_relaxed(&lock->state) == FR_LOCK_FREE &&
            fr_cas_u32_fenced(&lock->state, FR_LOCK_FREE, FR_LOCK_TAKEN))
            return;
        fr_cpu_relax();
    }
    for (;;) {
        /* A waiter that gets the lock cannot tell whether others sleep, so it takes it as
         * SLEEPERS: one wake-up too many at worst. */
        unsigned state = fr_load_u32_relaxed(&lock->state);
        if (state == FR_LOCK_FREE) {
            if (fr_cas_u32_fenced(&lock->state, FR_LOCK_FREE, FR_LOCK_SLEEPERS))
                return;
        } else if (state == FR_LOCK_SLEEPERS ||
                   fr_cas_u32_fenced(&lock->state, FR_LOCK_TAKEN, FR_LOCK_SLEEPERS)) {
            fr_count(FR_EVENT_LOCK_SLEEP);
            fr_wait_on(&lock->state, FR_LOCK_SLEEPERS);
        }
    }
}

FR_COLD void fr_lock_wake(fr_lock *lock)
{
    while (!fr_cas_u32_release(&lock->state, FR_LOCK_SLEEPERS, FR_LOCK_FREE)) {
    }
    fr_wake_one(&lock->state);
}

static void give(fr_lock *lock)
{
    if (!fr_cas_u32_release(&lock->state, FR_LOCK_TAKEN, FR_LOCK_FREE))
        fr_lock_wake(lock);
}

FR_COLD void fr_lock_pass_gate(fr_lock *lock, enum fr_lock_rank rank)
{
    while (fr_gate_is_closed(rank) && !fr_gate_is_mine()) {
        give(lock);
        fr_gate_wait(rank);
        if (!fr_cas_u32_fenced(&lock->state, FR_LOCK_FREE, FR_LOCK_TAKEN))
            fr_lock_wait(lock);
    }
}

FR_COLD int fr_lock_may_pass_gate(fr_lock *lock)
{
    if (fr_gate_is_mine())
        return 1;
    give(lock);
    return 0;
}

void fr_lock_settle(fr_lock *lock)
{
    unsigned step = 0;
    while (!fr_lock_is_free(lock)) {
        if (!fr_gate_is_patient(&step, FR_PATIENCE_LOCK)) {
            fr_gate_give_up();
            return;
        }
    }
}

int fr_lock_acquire_patiently(fr_lock *lock, enum fr_lock_rank rank)
{
    unsigned step = 0;
    while (!fr_lock_try(lock, rank)) {
        if (!fr_gate_is_patient(&step, FR_PATIENCE_LOCK)) {
            fr_gate_give_up();
            return 0;
        }
    }
    return 1;
}

void fr_lock_forget(fr_lock *lock)
{
    if (!fr_lock_is_free(lock) && !fr_gate_gave_up())
        fr_store_u32_relaxed(&lock->state, FR_LOCK_FREE);
}

#if defined(FR_DEBUG)
/* A bit for each rank that the calling thread holds. Freestanding builds have one variable for all
 * threads: they check ranks on one processor at a time. */
static FR_THREAD_LOCAL unsigned ranks_held;

/* A lock rank twice in one thread (two instances, when one is the other's fallback) cannot happen:
 * no lock is held across a fallback call. */
void fr_lock_rank_push(enum fr_lock_rank rank)
{
    if (ranks_held >> rank != 0)
        fr_panic_raw("frusa: internal: locks taken out of order");
    ranks_held |= 1u << rank;
}

void fr_lock_rank_pop(enum fr_lock_rank rank)
{
    ranks_held &= ~(1u << rank);
}

void fr_lock_assert_none(void)
{
    if (ranks_held != 0)
        fr_panic_raw("frusa: internal: a call out of the library under a lock");
}

unsigned fr_lock_ranks_exchange(unsigned held)
{
    unsigned before = ranks_held;
    ranks_held = held;
    return before;
}
#endif
