/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef FR_FORK_H
#define FR_FORK_H

#include "cache/instance.h"

/* Arranges, once for the process, that fork leaves all instances usable in the child. Hosted
 * only. */
void fr_fork_arm(void);

/* Has `hook` called in the child of each fork of several threads from now on, at the end, when the
 * library can be used and no lock is held. */
void fr_fork_set_child_hook(void (*hook)(void));

/* Forks between the beginning of the first process and this one. Under the process lock. */
size_t fr_fork_count(void);

/* Under the process lock, in a child, for an instance that the fork did not know because it was at
 * rest: frees its locks and opens its caches. */
void fr_fork_repair(struct fr_instance *inst);

#endif /* FR_FORK_H */
