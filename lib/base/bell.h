/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A bell: how a slow path wakes a thread that waits for something to happen. The waiting thread
 * arms the bell, looks, and waits. Ringing a bell that is not armed is one load. So a thread is
 * woken once for any number of events between two armings.
 *
 * What happened before the ringing is visible to a look after the next arming: the ringing thread
 * has changed the state before it looks at the bell, the other arms the bell before it looks at
 * the state. An event that the fence below does not order is seen one event later.
 */
#ifndef FR_BELL_H
#define FR_BELL_H

#include "port/atomic.h"
#include "port/compiler.h"

struct fr_bell {
    fr_atomic_u32 armed; /* all zero: not */
};

/* The waiting thread: the next event is to ring. */
void fr_bell_arm(struct fr_bell *b);

/* The waiting thread: returns once the bell that it armed has rung, now and then earlier. */
void fr_bell_wait(struct fr_bell *b);

static inline int fr_bell_is_armed(const struct fr_bell *b)
{
    return (int)fr_load_u32_relaxed(&b->armed);
}

/* Disarms the bell and wakes the thread. Waits for nobody: may be called under locks. */
void fr_bell_ring_armed(struct fr_bell *b);

FR_INLINE void fr_bell_ring(struct fr_bell *b)
{
    if (FR_UNLIKELY(fr_bell_is_armed(b)))
        fr_bell_ring_armed(b);
}

#endif /* FR_BELL_H */
