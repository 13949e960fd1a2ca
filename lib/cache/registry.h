/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The registry: which caches an instance has, and how a thread finds its own.
 *
 * A thread finds its cache in its fast slot with one load, or, for instances without one and where
 * the asymmetric barrier is missing, in its table. A thread without a cache works uncached: that
 * is so before its first call, while a recall is on, when the fallback refused a header, and once
 * it is exiting.
 *
 * Guarantees (model: tests/model/reg.pml)
 *   [R.1] No cache is registered while a recall is on: the set of caches that a recall closes is
 *         the set of all caches that can hold free objects.
 *   [R.2] A thread that ends finds its cache RECALLED, then it sets DEAD and leaves the cache to
 *         the reclaimer; or not, then it sets DEAD and is counted in `dying` until it has emptied
 *         the cache and taken it off the registry. Both under the registry lock.
 *   [R.3] After closing, the reclaimer waits until nobody is dying: [R.1], and RECALLED in all the
 *         others, keep that number from growing.
 *   [R.4] frusa_destroy clears, under the process lock, the slots of all threads that have a cache
 *         of the instance, then waits until nobody is leaving: a thread that ends finds its cache,
 *         and is counted as leaving, under the process lock, or it finds none. So neither a number
 *         nor a static instance used again meets a stale slot. (Leaving ends after the fallback
 *         took the header, dying before: a reclaim from within that call must not wait for
 *         itself.)
 *   [R.5] A fork closes caches as a recall does, and drains none: those whose owners end meanwhile
 *         are left, RECALLED and DEAD, to the next reclaim or the next thread that ends.
 *   [R.6] A reclaimer lets go of the registry lock while it waits for an owner that is RESIZING,
 *         which may have been descheduled: threads that end need the lock. Until the last cache is
 *         closed, caches come off the registry [R.2], and none comes onto it [R.1].
 *   [R.7] An instance that begins to rest holds nothing but caches without arrays, which every
 *         fast path leaves empty-handed. Whoever makes it hold more wakes it first: bookings with
 *         the fallback do. A thread that ends while it rests touches the header of its cache
 *         alone, because the instance may be gone; the waking makes an abandoned one of that
 *         cache [R.5].
 *
 * A few headers of caches that ended are kept, as spares, for the caches that begin next: threads
 * that come and go would otherwise take a page from the fallback and give it back again each time.
 * A reclaim gives them back. They are on no list that a recall or a thread looks at.
 */
#ifndef FR_REGISTRY_H
#define FR_REGISTRY_H

#include "cache/cache.h"

void fr_registry_init(struct fr_instance *inst);

/* The calling thread's cache, made if there can be one now; NULL: uncached. May call the
 * fallback. */
struct frusa_cache *fr_registry_cache(struct fr_instance *inst);

/* The calling thread's cache if there is one. */
struct frusa_cache *fr_registry_find(const struct fr_instance *inst);

/* An explicit cache; NULL on failure, *at_limit as in fr_fallback_alloc. */
struct frusa_cache *fr_registry_create(struct fr_instance *inst, int *at_limit);

/* Ends an explicit cache, whose owner calls: empties it, takes it off the registry and frees it
 * [R.2]. The instance may be gone afterwards. */
void fr_registry_end(struct frusa_cache *c, struct fr_misuse *m);

/* Detaches all threads and explicit caches of an instance that is being destroyed [R.4], takes it
 * off the process's list, and frees the headers. The objects in them go with their spans. */
void fr_registry_detach_all(struct fr_instance *inst);

/* Ends the calling thread's cache, if it has one. Calls the fallback. */
void fr_registry_leave(struct fr_instance *inst, struct fr_misuse *m);

/* With the process lock and the recall lock held, and bookings calling for the waking: lets the
 * caches rest, if nothing else is held and nobody is at work on them, and takes the instance off
 * the process's list; 0: not now. with_caches: 0: only if there are none. [R.7] */
int fr_registry_rest(struct fr_instance *inst, int with_caches);

/* With the process lock held: the end of that. */
void fr_registry_wake(struct fr_instance *inst);

/*
 * For children of forks, with the process lock held. Which threads have ended with the parent is
 * not to be seen from their records' addresses: a new thread may have the same. So each fork notes
 * its number in the caches that the only surviving thread has of instances at rest; and before such
 * an instance wakes, the caches without that note lose their owners.
 */
void fr_registry_note_fork(size_t number);
void fr_registry_forget_lost(struct fr_instance *inst, size_t number);

/* Gives the spare headers back; returns their bytes. Calls the fallback. */
size_t fr_registry_free_spares(struct fr_instance *inst);

/* Bytes that the instance holds from the fallback for its record and for headers of caches. */
static inline size_t fr_registry_record_bytes(const struct fr_instance *inst)
{
    return inst->record_bytes + fr_load_relaxed(&inst->registry.header_bytes);
}

/* Bytes of the spare headers, for a holder of the registry lock. */
static inline size_t fr_registry_spare_bytes(const struct fr_instance *inst)
{
    return inst->registry.spares_n * FR_CACHE_BYTES;
}

/* For caches off the registry, on a list of their own, that nobody uses any more: empties them,
 * under the recall lock, so that the next reclaim finds it all in the slabs; then frees their
 * headers, which calls the fallback. */
void fr_registry_drain_dead(struct fr_link *dead, struct fr_misuse *m);
size_t fr_registry_free_dead(struct fr_instance *inst,
                             struct fr_link *dead); /* the headers' bytes */

/* Under the registry lock: takes a cache off the registry. */
static inline void fr_registry_remove(struct frusa_cache *c)
{
    struct fr_registry *registry = &c->instance->registry;
    fr_list_remove(&c->in_registry);
    fr_store_relaxed(&registry->caches_n, fr_load_relaxed(&registry->caches_n) - 1);
}

/* In the child of a fork: forgets the ends of caches that other threads had begun. The fork may
 * have been called by a fallback, out of the end of one of the caller's own. */
void fr_registry_forget_ends(struct fr_instance *inst);

#endif /* FR_REGISTRY_H */
