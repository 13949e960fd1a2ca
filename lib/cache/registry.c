/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cache/registry.h"

#include "cache/instances.h"
#include "cache/retain.h"
#include "port/memory.h"
#include "port/wait.h"

/* Calls that a thread works uncached after it could have no cache, before it tries again. */
#define CALLS_BETWEEN_TRIES 64
/* Spare headers that an instance keeps at most. A crowd of threads that come and go on a few
 * processors needs no more. */
#define SPARES_MAX 8

static void thread_ends(void *thread);

void fr_registry_init(struct fr_instance *inst)
{
    fr_list_init(&inst->registry.caches);
    fr_list_init(&inst->registry.spares);
    fr_store_relaxed(&inst->registry.caches_n, 0);
}

struct frusa_cache *fr_registry_find(const struct fr_instance *inst)
{
    struct fr_thread *thread = fr_thread_record();
    return thread ? fr_thread_find(thread, inst) : NULL;
}

/* Memory for a header: a spare, or from the fallback. NULL when that refuses. */
static struct frusa_cache *header_memory(struct fr_instance *inst, int *at_limit)
{
    struct frusa_cache *c = NULL;
    if (fr_lock_try(&inst->registry.lock, FR_RANK_REGISTRY)) {
        if (inst->registry.spares_n) {
            c = fr_cache_of_link(inst->registry.spares.next);
            fr_list_remove(&c->in_registry);
            inst->registry.spares_n--;
        }
        fr_lock_release(&inst->registry.lock, FR_RANK_REGISTRY);
    }
    if (c)
        return c;
    c = fr_fallback_alloc(&inst->heap.backing, FR_CACHE_BYTES, FR_PAGE_SIZE, FR_FOR_METADATA,
                          at_limit);
    if (c)
        fr_fetch_add_relaxed(&inst->registry.header_bytes, FR_CACHE_BYTES);
    return c;
}

/* A header, filled in, that nobody knows yet; NULL when the fallback refuses. */
static struct frusa_cache *new_header(struct fr_instance *inst, struct fr_thread *thread,
                                      int *at_limit)
{
    struct frusa_cache *c = header_memory(inst, at_limit);
    if (!c)
        return NULL;
    memset(c, 0, sizeof(*c));
    c->instance = inst;
    c->thread = thread;
    c->fenced = !fr_barrier_is_asymmetric();
    fr_cache_init(c);
    return c;
}

/* Nobody knows it any more. Calls the fallback. */
static void free_header(struct fr_instance *inst, struct frusa_cache *c)
{
    fr_fetch_sub_relaxed(&inst->registry.header_bytes, FR_CACHE_BYTES);
    fr_fallback_dealloc(&inst->heap.backing, c, FR_CACHE_BYTES, FR_PAGE_SIZE, FR_FOR_METADATA);
}

/* Keeps it as a spare instead, as far as these go. */
static void put_header_aside(struct fr_instance *inst, struct frusa_cache *c)
{
    int kept = 0;
    if (fr_lock_try(&inst->registry.lock, FR_RANK_REGISTRY)) {
        kept = inst->registry.spares_n < SPARES_MAX;
        if (kept) {
            fr_list_insert_after(&inst->registry.spares, &c->in_registry);
            inst->registry.spares_n++;
        }
        fr_lock_release(&inst->registry.lock, FR_RANK_REGISTRY);
    }
    if (!kept)
        free_header(inst, c);
}

size_t fr_registry_free_spares(struct fr_instance *inst)
{
    struct fr_link spares;
    size_t bytes;
    fr_list_init(&spares);
    fr_lock_acquire(&inst->registry.lock, FR_RANK_REGISTRY);
    bytes = fr_registry_spare_bytes(inst);
    while (!fr_list_is_empty(&inst->registry.spares)) {
        struct fr_link *link = inst->registry.spares.next;
        fr_list_remove(link);
        fr_list_insert_after(&spares, link);
    }
    inst->registry.spares_n = 0;
    fr_lock_release(&inst->registry.lock, FR_RANK_REGISTRY);
    fr_registry_free_dead(inst, &spares);
    return bytes;
}

