/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/clock.h"

#include "port/atomic.h"
#include "port/syscalls.h"
#include "port/system.h"

static fr_atomic ahead; /* seconds, by tests */

#if FR_HOSTED
#include <errno.h>
#include <time.h>

#if defined(CLOCK_MONOTONIC_COARSE)
#define COARSE_CLOCK CLOCK_MONOTONIC_COARSE
#else
#define COARSE_CLOCK CLOCK_MONOTONIC
#endif

static size_t now(void)
{
    struct timespec t;
    if (fr_syscalls_kept_to() == FR_SYSCALLS_BASIC)
        return 0;
    int saved = errno;
    size_t seconds = clock_gettime(COARSE_CLOCK, &t) == 0 ? (size_t)t.tv_sec : 0;
    errno = saved;
    return seconds;
}
#else
static size_t now(void)
{
    return 0;
}
#endif

size_t fr_clock_seconds(void)
{
    return now() + fr_load_relaxed(&ahead);
}

void fr_clock_advance(size_t seconds)
{
    fr_fetch_add_relaxed(&ahead, seconds);
}
