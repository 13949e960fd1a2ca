/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/syscalls.h"

#include "port/atomic.h"

static fr_atomic kept_to;

void fr_syscalls_keep_to(enum fr_syscalls which)
{
    fr_store_relaxed(&kept_to, which);
}

enum fr_syscalls fr_syscalls_kept_to(void)
{
    return (enum fr_syscalls)fr_load_relaxed(&kept_to);
}
