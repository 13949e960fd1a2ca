/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/bell.h"

#include "port/wait.h"

void fr_bell_arm(struct fr_bell *b)
{
    fr_store_u32_relaxed(&b->armed, 1);
    fr_fence_full();
}

void fr_bell_wait(struct fr_bell *b)
{
    fr_wait_on(&b->armed, 1);
}

FR_COLD void fr_bell_ring_armed(struct fr_bell *b)
{
    fr_store_u32_release(&b->armed, 0);
    fr_wake_all(&b->armed);
}
