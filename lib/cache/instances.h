/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * All instances of the process but those at rest, on one list under the process lock, and who has
 * which of the threads' fast slots. Adding and removing take the same few steps however many
 * instances there are.
 */
#ifndef FR_INSTANCES_H
#define FR_INSTANCES_H

#include "cache/instance.h"

extern fr_lock fr_process_lock; /* rank FR_RANK_PROCESS */
extern struct fr_link fr_process_instances;

static inline void fr_process_guard(void)
{
    fr_lock_acquire(&fr_process_lock, FR_RANK_PROCESS);
}

static inline void fr_process_unguard(void)
{
    fr_lock_release(&fr_process_lock, FR_RANK_PROCESS);
}

static inline struct fr_instance *fr_instance_of_link(struct fr_link *link)
{
    return FR_CONTAINER_OF(link, struct fr_instance, in_process);
}

/* With the process lock held: adds an instance, with a fast slot if one is free; removes one. */
void fr_instances_add(struct fr_instance *inst);
void fr_instances_remove(struct fr_instance *inst);

/*
 * The same for a static instance that comes to rest, and wakes. `in_slot` threads have a cache in
 * its fast slot, and keep it there: no other thread may change what a thread reads on its fast
 * path. So nobody else gets the slot until the last of them has ended, and each tells when it does.
 * The instance uses slot 0 meanwhile, because it cannot be told when its own is given to another.
 */
void fr_instances_rest(struct fr_instance *inst, size_t in_slot);
void fr_instances_wake(struct fr_instance *inst);
void fr_instances_leave_slot(size_t slot);

#endif /* FR_INSTANCES_H */
