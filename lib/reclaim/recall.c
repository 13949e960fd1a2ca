/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "reclaim/recall.h"

#include "port/wait.h"

static void wait_while(const fr_atomic *word)
{
    unsigned round = 0;
    while (fr_load_acquire(word))
        fr_back_off(&round);
}

/* Closing is undone for all caches but the caller's own, which nobody else is inside of. */
static void fall_back_to_own(struct fr_recall *r)
{
    struct fr_instance *inst = r->inst;
    r->partial = 1;
    r->own = fr_registry_find(inst);
    for (struct fr_link *link = inst->registry.caches.next; link != &inst->registry.caches;
         link = link->next)
        if (fr_cache_of_link(link) != r->own)
            fr_cache_open(fr_cache_of_link(link));
}

/* Under the registry lock. Takes each cache that is free and closes it. Returns how many are left
 * because their owners resize a magazine; a cache that its owner takes down is not counted. */
static size_t close_free_caches(struct fr_instance *inst)
{
    size_t left = 0;
    for (struct fr_link *link = inst->registry.caches.next; link != &inst->registry.caches;
         link = link->next) {
        struct frusa_cache *c = fr_cache_of_link(link);
        if (fr_load_relaxed(&c->state) & (FR_CACHE_RECALLED | FR_CACHE_DEAD))
            continue;
        if (fr_cas_acquire(&c->state, 0, FR_CACHE_RECALLED))
            fr_cache_close(c);
        else
            left++;
    }
    return left;
}

/* Closes every cache; from here to the opening, the list of caches stands still. [R.1], [R.3] */
static void close_all(struct fr_instance *inst)
{
    unsigned round = 0;
    fr_lock_acquire(&inst->registry.lock, FR_RANK_REGISTRY);
    fr_store_relaxed(&inst->registry.recall_on, 1);
    while (close_free_caches(inst)) { /* [R.6] */
        fr_lock_release(&inst->registry.lock, FR_RANK_REGISTRY);
        fr_back_off(&round);
        fr_lock_acquire(&inst->registry.lock, FR_RANK_REGISTRY);
    }
    fr_lock_release(&inst->registry.lock, FR_RANK_REGISTRY);
    wait_while(&inst->registry.dying);
}

/* Waits until every owner is outside; 0 when the heavy barrier is refused. [C.2], [C.3], [C.5] */
static int wait_outside(struct fr_instance *inst)
{
    if (fr_list_is_empty(&inst->registry.caches))
        return 1;
    if (!fr_barrier_heavy())
        return 0;
    for (struct fr_link *link = inst->registry.caches.next; link != &inst->registry.caches;
         link = link->next)
        wait_while(&fr_cache_of_link(link)->fast.busy);
    return 1;
}

void fr_recall_begin(struct fr_recall *r, struct fr_instance *inst)
{
    r->inst = inst;
    r->partial = 0;
    r->own = NULL;
    fr_lock_acquire(&inst->recall_lock, FR_RANK_RECALL);
    close_all(inst);
    if (!wait_outside(inst))
        fall_back_to_own(r);
}

void fr_recall_close_for_fork(struct fr_instance *inst)
{
    close_all(inst);
    wait_outside(inst); /* without the barrier the child may see another thread half-way */
}

void fr_recall_open_after_fork(struct fr_instance *inst)
{
    fr_store_relaxed(&inst->registry.recall_on, 0);
    for (struct fr_link *link = inst->registry.caches.next; link != &inst->registry.caches;
         link = link->next) {
        struct frusa_cache *c = fr_cache_of_link(link);
        if (fr_load_relaxed(&c->state) & FR_CACHE_DEAD) {
            fr_store_relaxed(&inst->registry.abandoned, 1); /* [R.5] */
            continue;
        }
        fr_cache_open(c);
        fr_store_release(&c->state, 0);
    }
}

void fr_recall_orphan_after_fork(struct fr_instance *inst)
{
    struct fr_thread *self = fr_thread_record();
    fr_store_relaxed(&inst->registry.leaving, 0);
    for (struct fr_link *link = inst->registry.caches.next; link != &inst->registry.caches;
         link = link->next) {
        struct frusa_cache *c = fr_cache_of_link(link);
        /* Its owner went on until the instant of the fork, perhaps as far as a closed limit or a
         * lock. */
        fr_store_relaxed(&c->fast.busy, 0);
        if (!c->thread || c->thread == self)
            continue;
        c->thread = NULL;
        fr_store_relaxed(&c->state, FR_CACHE_RECALLED | FR_CACHE_DEAD);
    }
}

void fr_recall_drain(struct fr_recall *r, unsigned cls, struct fr_misuse *m)
{
    struct fr_instance *inst = r->inst;
    if (cls >= FR_CACHED_CLASSES)
        return;
    for (struct fr_link *link = inst->registry.caches.next; link != &inst->registry.caches;
         link = link->next)
        if (!r->partial || fr_cache_of_link(link) == r->own)
            fr_cache_drain(fr_cache_of_link(link), cls, m);
}

void fr_recall_end(struct fr_recall *r, struct fr_misuse *m)
{
    struct fr_instance *inst = r->inst;
    struct fr_link dead;
    fr_list_init(&dead);
    fr_lock_acquire(&inst->registry.lock, FR_RANK_REGISTRY);
    fr_store_relaxed(&inst->registry.recall_on, 0);
    for (struct fr_link *link = inst->registry.caches.next, *next; link != &inst->registry.caches;
         link = next) {
        struct frusa_cache *c = fr_cache_of_link(link);
        next = link->next;
        if (fr_load_relaxed(&c->state) & FR_CACHE_DEAD) {
            fr_list_remove(link); /* [R.2] */
            fr_list_insert_after(&dead, link);
        } else if (fr_cache_is_recalled(c)) {
            fr_cache_open(c);
            fr_store_release(&c->state, 0);
        }
    }
    fr_lock_release(&inst->registry.lock, FR_RANK_REGISTRY);
    /* What the caller left, or could not reach before; still under the recall lock, so that the
     * next reclaim finds it in the slabs. */
    fr_registry_drain_dead(&dead, m);
    fr_lock_release(&inst->recall_lock, FR_RANK_RECALL);
    fr_registry_free_dead(inst, &dead);
}
