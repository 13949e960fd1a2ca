/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Recall: taking the free objects back out of every cache of an instance, whatever the owners do.
 *
 *   begin: take the recall lock; under the registry lock set recall_on, and for each cache whose
 *          state is 0: state = RECALLED, then close the limits; unlock the registry, and come
 *          back to it while some cache is RESIZING [R.6]; wait until nobody is dying [R.3];
 *          asymmetric heavy barrier, once; for each RECALLED cache wait until busy = 0 (acquire)
 *   middle: the caller drains class by class and retires the classes' empty spans
 *   end:   under the registry lock: recall_on = 0, and for each cache: DEAD: off the registry;
 *          else open the limits (release) and state = 0; unlock; drain
 *          the DEAD ones; release the recall lock; free the DEAD ones' headers
 *
 * The recall lock is never held across a call of the fallback: begin and end make none before they
 * release it. Waits sleep with back-off: an owner may have been descheduled, or stopped by a
 * debugger, inside. An owner waits for the reclaimer only in frusa_thread_flush, where it is
 * outside.
 *
 * Where the heavy barrier is refused although it worked when the caches were made, nothing can be
 * said about other threads' fast paths: their caches are opened again as they were, and only the
 * calling thread's own cache is drained.
 *
 * The letters are those of cache.h and registry.h.
 */
#ifndef FR_RECALL_H
#define FR_RECALL_H

#include "cache/registry.h"

struct fr_recall {
    struct fr_instance *inst;
    int partial; /* the heavy barrier was refused: only `own` is in reach */
    struct frusa_cache *own;
    int in_fork; /* between the handlers of a fork, which closed the caches and will open them */
};

/* Closes all caches and waits for their owners to be outside. Takes the recall lock. */
void fr_recall_begin(struct fr_recall *r, struct fr_instance *inst);

/* Empties the magazines of one class of all recalled caches. */
void fr_recall_drain(struct fr_recall *r, unsigned cls, struct fr_misuse *m);

/* Opens the caches, releases the recall lock, frees what dead threads left (calls the fallback);
 * returns the bytes of their headers. */
size_t fr_recall_end(struct fr_recall *r, struct fr_misuse *m);

/*
 * For fork, with the gate closed for recalls and registration. Close closes the caches of all but
 * the caller, and returns non-zero when there are any; then, after a heavy barrier and with the
 * gate closed for registries, settle waits for their owners to be outside; open opens the caches
 * again with what they hold. In the child, orphan comes before open: it makes orphans of the
 * caches of threads that do not exist there.
 */
int fr_recall_close_for_fork(struct fr_instance *inst);
void fr_recall_settle_for_fork(struct fr_instance *inst);
void fr_recall_open_after_fork(struct fr_instance *inst);
void fr_recall_orphan_after_fork(struct fr_instance *inst);

#endif /* FR_RECALL_H */