void fr_registry_drain_dead(struct fr_link *dead, struct fr_misuse *m)
{
    for (struct fr_link *link = dead->next; link != dead; link = link->next)
        for (unsigned cls = 0; cls < FR_CACHED_CLASSES; cls++)
            fr_cache_drain(fr_cache_of_link(link), cls, m);
}

size_t fr_registry_free_dead(struct fr_instance *inst, struct fr_link *dead)
{
    size_t bytes = 0;
    while (!fr_list_is_empty(dead)) {
        struct fr_link *link = dead->next;
        fr_list_remove(link);
        free_header(inst, fr_cache_of_link(link));
        bytes += FR_CACHE_BYTES;
    }
    return bytes;
}

/* [R.1]. The thread that forks may register: nobody else looks at the registry meanwhile. */
static int may_register(const struct fr_instance *inst)
{
    if (fr_gate_is_closed(FR_GATE_REGISTRATION))
        return fr_gate_is_mine();
    return !fr_load_relaxed(&inst->registry.recall_on);
}

/* Under the registry lock, and with a thread under the process lock too: registers unless a recall
 * is on [R.1], or there is no memory for the thread's table. */
static int register_cache(struct fr_instance *inst, struct fr_thread *thread, struct frusa_cache *c)
{
    if (!may_register(inst) || (thread && !fr_thread_add(thread, inst, c)))
        return 0;
    fr_cache_open(c);
    fr_list_insert_after(&inst->registry.caches, &c->in_registry);
    fr_store_relaxed(&inst->registry.caches_n, fr_load_relaxed(&inst->registry.caches_n) + 1);
    return 1;
}

/* Makes the cache the calling thread's; 0 when it has one by now (a nested call was faster), a
 * recall is on, the registry is busy, or there is no memory for its table. */
static int attach(struct fr_instance *inst, struct fr_thread *thread, struct frusa_cache *c)
{
    int done = 0;
    fr_process_guard();
    if (!fr_thread_find(thread, inst) && fr_lock_try(&inst->registry.lock, FR_RANK_REGISTRY)) {
        done = register_cache(inst, thread, c);
        fr_lock_release(&inst->registry.lock, FR_RANK_REGISTRY);
        if (done && !c->fenced)
            fr_thread_set_fast(thread, fr_load_relaxed(&inst->fast_slot), c);
    }
    fr_process_unguard();
    return done;
}

/* Notes a call that is nested in the arming. */
static int is_arming(struct fr_thread *self)
{
    if (self->exit_state == FR_EXIT_ARMING)
        self->exit_state = FR_EXIT_NESTED;
    return self->exit_state == FR_EXIT_NESTED;
}

/* Asks for the callback. It may allocate, from this very instance perhaps: what is nested in it
 * works uncached. */
static enum fr_exit_state ask_for_exit(struct fr_thread *self)
{
    self->exit_state = FR_EXIT_ARMING;
    enum fr_exit_promise promise = fr_thread_at_exit(thread_ends, self);
    if (promise == FR_EXIT_NEVER || (promise == FR_EXIT_MAYBE && !fr_thread_make_lasting(self))) {
        self->calls_to_skip = CALLS_BETWEEN_TRIES;
        return FR_EXIT_UNARMED;
    }
    return self->exit_state == FR_EXIT_NESTED ? FR_EXIT_DOUBTED : FR_EXIT_ARMED;
}

/* 0: the thread must go without caches for now. */
static int arm_exit(struct fr_thread *self)
{
    if (self->exit_state == FR_EXIT_DOUBTED && fr_thread_at_exit_is(self))
        self->exit_state = FR_EXIT_ARMED;
    if (self->exit_state != FR_EXIT_ARMED)
        self->exit_state = ask_for_exit(self);
    return self->exit_state == FR_EXIT_ARMED;
}

/* Makes the calling thread's cache and its entry; NULL when that cannot be now. */
static struct frusa_cache *make_cache(struct fr_instance *inst, struct fr_thread *self)
{
    struct fr_thread *record = fr_thread_record();
    struct frusa_cache *c = new_header(inst, record, NULL);
    if (c && !attach(inst, record, c)) {
        put_header_aside(inst, c);
        c = fr_registry_find(inst);
    }
    self->calls_to_skip = c ? 0 : CALLS_BETWEEN_TRIES;
    return c;
}

