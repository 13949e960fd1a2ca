/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * fork() in a multi-threaded program. (With one thread nothing is done at all: port/atfork.h.)
 *
 * prepare 1. closes the gate for recalls; waits until none is in progress. Nobody else waits
 * meanwhile: threads that
 *              make their first cache need the process lock, which is free between the looks.
 *           2. closes the gate for the process lock and for the registration of caches
 *           3. closes the other threads' caches, as a recall does; waits for those that are
 *              ending; one heavy barrier for all instances. The caller's own caches stay open.
 *              Instances that have no others are not written to.
 *           4. closes the gate for registries; waits until the owners of the closed caches are
 *              outside
 *           5. closes the gate for slabs, lists of spans, providers, the page map, profiles;
 *              after each waits until the locks are free
 * parent    opens the caches with what they hold; opens the gate
 * child the same. Caches of threads that do not exist here become orphans (RECALLED | DEAD, no
 * thread), which the
 *           next reclaim empties and frees. Locks that another thread had taken, to find the gate
 *           closed, are freed.
 *
 * As all caches but the caller's are quiescent and all lists still at the instant of the fork, the
 * child's instances are consistent. What another thread had in its hands just then is lost to the
 * child: the object of an uncached call, spans that a reclaim was handing back or purging, the
 * header of a thread that was ending.
 *
 * Between prepare and parent or child, the caller may use the library [F.3]: handlers of other
 * libraries do. It works on its own caches, and passes the gate.
 *
 * All waiting is bounded, see base/gate.h. After a wait that was given up the child has lost
 *   a cache whose owner was inside    what the cache held; the objects stay allocated
 *   a lock                            every call that needs it waits for ever
 *   a recall                          reclaims of the instance wait for ever, its caches are not
 *                                     used
 */
#include "reclaim/fork.h"

#include "base/gate.h"
#include "cache/instances.h"
#include "port/atfork.h"
#include "port/wait.h"
#include "providers/arena.h"
#include "providers/mmap.h"
#include "reclaim/recall.h"
#include "spans/release.h"

#define FOR_EACH_INSTANCE(link)                                                                    \
    for (struct fr_link *link = fr_process_instances.next; link != &fr_process_instances;          \
         link = link->next)

/* One fork at a time. Outside the ranks: its holder takes locks of all of them, and nobody takes
 * it inside another. */
static fr_lock fork_lock;

/* The process lock was not to be had: no instance was looked at. */
static int blind;

/* Ranks that the forking thread held when it forked: a signal handler may fork in the middle of a
 * call. */
static unsigned ranks_before;

static void take_fork_lock(void)
{
    if (!fr_cas_u32_fenced(&fork_lock.state, FR_LOCK_FREE, FR_LOCK_TAKEN))
        fr_lock_wait(&fork_lock);
}

static void give_fork_lock(void)
{
    if (!fr_cas_u32_release(&fork_lock.state, FR_LOCK_TAKEN, FR_LOCK_FREE))
        fr_lock_wake(&fork_lock);
}

static int no_recall_is_on(void)
{
    FOR_EACH_INSTANCE (link) {
        if (!fr_lock_is_free(&fr_instance_of_link(link)->recall_lock))
            return 0;
    }
    return 1;
}

/* Steps 1 and 2; 0: no list of instances. */
static int settle_recalls(void)
{
    unsigned step = 0;
    fr_gate_close(FR_GATE_BIT(FR_RANK_RECALL));
    for (;;) {
        if (!fr_lock_acquire_patiently(&fr_process_lock, FR_RANK_PROCESS))
            return 0;
        if (no_recall_is_on() || !fr_gate_is_patient(&step, FR_PATIENCE_RECALL))
            break;
        fr_process_unguard();
    }
    fr_gate_close(FR_GATE_BIT(FR_RANK_PROCESS) | FR_GATE_BIT(FR_GATE_REGISTRATION));
    fr_process_unguard();
    return 1;
}

/* Step 3. */
static void close_caches(void)
{
    int any = 0;
    FOR_EACH_INSTANCE (link)
        any |= fr_recall_close_for_fork(fr_instance_of_link(link));
    if (any) /* refused: the child may see another thread half-way */
        fr_barrier_heavy();
}

/* Step 4. */
static void settle_registries(void)
{
    fr_gate_close(FR_GATE_BIT(FR_RANK_REGISTRY));
    FOR_EACH_INSTANCE (link) {
        fr_lock_settle(&fr_instance_of_link(link)->registry.lock);
        fr_recall_settle_for_fork(fr_instance_of_link(link));
    }
}

