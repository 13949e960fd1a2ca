/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Freestanding: there is no fork. */
#include "reclaim/fork.h"

void fr_fork_arm(void)
{
}
