/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "port/syscalls.h"

#include "port/atomic.h"

static fr_atomic basic;

void fr_syscalls_keep_to_basic(void)
{
    fr_store_relaxed(&basic, 1);
}

int fr_syscalls_are_basic(void)
{
    return fr_load_relaxed(&basic) != 0;
}
