/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/barrier.h"

#include "port/compiler.h"
#include "port/syscalls.h"
#include "port/system.h"

enum { UNDECIDED, ASYMMETRIC, FENCED };

/* `offer` is what the system grants, `decision` what is made of it. */
static fr_atomic offer, decision;

#if FR_HAVE_MEMBARRIER
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From linux/membarrier.h, which old systems lack; part of the kernel's ABI. */
#define CMD_PRIVATE_EXPEDITED          (1 << 3)
#define CMD_REGISTER_PRIVATE_EXPEDITED (1 << 4)

static int membarrier_call(int command)
{
#if defined(SYS_membarrier)
    int saved = errno;
    long result = syscall(SYS_membarrier, command, 0, 0);
    errno = saved;
    return result == 0;
#else
    (void)command;
    return 0;
#endif
}

static int register_process(void)
{
    /* Some sandboxes and emulators grant the registration and refuse the barrier. */
    return membarrier_call(CMD_REGISTER_PRIVATE_EXPEDITED) &&
           membarrier_call(CMD_PRIVATE_EXPEDITED);
}

static int heavy_call(void)
{
    return membarrier_call(CMD_PRIVATE_EXPEDITED);
}
#else
static int register_process(void)
{
    return 0;
}

static int heavy_call(void)
{
    return 0;
}
#endif

void fr_barrier_prepare(void)
{
    if (fr_load_acquire(&offer) != UNDECIDED || fr_load_acquire(&decision) != UNDECIDED)
        return;
    /* Registering twice is harmless; the first answer stands. */
    int works = fr_syscalls_kept_to() != FR_SYSCALLS_BASIC && register_process();
    fr_cas_full(&offer, UNDECIDED, works ? ASYMMETRIC : FENCED);
}

int fr_barrier_is_asymmetric(void)
{
    size_t state = fr_load_acquire(&decision);
    if (FR_UNLIKELY(state == UNDECIDED)) {
        fr_barrier_prepare();
        size_t offered = fr_load_acquire(&offer);
        /* Without an offer somebody else has just decided. */
        if (offered != UNDECIDED)
            fr_cas_full(&decision, UNDECIDED, offered);
        state = fr_load_acquire(&decision);
    }
    return state == ASYMMETRIC;
}

int fr_barrier_refuse(void)
{
    fr_cas_full(&decision, UNDECIDED, FENCED);
    return fr_load_acquire(&decision) == FENCED;
}

int fr_barrier_heavy(void)
{
    fr_fence_full();
    /* The only thread has nobody to wait for, and may be in a sandbox that lacks the call. */
    return FR_ALONE() || !fr_barrier_is_asymmetric() ? 1 : heavy_call();
}
