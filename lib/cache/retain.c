/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cache/retain.h"

#include "spans/supply.h"

void fr_retain_init(struct fr_instance *inst)
{
    fr_store_relaxed(&inst->retain.bound, (size_t)-1);
}

void fr_retain_set(struct fr_instance *inst, size_t bytes)
{
    fr_store_relaxed(&inst->retain.bound, bytes);
    fr_kept_set_most(&inst->heap, bytes);
    fr_retain_check(inst);
}

FR_COLD void fr_retain_trim(struct fr_instance *inst)
{
    struct fr_heap *h = &inst->heap;
    fr_heap_count_reclaimed(h, fr_supply_trim(h, fr_load_relaxed(&inst->retain.bound) / 2));
}
