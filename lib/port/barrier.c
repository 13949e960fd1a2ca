/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/barrier.h"

#include "port/compiler.h"
#include "port/system.h"

enum { UNDECIDED, ASYMMETRIC, FENCED };

static fr_atomic decision;

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

int fr_barrier_is_asymmetric(void)
{
    size_t state = fr_load_acquire(&decision);
    if (FR_UNLIKELY(state == UNDECIDED)) {
        /* Registering twice is harmless; the first decision stands. */
        fr_cas_full(&decision, UNDECIDED, register_process() ? ASYMMETRIC : FENCED);
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
    return fr_barrier_is_asymmetric() ? heavy_call() : 1;
}
