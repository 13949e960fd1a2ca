/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cache/instances.h"

fr_lock fr_process_lock;
struct fr_link fr_process_instances = {&fr_process_instances, &fr_process_instances};

/* A bit for each fast slot that an instance has; slot 0 is nobody's. Covered by the process
 * lock. */
static unsigned slots_taken = 1;

_Static_assert(FRUSA_INLINE_SLOTS_ <= sizeof(slots_taken) * CHAR_BIT, "a bit for each slot");

void fr_instances_add(struct fr_instance *inst)
{
    unsigned slot = fr_ctz(~(size_t)slots_taken);
    slot = slot < FRUSA_INLINE_SLOTS_ ? slot : 0;
    slots_taken |= 1u << slot;
    fr_store_relaxed(&inst->fast_slot, slot);
    fr_list_insert_after(&fr_process_instances, &inst->in_process);
}

void fr_instances_remove(struct fr_instance *inst)
{
    size_t slot = fr_load_relaxed(&inst->fast_slot);
    if (slot != 0)
        slots_taken &= ~(1u << slot);
    fr_store_relaxed(&inst->fast_slot, 0);
    fr_list_remove(&inst->in_process);
}