struct frusa_cache *fr_registry_cache(struct fr_instance *inst)
{
    struct fr_thread *self = fr_thread_self();
    struct frusa_cache *c = fr_registry_find(inst);
    if (c || !self || self->exiting)
        return c;
    if (is_arming(self) || (inst->heap.flags & FRUSA_NO_THREAD_CACHE) ||
        fr_heap_is_checked(&inst->heap) || fr_load_relaxed(&inst->registry.recall_on))
        return NULL;
    if (self->calls_to_skip) {
        self->calls_to_skip--;
        return NULL;
    }
    return arm_exit(self) ? make_cache(inst, self) : NULL;
}

struct frusa_cache *fr_registry_create(struct fr_instance *inst, int *at_limit)
{
    unsigned round = 0;
    struct frusa_cache *c = new_header(inst, NULL, at_limit);
    if (!c)
        return NULL;
    for (;;) {
        fr_lock_acquire(&inst->registry.lock, FR_RANK_REGISTRY);
        int done = register_cache(inst, NULL, c);
        fr_lock_release(&inst->registry.lock, FR_RANK_REGISTRY);
        if (done)
            return c;
        fr_back_off(&round); /* creation of an explicit cache may wait for a recall to end */
    }
}

/* Empties and frees the caches whose owners ended while a fork had all of them closed, as a
 * reclaim would: the program may never ask for one. [R.5] */
static void bury_abandoned(struct fr_instance *inst, struct fr_misuse *m)
{
    struct fr_link dead;
    if (!fr_load_relaxed(&inst->registry.abandoned) ||
        !fr_lock_try(&inst->recall_lock, FR_RANK_RECALL))
        return;
    fr_list_init(&dead);
    fr_lock_acquire(&inst->registry.lock, FR_RANK_REGISTRY);
    fr_store_relaxed(&inst->registry.abandoned, 0);
    for (struct fr_link *link = inst->registry.caches.next, *next; link != &inst->registry.caches;
         link = next) {
        next = link->next;
        struct frusa_cache *c = fr_cache_of_link(link);
        if (fr_load_relaxed(&c->state) == (FR_CACHE_RECALLED | FR_CACHE_DEAD)) {
            fr_registry_remove(c);
            fr_list_insert_after(&dead, link);
        }
    }
    fr_lock_release(&inst->registry.lock, FR_RANK_REGISTRY);
    fr_registry_drain_dead(&dead, m);
    fr_lock_release(&inst->recall_lock, FR_RANK_RECALL);
    fr_registry_free_dead(inst, &dead);
}

/* Ends a cache whose owner calls, counted as leaving: empties it, takes it off the registry and
 * frees it [R.2]. */
static void end(struct frusa_cache *c, struct fr_misuse *m)
{
    struct fr_instance *inst = c->instance;
    fr_lock_acquire(&inst->registry.lock, FR_RANK_REGISTRY);
    size_t state = fr_load_relaxed(&c->state);
    fr_store_relaxed(&c->state, state | FR_CACHE_DEAD);
    c->thread = NULL; /* which may be gone before the reclaimer is */
    if (!(state & FR_CACHE_RECALLED))
        fr_fetch_add_relaxed(&inst->registry.dying, 1);
    fr_lock_release(&inst->registry.lock, FR_RANK_REGISTRY);
    if (state & FR_CACHE_RECALLED) {
        fr_fetch_sub_release(&inst->registry.leaving, 1);
        return; /* [R.2]: the reclaimer's from here on */
    }
    for (unsigned cls = 0; cls < FR_CACHED_CLASSES; cls++)
        fr_cache_drain(c, cls, m);
    fr_lock_acquire(&inst->registry.lock, FR_RANK_REGISTRY);
    fr_registry_remove(c);
    fr_lock_release(&inst->registry.lock, FR_RANK_REGISTRY);
    fr_fetch_sub_release(&inst->registry.dying, 1);
    put_header_aside(inst, c);
    bury_abandoned(inst, m);
    fr_retain_check(inst);
    /* Last: from here on a destroy may end the instance. */
    fr_fetch_sub_release(&inst->registry.leaving, 1);
}

