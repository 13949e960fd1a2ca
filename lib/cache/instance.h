/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Layer cache: magazines of free objects for each thread and each explicit owner, and how a thread
 * finds its own. This file is the instance: what frusa_t really holds. Its life is in life.h,
 * above.
 */
#ifndef FR_INSTANCE_H
#define FR_INSTANCE_H

#include "base/misuse.h"
#include "cache/thread.h"
#include "profile/profile.h"
#include "spans/heap.h"

/* RESTING: a static instance that holds nothing, off the process's list (instances.h). */
enum fr_life { FR_UNTOUCHED, FR_READY, FR_RESTING, FR_REFUSED };

/* What a fork in progress did to the caches of other threads. Owner: recall.c. */
enum fr_fork_state {
    FR_FORK_IDLE,        /* nothing: no fork, or no such caches */
    FR_FORK_CLOSED,      /* closed them */
    FR_FORK_LOST_RECALL, /* gave up waiting for a reclaim, which has them */
    FR_FORK_LOST_LIST    /* gave up waiting for the registry lock */
};

/* Which caches there are, and what keeps others from changing that. Owner: registry.c; recall.c
 * has the parts that it changes under the registry lock. */
struct fr_registry {
    /* rank FR_RANK_REGISTRY; covers the lists, `spares_n`, and caches' DEAD */
    fr_lock lock;
    struct fr_link caches; /* all that a recall looks at */
    struct fr_link spares; /* headers of ended caches, for the next ones */
    size_t spares_n;
    fr_atomic caches_n;     /* of `caches`; changed under the lock */
    fr_atomic header_bytes; /* of all headers, spares included */
    fr_atomic recall_on;    /* a recall is in progress: no cache is registered */
    fr_atomic dying;        /* caches that their owners are emptying for good */
    fr_atomic leaving;      /* the same, until their headers are freed */
    fr_atomic abandoned;    /* a fork left DEAD caches behind */
    enum fr_fork_state fork;
};

struct fr_instance {
    /* The public part of frusa_t: what a static initialiser sets. */
    const struct frusa_fallback_ops *static_ops;
    const struct frusa_config *static_config;
    size_t static_managed_max;
    /* In struct frusa_inline_thread_; 0: none. Read before the instance is known to be ready. */
    fr_atomic fast_slot;

    fr_atomic state;         /* enum fr_life */
    fr_atomic profile;       /* struct fr_profile; NULL: there never was one */
    size_t record_bytes;     /* of the record's own block; 0: a static instance */
    size_t thread_cache_max; /* bytes */
    fr_lock recall_lock;     /* rank FR_RANK_RECALL: one recall at a time */
    struct fr_registry registry;
    struct fr_link in_process; /* under the process lock, see instances.h */
    /* Of an instance at rest, under the process lock: its fast slot before, 0: none; and the value
     * of fr_fork_count when the rest began. */
    size_t slot_at_rest;
    size_t forks_at_rest;
    fr_atomic refused; /* calls that failed for lack of memory; owner: object.c */
    struct fr_heap heap;
};

static inline struct fr_instance *fr_instance_of(const frusa_t *f)
{
    return (struct fr_instance *)(size_t)f;
}

static inline frusa_t *fr_instance_public(struct fr_instance *inst)
{
    return (frusa_t *)(void *)inst;
}

static inline int fr_instance_is_ready(const struct fr_instance *inst)
{
    return fr_load_acquire(&inst->state) == FR_READY;
}

static inline int fr_instance_rests(const struct fr_instance *inst)
{
    return fr_load_acquire(&inst->state) == FR_RESTING;
}

/* NULL for all but static instances that were initialised with one. */
static inline const struct frusa_front *fr_instance_front(const struct fr_instance *inst)
{
    if (inst->static_managed_max != FRUSA_FRONT_)
        return NULL;
    return FR_CONTAINER_OF(inst->static_config, const struct frusa_front, config);
}

/* The record of the heap profile; NULL while no profile is taken. */
static inline struct fr_profile *fr_instance_profile(const struct fr_instance *inst)
{
    struct fr_profile *p = FR_HOSTED ? fr_load_ptr_acquire(&inst->profile) : NULL;
    return FR_UNLIKELY(p != NULL) && fr_load_relaxed(&p->on) ? p : NULL;
}

#endif /* FR_INSTANCE_H */
