/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Rest: a static instance that holds nothing is known to nobody but the program.
 *
 * A library that is closed (dlclose) takes its static instances along. If it has given their memory
 * back by frusa_reclaim, and not by frusa_destroy, nothing in the process may lead to them any
 * more: not the list that fork walks, and not the tables of threads. So a reclaim that leaves
 * nothing behind takes the instance off them. The next call that needs it wakes it.
 *
 *   rest   under the process lock and the recall lock: bookings with the fallback call for the
 *          waking; if nothing is booked but headers of caches: those rest [R.7], state = RESTING,
 *          off the process's list
 *   wake   under the process lock: the reverse; state = READY
 *
 * Calls that were on their way when the rest began go on: they find empty slabs, and wake the
 * instance with the first block that they ask for. In the child of a fork they may have left a lock
 * taken, which the fork did not know of. All calls that begin later wake the instance first, and
 * the waking puts in order what fork would have.
 *
 * Headers of other threads' caches stay with the fallback, as after every reclaim. When such a
 * thread ends, it writes to its header. So instances rest while other threads have caches of them
 * only over a fallback that ships with the library and whose memory is not the program's.
 */
#ifndef FR_REST_H
#define FR_REST_H

#include "cache/registry.h"

/* Lets a static instance rest if it holds nothing and is not needed just now. Ends the calling
 * thread's cache. Returns the bytes given back. Calls the fallback. */
size_t fr_rest(struct fr_instance *inst, struct fr_misuse *m);

/* Wakes an instance that rests. No lock is held. */
void fr_rest_wake(struct fr_instance *inst);

#endif /* FR_REST_H */
