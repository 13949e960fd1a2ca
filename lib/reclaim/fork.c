/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * fork() in a multi-threaded program.
 *
 * prepare takes every lock of the library in the order of the ranks, for all instances; on the way
 * each
 *           instance's caches are closed as for a recall, and their owners are outside
 * parent    puts everything back as it was: nothing was drained
 * child the same, with locks made free rather than released; caches of threads that do not exist
 * here
 *           become orphans (RECALLED | DEAD, no thread), which the next reclaim empties and frees
 *
 * As all caches are quiescent and all lists still at the instant of the fork, the child's
 * instances are consistent. What another thread had in its hands just then is lost to the child:
 * the object of an uncached call, spans that a reclaim was handing back or purging, the header of
 * a thread that was ending.
 */
#include "reclaim/fork.h"

#include "cache/instances.h"
#include "providers/arena.h"
#include "providers/mmap.h"
#include "port/atfork.h"
#include "reclaim/recall.h"
#include "spans/release.h"

#define FOR_EACH_INSTANCE(link)                                                                    \
    for (struct fr_link *link = fr_process_instances.next; link != &fr_process_instances;          \
         link = link->next)

/* All ranks at once would trip the rank checks, which are about nesting within one call. */
static void take(fr_lock *lock)
{
    if (!fr_cas_u32_acquire(&lock->state, FR_LOCK_FREE, FR_LOCK_TAKEN))
        fr_lock_wait(lock);
}

static void give(fr_lock *lock)
{
    if (!fr_cas_u32_release(&lock->state, FR_LOCK_TAKEN, FR_LOCK_FREE))
        fr_lock_wake(lock);
}

/* Applies `what` to an instance's locks below the recall lock, in the order of their ranks. */
static void for_inner_locks(struct fr_instance *inst, void (*what)(fr_lock *))
{
    what(&inst->registry.lock);
    for (unsigned cls = 0; cls < FR_CLASS_COUNT + FR_META_COUNT; cls++)
        what(&inst->heap.slabs[cls].lock);
    what(&inst->heap.all.lock);
}

static void prepare(void)
{
    take(&fr_process_lock);
    FOR_EACH_INSTANCE (link)
        take(&fr_instance_of_link(link)->recall_lock);
    FOR_EACH_INSTANCE (link)
        fr_recall_close_for_fork(fr_instance_of_link(link));
    FOR_EACH_INSTANCE (link)
        for_inner_locks(fr_instance_of_link(link), take);
    fr_fallback_arena_fork_prepare();
    fr_fallback_mmap_fork_prepare();
    take(&fr_pagemap_lock);
}

static void parent(void)
{
    give(&fr_pagemap_lock);
    fr_fallback_mmap_fork_parent();
    fr_fallback_arena_fork_parent();
    FOR_EACH_INSTANCE (link) {
        fr_recall_open_after_fork(fr_instance_of_link(link));
        for_inner_locks(fr_instance_of_link(link), give);
        give(&fr_instance_of_link(link)->recall_lock);
    }
    give(&fr_process_lock);
}

static size_t forks; /* covered by the process lock */

size_t fr_fork_count(void)
{
    return forks;
}

void fr_fork_repair(struct fr_instance *inst)
{
    fr_recall_open_after_fork(inst);
    fr_all_spans_drop_walkers(&inst->heap.all);
    fr_release_after_fork(&inst->heap);
    for_inner_locks(inst, fr_lock_reset);
    fr_lock_reset(&inst->recall_lock);
}

static void child(void)
{
    fr_pagemap_after_fork();
    fr_fallback_mmap_fork_child();
    fr_fallback_arena_fork_child();
    FOR_EACH_INSTANCE (link) {
        fr_recall_orphan_after_fork(fr_instance_of_link(link));
        fr_fork_repair(fr_instance_of_link(link));
    }
    fr_registry_note_fork(++forks);
    fr_thread_after_fork();
    fr_lock_reset(&fr_process_lock);
}

void fr_fork_arm(void)
{
    static fr_atomic armed;
    if (fr_load_relaxed(&armed) || !fr_cas_full(&armed, 0, 1))
        return;
    fr_atfork(prepare, parent, child);
}

/* Early, before there are threads of which one might fork while another arms. As handlers nest,
 * those of a fallback's, registered later, then run outside of these: it may hold its own locks,
 * and need not. */
FR_CONSTRUCTOR static void arm_at_load(void)
{
    fr_fork_arm();
}
