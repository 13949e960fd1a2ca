/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cache/retain.h"

#include "spans/supply.h"

void fr_retain_init(struct fr_instance *inst)
{
    fr_supply_set_bound(&inst->heap, (size_t)-1);
}

void fr_retain_set(struct fr_instance *inst, size_t bytes)
{
    fr_supply_set_bound(&inst->heap, bytes);
    fr_retain_check(inst);
}

FR_COLD void fr_retain_trim(struct fr_instance *inst)
{
    fr_heap_count_reclaimed(&inst->heap, fr_supply_trim(&inst->heap));
}
