/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The gate: keeps all threads but the one that forks out of the library's locks.
 *
 * The forking thread closes the gate for one rank of locks after another, in ascending order.
 * After each it waits until every lock of that rank is free. It takes none of them.
 *
 * Guarantees (model: tests/model/fork.pml)
 *   [F.1] A thread that takes a lock looks at the gate afterwards. The forking thread looks at the
 *         lock after it closed the gate. Both do what they do first before a full fence. So the
 *         forking thread sees that the lock is taken, or the other thread sees that the gate is
 *         closed. Then that thread gives the lock back untouched and waits for the gate.
 *   [F.2] A thread takes locks in ascending rank. When the gate is closed for a rank, no lock of a
 *         lower rank is held by another thread, so nobody waits at the gate with a lock that the
 *         forking thread waits for.
 *   [F.3] The forking thread passes the gate. It can use the library between the closing and the
 *         opening: handlers of fork that other libraries registered allocate there.
 *
 * The forking thread waits with bounded patience: the holder of a lock may have been stopped by a
 * signal of the program, or be the interrupted forking thread itself. When patience ends, the fork
 * goes on. The child then leaves locks that are taken as they are.
 */
#ifndef FR_GATE_H
#define FR_GATE_H

#include "port/atomic.h"
#include "port/compiler.h"

/* A bit for each rank that the gate is closed for. Bit 0: no cache is registered. */
extern fr_atomic_u32 fr_gate;

#define FR_GATE_REGISTRATION 0u
#define FR_GATE_BIT(rank)    (1u << (rank))

/* Steps that the forking thread waits for one thing. Steps after the first few take about a
 * millisecond. */
/* A cache whose owner does not leave is lost to the child; that is little. */
#define FR_PATIENCE_OWNER 80u
/* A lock that is not free stays taken in the child. */
#define FR_PATIENCE_LOCK 1060u
/* A reclaim of a large heap may take long. */
#define FR_PATIENCE_RECALL 30000u

/* Non-zero when the gate is closed for a rank. [F.1] */
FR_INLINE int fr_gate_is_closed(unsigned rank)
{
    return FR_UNLIKELY(fr_load_u32_relaxed(&fr_gate) & FR_GATE_BIT(rank)) != 0;
}

/* Non-zero for the thread that closed the gate, until the gate opens. [F.3] */
int fr_gate_is_mine(void);

/* Non-zero when the caller is that thread's copy in the child of the fork. */
int fr_gate_is_in_child(void);

/* Sleeps until the gate is open for a rank. */
void fr_gate_wait(unsigned rank);

/* Closes the gate for further ranks. One thread at a time calls. */
void fr_gate_close(unsigned bits);

/* Opens the gate for all ranks. */
void fr_gate_open(void);

/*
 * One step of the forking thread's waiting. *step starts at 0. Returns 0 when patience ended:
 * after that many steps, or when the forking thread is the only one of the process and would wait
 * for itself.
 */
int fr_gate_is_patient(unsigned *step, unsigned patience);

/* Patience ended for a lock. */
void fr_gate_give_up(void);

/* Since the gate was closed: non-zero when patience ended for a lock; and when the forking thread
 * turned out to be alone. */
int fr_gate_gave_up(void);
int fr_gate_is_alone(void);

#endif /* FR_GATE_H */
