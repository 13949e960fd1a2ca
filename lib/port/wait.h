/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Waiting: on a word in the kernel, for a while, or for a few cycles. */
#ifndef FR_PORT_WAIT_H
#define FR_PORT_WAIT_H

#include "port/atomic.h"
#include "port/system.h"

/* Sleeps while *word is `value`; may return early for no reason. */
void fr_wait_on(fr_atomic_u32 *word, unsigned value);

/* The same for at most so many milliseconds. */
void fr_wait_on_for(fr_atomic_u32 *word, unsigned value, unsigned milliseconds);

/* Wakes one thread, or all, that sleep on *word. */
void fr_wake_one(fr_atomic_u32 *word);
void fr_wake_all(fr_atomic_u32 *word);

/*
 * One step of waiting for another thread that may have been descheduled: spins in the first rounds,
 * then sleeps for longer and longer, up to a millisecond. *round starts at 0.
 *
 * Freestanding builds spin, all rounds alike; each is a call of FRUSA_RELAX, if that is defined:
 * the name of a function of the surroundings without arguments or result, which may yield to other
 * threads.
 */
void fr_back_off(unsigned *round);

/* Tells the processor that this is a spin loop. */
static inline void fr_cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
    __asm__ __volatile__("yield" ::: "memory");
#else
    fr_compiler_barrier();
#endif
}

#endif /* FR_PORT_WAIT_H */