/* A thread keeps a list of the ends that it has begun. In the child of a fork only these go on. */
static void begin_end(struct fr_thread_end *e, struct fr_instance *inst)
{
    struct fr_thread *thread = fr_thread_self();
    e->instance = inst;
    if (thread) {
        e->outer = thread->ends;
        thread->ends = e;
    }
    fr_fetch_add_relaxed(&inst->registry.leaving, 1);
}

static void end_end(struct fr_thread_end *e)
{
    struct fr_thread *thread = fr_thread_self();
    if (thread)
        thread->ends = e->outer;
}

void fr_registry_end(struct frusa_cache *c, struct fr_misuse *m)
{
    struct fr_thread_end e;
    begin_end(&e, c->instance);
    end(c, m);
    end_end(&e);
}

void fr_registry_forget_ends(struct fr_instance *inst)
{
    struct fr_thread *thread = fr_thread_self();
    size_t own = 0;
    for (struct fr_thread_end *e = thread ? thread->ends : NULL; e; e = e->outer)
        own += e->instance == inst;
    /* Only what changes is written: an instance that is idle stays shared with the parent. */
    if (fr_load_relaxed(&inst->registry.leaving) != own)
        fr_store_relaxed(&inst->registry.leaving, own);
    if (fr_load_relaxed(&inst->registry.dying))
        fr_store_relaxed(&inst->registry.dying, 0);
}

/* Under the process lock: a thread is about to end a cache that is no longer in its table. [R.4] */
static void begin_leaving(struct fr_thread_end *e, struct fr_thread *thread, struct frusa_cache *c)
{
    fr_thread_set_fast(thread, fr_load_relaxed(&c->instance->fast_slot), NULL);
    begin_end(e, c->instance);
}

/* Under the process lock: a thread that ends has a cache of an instance at rest, whose record may
 * be gone. The header stays. [R.7] */
static void end_at_rest(struct fr_thread *thread, struct frusa_cache *c)
{
    c->thread = NULL;
    for (size_t slot = 1; slot < FRUSA_INLINE_SLOTS_; slot++)
        if (fr_thread_fast_of(thread, slot) == c)
            fr_instances_leave_slot(slot);
}

/* Takes a cache away from a thread that ends; NULL when it has none left. *place is where to go on
 * looking. */
static struct frusa_cache *detach_one(struct fr_thread *thread, size_t *place,
                                      struct fr_thread_end *e)
{
    int rests;
    struct frusa_cache *c;
    fr_process_guard();
    while ((c = fr_thread_remove_any(thread, place, &rests)) && rests)
        end_at_rest(thread, c);
    if (c)
        begin_leaving(e, thread, c);
    fr_process_unguard();
    return c;
}

void fr_registry_leave(struct fr_instance *inst, struct fr_misuse *m)
{
    struct fr_thread *record = fr_thread_record();
    struct fr_thread_end e;
    struct frusa_cache *c = fr_registry_find(inst);
    if (!c)
        return;
    fr_process_guard();
    c = fr_thread_find(record, inst);
    if (c) {
        fr_thread_remove(record, inst);
        begin_leaving(&e, record, c);
    }
    fr_process_unguard();
    if (c) {
        end(c, m);
        end_end(&e);
    }
}

/* Runs among the destructors of thread-local data; later calls of the thread work uncached. */
static void thread_ends(void *arg)
{
    struct fr_thread *self = arg;
    struct fr_thread *record = self->lasting ? self->lasting : self;
    struct fr_misuse m = FR_NO_MISUSE;
    struct fr_thread_end e;
    struct frusa_cache *c;
    size_t place = 0;
    self->exiting = 1;
    while ((c = detach_one(record, &place, &e))) {
        end(c, &m);
        end_end(&e);
    }
    fr_thread_drop(self);
    if (m.kind != FR_MISUSE_NONE)
        fr_misuse_report("thread exit", &m);
}

/* Under the registry lock. Whether nothing is held but caches of threads, each of which its owner
 * alone has, and nobody is taking one down. */
