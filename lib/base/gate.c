/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/gate.h"

#include "port/process.h"
#include "port/tls.h"
#include "port/wait.h"

/* After so many steps it is worth a system call to find out whether there is anybody to wait
 * for. */
#define STEPS_BEFORE_ASKING 48u

fr_atomic_u32 fr_gate;

static fr_atomic owner;    /* fr_thread_id of the thread that closed the gate */
static long owner_process; /* the owner's */
static int gave_up;        /* the owner's, see gate.h */
static int is_alone;       /* the owner's */

int fr_gate_is_mine(void)
{
    return fr_load_u32_relaxed(&fr_gate) && fr_load_ptr_relaxed(&owner) == fr_thread_id();
}

int fr_gate_is_in_child(void)
{
    return fr_gate_is_mine() && fr_process_id() != owner_process;
}

void fr_gate_wait(unsigned rank)
{
    unsigned closed;
    while ((closed = fr_load_u32_acquire(&fr_gate)) & FR_GATE_BIT(rank))
        fr_wait_on(&fr_gate, closed);
}

void fr_gate_close(unsigned bits)
{
    unsigned before = fr_load_u32_relaxed(&fr_gate);
    if (!before) {
        gave_up = 0;
        is_alone = 0;
        owner_process = fr_process_id();
        fr_store_ptr_relaxed(&owner, fr_thread_id());
    }
    fr_store_u32_relaxed(&fr_gate, before | bits);
    fr_fence_full(); /* [F.1] */
}

void fr_gate_open(void)
{
    fr_store_ptr_relaxed(&owner, NULL);
    fr_store_u32_release(&fr_gate, 0);
    fr_wake_all(&fr_gate);
}

int fr_gate_is_patient(unsigned *step, unsigned patience)
{
    unsigned round = *step;
    if (gave_up && patience > FR_PATIENCE_OWNER)
        patience = FR_PATIENCE_OWNER;
    if (round == STEPS_BEFORE_ASKING)
        is_alone = fr_process_has_one_thread();
    if (round >= patience || is_alone)
        return 0;
    ++*step;
    fr_back_off(&round);
    return 1;
}

void fr_gate_give_up(void)
{
    gave_up = 1;
}

int fr_gate_gave_up(void)
{
    return gave_up;
}

int fr_gate_is_alone(void)
{
    return is_alone;
}
