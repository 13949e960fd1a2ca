/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The asymmetric barrier: light on the side that runs often, heavy on the side that runs rarely.
 *
 * Guarantee
 *   [B.1] If a thread does store A; light; load B, and another does store B; heavy; load A, then
 *         at least one of the two loads sees the other thread's store.
 *
 * The heavy side is membarrier(2), PRIVATE_EXPEDITED: the kernel interrupts every processor that
 * runs a thread of this process. Where it is refused, fr_barrier_is_asymmetric() is 0, and both
 * sides use a full fence instead.
 */
#ifndef FR_PORT_BARRIER_H
#define FR_PORT_BARRIER_H

#include "port/atomic.h"

/* Asks the system once for the process, so that no later call is new to it (port/syscalls.h). */
void fr_barrier_prepare(void);

/* Decides once for the process, on the first call. Non-zero: the light side is a compiler
 * barrier. */
int fr_barrier_is_asymmetric(void);

/* Makes the next decision "no", for tests and for systems where the call is not wanted. To be
 * called before any cache exists; returns 0 when the decision was taken already and was "yes". */
int fr_barrier_refuse(void);

/* The light side where fr_barrier_is_asymmetric(). */
static inline void fr_barrier_light(void)
{
    fr_compiler_barrier();
}

/* The light side where not. */
static inline void fr_barrier_light_fenced(void)
{
    fr_fence_full();
}

/* The heavy side, for both. Returns 0 when the system refuses what it granted before. */
int fr_barrier_heavy(void);

#endif /* FR_PORT_BARRIER_H */
