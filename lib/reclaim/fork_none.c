/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Freestanding: there is no fork. */
#include "reclaim/fork.h"

void fr_fork_arm(void)
{
}

size_t fr_fork_count(void)
{
    return 0;
}

void fr_fork_repair(struct fr_instance *inst)
{
    (void)inst;
}