static void for_slabs(struct fr_instance *inst, void (*what)(fr_lock *))
{
    for (unsigned cls = 0; cls < FR_CLASS_COUNT + FR_META_COUNT; cls++)
        what(&inst->heap.slabs[cls].lock);
}

static void for_profile(struct fr_instance *inst, void (*what)(fr_lock *))
{
    struct fr_profile *profile = fr_load_ptr_acquire(&inst->profile);
    if (profile)
        what(&profile->lock);
}

static void for_locks(struct fr_instance *inst, void (*what)(fr_lock *))
{
    what(&inst->recall_lock);
    what(&inst->registry.lock);
    for_slabs(inst, what);
    what(&inst->heap.all.lock);
    for_profile(inst, what);
}

/* Step 5. In the order in which the locks nest [F.2]. */
static void settle_heaps(void)
{
    fr_gate_close(FR_GATE_BIT(FR_RANK_SLAB));
    FOR_EACH_INSTANCE (link)
        for_slabs(fr_instance_of_link(link), fr_lock_settle);
    fr_gate_close(FR_GATE_BIT(FR_RANK_SPANS));
    FOR_EACH_INSTANCE (link)
        fr_lock_settle(&fr_instance_of_link(link)->heap.all.lock);
    fr_gate_close(FR_GATE_BIT(FR_RANK_PROVIDER));
    fr_fallback_arena_fork_prepare();
    fr_fallback_mmap_fork_prepare();
    fr_pagemap_before_fork();
    fr_gate_close(FR_GATE_BIT(FR_RANK_PROFILE));
    FOR_EACH_INSTANCE (link)
        for_profile(fr_instance_of_link(link), fr_lock_settle);
}

static void prepare(void)
{
    take_fork_lock();
    ranks_before = fr_lock_ranks_exchange(0);
    blind = !settle_recalls();
    if (blind)
        return;
    close_caches();
    settle_registries();
    settle_heaps();
}

static void open_caches(void)
{
    if (blind)
        return;
    FOR_EACH_INSTANCE (link)
        fr_recall_open_after_fork(fr_instance_of_link(link));
}

static void parent(void)
{
    open_caches();
    fr_lock_ranks_exchange(ranks_before);
    fr_gate_open();
    give_fork_lock();
}

static size_t forks; /* covered by the process lock */

size_t fr_fork_count(void)
{
    return forks;
}

void fr_fork_repair(struct fr_instance *inst)
{
    fr_registry_forget_ends(inst);
    fr_all_spans_drop_walkers(&inst->heap.all);
    fr_release_after_fork(&inst->heap);
    for_locks(inst, fr_lock_reset);
}

static void adopt_instances(void)
{
    if (blind)
        return;
    FOR_EACH_INSTANCE (link) {
        struct fr_instance *inst = fr_instance_of_link(link);
        fr_recall_orphan_after_fork(inst);
        fr_recall_open_after_fork(inst);
        fr_all_spans_drop_walkers(&inst->heap.all);
        fr_release_after_fork(&inst->heap);
        for_locks(inst, fr_lock_forget);
    }
}

static fr_atomic child_hook; /* the address of a function; 0: none */

void fr_fork_set_child_hook(void (*hook)(void))
{
    fr_store_release(&child_hook, (size_t)(uintptr_t)hook);
}

static void call_child_hook(void)
{
    void (*hook)(void) = (void (*)(void))(uintptr_t)fr_load_acquire(&child_hook);
    if (hook)
        hook();
}

static void child(void)
{
    adopt_instances();
    fr_pagemap_after_fork();
    fr_fallback_mmap_fork_child();
    fr_fallback_arena_fork_child();
    fr_registry_note_fork(++forks);
    fr_thread_after_fork();
    fr_lock_forget(&fr_process_lock);
    fr_lock_ranks_exchange(ranks_before);
    fr_gate_open();
    fr_lock_reset(&fork_lock);
    call_child_hook();
}

void fr_fork_arm(void)
{
    static fr_atomic armed;
    if (fr_load_relaxed(&armed) || !fr_cas_full(&armed, 0, 1))
        return;
    if (!fr_atfork(prepare, parent, child))
        fr_store_relaxed(&armed, 0); /* no memory: again with the next instance */
}

/* Before there are threads of which one might fork while another arms. */
FR_CONSTRUCTOR static void arm_at_load(void)
{
    fr_fork_arm();
}
