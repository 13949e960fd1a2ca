/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "reclaim/recall.h"

#include "base/gate.h"
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
    r->in_fork = fr_gate_is_mine();
    if (r->in_fork)
        return;
    close_all(inst);
    if (!wait_outside(inst))
        fall_back_to_own(r);
}

/* The caller's own magazines, or those of a cache that is closed and at rest. */
static int is_in_reach(const struct fr_recall *r, struct frusa_cache *c)
{
    if (r->in_fork)
        return c == fr_registry_find(r->inst) || (fr_cache_is_recalled(c) && !c->is_lost);
    return !r->partial || c == r->own;
}

void fr_recall_drain(struct fr_recall *r, unsigned cls, struct fr_misuse *m)
{
    struct fr_instance *inst = r->inst;
    if (cls >= FR_CACHED_CLASSES)
        return;
    for (struct fr_link *link = inst->registry.caches.next; link != &inst->registry.caches;
         link = link->next)
        if (is_in_reach(r, fr_cache_of_link(link)))
            fr_cache_drain(fr_cache_of_link(link), cls, m);
}

/* Takes the dead off the registry, and puts the others' limits back. */
static void open_all(struct fr_instance *inst, struct fr_link *dead)
{
    fr_lock_acquire(&inst->registry.lock, FR_RANK_REGISTRY);
    fr_store_relaxed(&inst->registry.recall_on, 0);
    for (struct fr_link *link = inst->registry.caches.next, *next; link != &inst->registry.caches;
         link = next) {
        struct frusa_cache *c = fr_cache_of_link(link);
        next = link->next;
        if (fr_load_relaxed(&c->state) & FR_CACHE_DEAD) {
            fr_registry_remove(c); /* [R.2] */
            fr_list_insert_after(dead, link);
        } else if (fr_cache_is_recalled(c)) {
            fr_cache_open(c);
            fr_store_release(&c->state, 0);
        }
    }
    fr_lock_release(&inst->registry.lock, FR_RANK_REGISTRY);
}

size_t fr_recall_end(struct fr_recall *r, struct fr_misuse *m)
{
    struct fr_instance *inst = r->inst;
    struct fr_link dead;
    fr_list_init(&dead);
    if (!r->in_fork)
        open_all(inst, &dead);
    /* What the caller left, or could not reach before; still under the recall lock, so that the
     * next reclaim finds it in the slabs. */
    fr_registry_drain_dead(&dead, m);
    fr_lock_release(&inst->recall_lock, FR_RANK_RECALL);
    return fr_registry_free_dead(inst, &dead);
}

/* ---- fork
 * ---------------------------------------------------------------------------------------- */

/* A reclaim that the fork gave up waiting for. */
static int has_lost_recall(struct fr_instance *inst)
{
    if (!fr_gate_gave_up())
        return 0;
    fr_lock_settle(&inst->recall_lock);
    return !fr_lock_is_free(&inst->recall_lock);
}

/* Without a lock: only the caller has a cache. Another thread that is registering one either holds
 * the registry lock, or finds the gate closed. One that is taken down is registered until it is
 * empty. */
static int is_the_callers(struct fr_instance *inst)
{
    size_t own = fr_registry_find(inst) ? 1 : 0;
    return fr_lock_is_free(&inst->registry.lock) &&
           fr_load_relaxed(&inst->registry.caches_n) <= own && !has_lost_recall(inst);
}

/* Under the registry lock. A cache whose owner stays in RESIZING is lost to the child. */
static void close_patiently(struct frusa_cache *c)
{
    unsigned step = 0;
    while (!fr_cas_acquire(&c->state, 0, FR_CACHE_RECALLED)) {
        if (!fr_gate_is_patient(&step, FR_PATIENCE_OWNER)) {
            c->is_lost = 1;
            return;
        }
    }
    fr_cache_close(c);
}

static int close_others(struct fr_instance *inst)
{
    unsigned step = 0;
    inst->registry.fork = FR_FORK_CLOSED;
    if (has_lost_recall(inst))
        inst->registry.fork = FR_FORK_LOST_RECALL;
    else if (!fr_lock_acquire_patiently(&inst->registry.lock, FR_RANK_REGISTRY))
        inst->registry.fork = FR_FORK_LOST_LIST;
    if (inst->registry.fork != FR_FORK_CLOSED)
        return 0;
    struct frusa_cache *own = fr_registry_find(inst);
    fr_store_relaxed(&inst->registry.recall_on, 1);
    for (struct fr_link *link = inst->registry.caches.next; link != &inst->registry.caches;
         link = link->next) {
        struct frusa_cache *c = fr_cache_of_link(link);
        if (c != own && !(fr_load_relaxed(&c->state) & FR_CACHE_DEAD))
            close_patiently(c);
    }
    fr_lock_release(&inst->registry.lock, FR_RANK_REGISTRY);
    while (fr_load_acquire(&inst->registry.dying) && fr_gate_is_patient(&step, FR_PATIENCE_OWNER)) {
    }
    return 1;
}

