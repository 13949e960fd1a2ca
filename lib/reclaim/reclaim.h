/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Layer reclaim: what one thread does to the caches of all others, whatever their owners are
 * doing. Free objects come back out of caches, empty spans go back to the fallback, free pages of
 * other spans are purged; and fork finds every instance at rest.
 */
#ifndef FR_RECLAIM_H
#define FR_RECLAIM_H

#include "reclaim/recall.h"

#define FR_EVERYTHING (~(size_t)0)

/*
 * Gives back what holds no live object, data first, then metadata, until `target` bytes went back.
 * Returns the bytes. *partial is set when other threads' caches could not be reached. Misuse found
 * in caches is noted in *m, for the caller to report.
 */
size_t fr_reclaim(struct fr_instance *inst, size_t target, int *partial, struct fr_misuse *m);

/* Empties all caches into the slabs, and gives nothing back. */
void fr_reclaim_caches_only(struct fr_instance *inst, struct fr_misuse *m);

#endif /* FR_RECLAIM_H */
