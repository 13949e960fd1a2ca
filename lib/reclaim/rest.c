/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "reclaim/rest.h"

#include "cache/instances.h"
#include "port/tools.h"
#include "providers/providers.h"
#include "reclaim/fork.h"

static struct fr_instance *instance_of(struct fr_backing *b)
{
    return FR_CONTAINER_OF(FR_CONTAINER_OF(b, struct fr_heap, backing), struct fr_instance, heap);
}

/* Under the process lock. */
static void wake(struct fr_instance *inst)
{
    if (inst->forks_at_rest != fr_fork_count()) {
        fr_registry_forget_lost(inst, fr_fork_count());
        fr_fork_repair(inst);
    }
    if (fr_heap_is_watched(&inst->heap))
        fr_tools_pool_begin(&inst->heap);
    fr_registry_wake(inst);
    /* Not earlier: a booking that does not wait must find the instance on the list. */
    fr_fallback_set_wake(&inst->heap.backing, NULL);
    fr_store_release(&inst->state, FR_READY);
}

void fr_rest_wake(struct fr_instance *inst)
{
    fr_process_guard();
    if (fr_instance_rests(inst))
        wake(inst);
    fr_process_unguard();
}

static void wake_by_booking(struct fr_backing *b)
{
    fr_rest_wake(instance_of(b));
}

/* Under the process lock and the recall lock. */
static void rest(struct fr_instance *inst)
{
    fr_fallback_set_wake(&inst->heap.backing, wake_by_booking);
    if (!fr_registry_rest(inst, fr_providers_outlast(&inst->heap.backing.ops))) {
        fr_fallback_set_wake(&inst->heap.backing, NULL);
        return;
    }
    if (fr_heap_is_watched(&inst->heap))
        fr_tools_pool_end(&inst->heap);
    inst->forks_at_rest = fr_fork_count();
    fr_store_release(&inst->state, FR_RESTING);
}

/* Read without a lock: a hint. */
static int may_rest(const struct fr_instance *inst)
{
    return inst->record_bytes == 0 && fr_instance_is_ready(inst) &&
           fr_load_relaxed(&inst->heap.backing.held) ==
               fr_load_relaxed(&inst->registry.header_bytes);
}

size_t fr_rest(struct fr_instance *inst, struct fr_misuse *m)
{
    if (fr_gate_is_mine() || !may_rest(inst)) /* a fork needs the list as it is */
        return 0;
    fr_registry_leave(inst, m);
    size_t bytes = fr_registry_free_spares(inst);
    fr_heap_count_reclaimed(&inst->heap, bytes);
    fr_process_guard();
    if (fr_instance_is_ready(inst) && fr_lock_try(&inst->recall_lock, FR_RANK_RECALL)) {
        rest(inst);
        fr_lock_release(&inst->recall_lock, FR_RANK_RECALL);
    }
    fr_process_unguard();
    return bytes;
}