int fr_recall_close_for_fork(struct fr_instance *inst)
{
    return !is_the_callers(inst) && close_others(inst);
}

void fr_recall_settle_for_fork(struct fr_instance *inst)
{
    if (inst->registry.fork != FR_FORK_CLOSED)
        return;
    for (struct fr_link *link = inst->registry.caches.next; link != &inst->registry.caches;
         link = link->next) {
        struct frusa_cache *c = fr_cache_of_link(link);
        unsigned step = 0;
        while (fr_cache_is_recalled(c) && !c->is_lost && fr_load_acquire(&c->fast.busy)) {
            if (!fr_gate_is_patient(&step, FR_PATIENCE_OWNER)) {
                c->is_lost = 1;
                break;
            }
        }
    }
}

void fr_recall_open_after_fork(struct fr_instance *inst)
{
    enum fr_fork_state was = inst->registry.fork;
    if (was != FR_FORK_IDLE)
        inst->registry.fork = FR_FORK_IDLE;
    if (was != FR_FORK_CLOSED)
        return;
    fr_store_relaxed(&inst->registry.recall_on, 0);
    for (struct fr_link *link = inst->registry.caches.next; link != &inst->registry.caches;
         link = link->next) {
        struct frusa_cache *c = fr_cache_of_link(link);
        size_t state = fr_load_relaxed(&c->state);
        c->is_lost = 0;
        if (state == (FR_CACHE_RECALLED | FR_CACHE_DEAD)) {
            fr_store_relaxed(&inst->registry.abandoned, 1); /* [R.5] */
        } else if (state == FR_CACHE_RECALLED) {
            fr_cache_open(c);
            fr_store_release(&c->state, 0);
        }
    }
}

/* In the child, a cache of another thread, or an explicit one. */
static void orphan(struct frusa_cache *c)
{
    size_t state = fr_load_relaxed(&c->state);
    fr_store_relaxed(&c->fast.busy, 0);
    if (c->is_lost || (state & (FR_CACHE_DEAD | FR_CACHE_RECALLED)) == FR_CACHE_DEAD)
        fr_cache_lose_contents(c);
    if (c->thread || (state & FR_CACHE_DEAD))
        fr_store_relaxed(&c->state, FR_CACHE_RECALLED | FR_CACHE_DEAD);
    else
        fr_store_relaxed(&c->state, FR_CACHE_RECALLED);
    c->thread = NULL;
}

/* In the child. A reclaim that the fork did not wait for has the caches, for ever. */
static void lose_recall(struct fr_instance *inst, struct frusa_cache *own)
{
    if (own)
        fr_cache_lose_contents(own);
    for (struct fr_link *link = inst->registry.caches.next; link != &inst->registry.caches;
         link = link->next)
        if (fr_cache_of_link(link) != own)
            fr_cache_of_link(link)->is_lost = 1;
}

/* In the child, of an instance whose caches the fork did not close. Handlers may have made explicit
 * ones, and woken the instance with those of threads that do not exist here. */
static void orphan_unclosed(struct fr_instance *inst, struct frusa_cache *own)
{
    for (struct fr_link *link = inst->registry.caches.next; link != &inst->registry.caches;
         link = link->next) {
        struct frusa_cache *c = fr_cache_of_link(link);
        if (c == own || !c->thread)
            continue;
        c->is_lost = 1;
        orphan(c);
        c->is_lost = 0;
    }
}

void fr_recall_orphan_after_fork(struct fr_instance *inst)
{
    struct frusa_cache *own = fr_registry_find(inst);
    enum fr_fork_state state = inst->registry.fork;
    if (fr_gate_is_alone()) /* the calls that a signal handler interrupted will go on */
        return;
    fr_registry_forget_ends(inst);
    if (state == FR_FORK_IDLE)
        orphan_unclosed(inst, own);
    if (state == FR_FORK_IDLE || state == FR_FORK_LOST_LIST)
        return;
    if (state == FR_FORK_LOST_RECALL)
        lose_recall(inst, own);
    for (struct fr_link *link = inst->registry.caches.next; link != &inst->registry.caches;
         link = link->next)
        if (fr_cache_of_link(link) != own)
            orphan(fr_cache_of_link(link));
}
