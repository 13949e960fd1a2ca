/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cache/instances.h"

fr_lock fr_process_lock;
struct fr_link fr_process_instances = {&fr_process_instances, &fr_process_instances};

/* Covered by the process lock; that of slot 0 is not used. */
static struct fast_slot {
    const struct fr_instance *owner; /* perhaps at rest, and gone; NULL: the slot is free */
    size_t resting;                  /* threads with a cache in the slot, of an owner at rest */
} slots[FRUSA_INLINE_SLOTS_];

static void take_slot(struct fr_instance *inst)
{
    size_t slot = 1;
    while (slot < FRUSA_INLINE_SLOTS_ && slots[slot].owner)
        slot++;
    slot = slot < FRUSA_INLINE_SLOTS_ ? slot : 0;
    slots[slot].owner = inst;
    fr_store_relaxed(&inst->fast_slot, slot);
}

static void leave_slot(struct fr_instance *inst)
{
    slots[fr_load_relaxed(&inst->fast_slot)].owner = NULL;
    fr_store_relaxed(&inst->fast_slot, 0);
}

void fr_instances_add(struct fr_instance *inst)
{
    take_slot(inst);
    fr_list_insert_after(&fr_process_instances, &inst->in_process);
}

void fr_instances_remove(struct fr_instance *inst)
{
    leave_slot(inst);
    fr_list_remove(&inst->in_process);
}

void fr_instances_rest(struct fr_instance *inst, size_t in_slot)
{
    size_t slot = fr_load_relaxed(&inst->fast_slot);
    leave_slot(inst);
    if (in_slot) {
        slots[slot].owner = inst;
        slots[slot].resting = in_slot;
    }
    inst->slot_at_rest = in_slot ? slot : 0;
    fr_list_remove(&inst->in_process);
}

void fr_instances_leave_slot(size_t slot)
{
    if (--slots[slot].resting == 0)
        slots[slot].owner = NULL;
}

void fr_instances_wake(struct fr_instance *inst)
{
    size_t slot = inst->slot_at_rest;
    if (slot && slots[slot].owner == inst) {
        slots[slot].resting = 0;
        fr_store_relaxed(&inst->fast_slot, slot);
    } else {
        take_slot(inst);
    }
    fr_list_insert_after(&fr_process_instances, &inst->in_process);
}