static int holds_only_idle_caches(struct fr_instance *inst)
{
    size_t bytes = 0;
    for (struct fr_link *link = inst->registry.caches.next; link != &inst->registry.caches;
         link = link->next) {
        const struct frusa_cache *c = fr_cache_of_link(link);
        if (!c->thread || fr_load_relaxed(&c->state))
            return 0;
        bytes += FR_CACHE_BYTES;
    }
    return fr_load_relaxed(&inst->heap.backing.held) == bytes &&
           !fr_load_acquire(&inst->registry.leaving);
}

/* Under the process and the registry lock. Returns how many threads have their cache in the
 * instance's fast slot. */
static size_t rest_entries(struct fr_instance *inst)
{
    size_t slot = fr_load_relaxed(&inst->fast_slot);
    size_t in_slot = 0;
    for (struct fr_link *link = inst->registry.caches.next; link != &inst->registry.caches;
         link = link->next) {
        const struct frusa_cache *c = fr_cache_of_link(link);
        fr_thread_rest(c->thread, inst);
        in_slot += fr_thread_fast_of(c->thread, slot) == c;
    }
    return in_slot;
}

int fr_registry_rest(struct fr_instance *inst, int with_caches)
{
    struct fr_registry *registry = &inst->registry;
    fr_lock_acquire(&registry->lock, FR_RANK_REGISTRY);
    int rests =
        (with_caches || fr_list_is_empty(&registry->caches)) && holds_only_idle_caches(inst);
    if (rests)
        fr_instances_rest(inst, rest_entries(inst));
    fr_lock_release(&registry->lock, FR_RANK_REGISTRY);
    return rests;
}

void fr_registry_wake(struct fr_instance *inst)
{
    struct fr_registry *registry = &inst->registry;
    fr_instances_wake(inst);
    fr_lock_acquire(&registry->lock, FR_RANK_REGISTRY);
    for (struct fr_link *link = registry->caches.next; link != &registry->caches;
         link = link->next) {
        struct frusa_cache *c = fr_cache_of_link(link);
        if (c->thread) {
            fr_thread_wake(c->thread, inst, c);
        } else {
            fr_store_relaxed(&c->state, FR_CACHE_RECALLED | FR_CACHE_DEAD);
            fr_store_relaxed(&registry->abandoned, 1);
        }
    }
    fr_lock_release(&registry->lock, FR_RANK_REGISTRY);
}

void fr_registry_note_fork(size_t number)
{
    struct fr_thread *record = fr_thread_record();
    struct frusa_cache *c;
    size_t place = 0;
    while (record && (c = fr_thread_next_resting(record, &place)))
        c->fork_survived = number;
}

void fr_registry_forget_lost(struct fr_instance *inst, size_t number)
{
    for (struct fr_link *link = inst->registry.caches.next; link != &inst->registry.caches;
         link = link->next) {
        struct frusa_cache *c = fr_cache_of_link(link);
        if (c->fork_survived == number)
            continue;
        fr_store_relaxed(&c->fast.busy, 0);
        c->thread = NULL;
    }
}

void fr_registry_detach_all(struct fr_instance *inst)
{
    unsigned round = 0;
    size_t slot = fr_load_relaxed(&inst->fast_slot);
    fr_process_guard();
    fr_lock_acquire(&inst->registry.lock, FR_RANK_REGISTRY);
    for (struct fr_link *link = inst->registry.caches.next; link != &inst->registry.caches;
         link = link->next) {
        struct frusa_cache *c = fr_cache_of_link(link);
        if (!c->thread)
            continue;
        fr_thread_remove(c->thread, inst);
        fr_thread_set_fast(c->thread, slot, NULL);
    }
    fr_lock_release(&inst->registry.lock, FR_RANK_REGISTRY);
    fr_process_unguard();
    while (fr_load_acquire(&inst->registry.leaving))
        fr_back_off(&round);
    /* Another thread may fork at any time: from here on it does not know the instance any more. */
    fr_process_guard();
    fr_instances_remove(inst);
    fr_process_unguard();
    fr_registry_free_dead(inst, &inst->registry.caches);
    fr_registry_free_dead(inst, &inst->registry.spares);
}
