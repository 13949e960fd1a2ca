/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * An instance: what struct frusa really holds, and its life.
 *
 * Life: UNTOUCHED (static, all zero) -> READY, or REFUSED when its options are out of range; destroy takes
 * a static instance back to UNTOUCHED. The first use fills the instance in under the process lock, and
 * makes no call out of the library meanwhile: others wait for a few stores only.
 *
 * All instances of the process are on one list, by number; the number indexes threads' tables of caches
 * and is the lowest free one, so that tables stay short. The list and the tables are covered by the
 * process lock.
 */
#ifndef FR_INSTANCE_H
#define FR_INSTANCE_H

#include "spans/heap.h"
#include "cache/thread.h"

enum { FR_UNTOUCHED, FR_READY, FR_REFUSED };

struct fr_instance {
    /* The public part of struct frusa: what a static initialiser sets. */
    const struct frusa_fallback_ops *static_ops;
    const struct frusa_config *static_config;
    size_t static_managed_max;

    fr_atomic state;
    fr_atomic
        fast_slot; /* in struct fr_thread; 0: none. Read before the instance is known to be ready */
    size_t number; /* in struct fr_thread's table */
    size_t record_bytes;     /* of the record's own block; 0: a static instance */
    size_t thread_cache_max; /* bytes */

    fr_lock recall_lock;   /* rank FR_RANK_RECALL: one recall at a time */
    fr_lock registry_lock; /* rank FR_RANK_REGISTRY; covers the next five, and caches' DEAD */
    struct fr_link caches;
    struct fr_link spares; /* headers of ended caches, for the next ones; see registry.h */
    size_t spares_n;
    fr_atomic recall_on; /* a recall is in progress: no cache is registered */
    fr_atomic dying;     /* caches that their owners are emptying for good, see registry.h */
    fr_atomic leaving;   /* the same, until their headers are freed */
    fr_atomic abandoned; /* a fork left DEAD caches behind, see registry.h */

    struct fr_link in_process; /* under the process lock */
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

/* NULL for all but static instances that were initialised with one. */
static inline const struct frusa_front *fr_instance_front(const struct fr_instance *inst)
{
    if (inst->static_managed_max != FRUSA_FRONT_)
        return NULL;
    return FR_CONTAINER_OF(inst->static_config, const struct frusa_front, config);
}

/* What the call of that name is named in messages. */
const char *fr_instance_call(const struct fr_instance *inst, const char *call);

extern fr_lock fr_process_lock; /* rank FR_RANK_PROCESS */
extern struct fr_link fr_process_instances;

static inline void fr_process_guard(void)
{
    fr_lock_acquire(&fr_process_lock, FR_RANK_PROCESS);
}

static inline void fr_process_unguard(void)
{
    fr_lock_release(&fr_process_lock, FR_RANK_PROCESS);
}

/* Creates over the fallback; NULL with the error set. Arguments as frusa_create_with. */
struct fr_instance *fr_instance_create(const struct frusa_fallback_ops *ops,
                                       const struct frusa_config *config);

/* The slow part of fr_instance_ready: a static instance's first use. 0 with the error set. */
int fr_instance_start(struct fr_instance *inst);

/* Non-zero once the instance can be used. */
static inline int fr_instance_ready(struct fr_instance *inst)
{
    return FR_LIKELY(fr_load_acquire(&inst->state) == FR_READY) || fr_instance_start(inst);
}

/*
 * Gives everything back. Caches are gone and the instance is off the process's list (registry.h). A
 * static instance is UNTOUCHED afterwards; another's record is gone.
 */
void fr_instance_end(struct fr_instance *inst);

#endif /* FR_INSTANCE_H */
