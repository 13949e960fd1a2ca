/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Beginning and ending the heap profile of an instance. Hosted only. */
#ifndef FR_PROFILING_H
#define FR_PROFILING_H

#include "reclaim/recall.h"

/* FR_PROFILING_BUSY: a profile is being taken; or the caller is between the handlers of a fork.
 * FR_PROFILING_CLOSED: the paths of other threads cannot be closed, see recall.h. */
enum fr_profiling {
    FR_PROFILING_DONE,
    FR_PROFILING_BUSY,
    FR_PROFILING_CLOSED,
    FR_PROFILING_NO_MEMORY
};

/*
 * Begins a profile. The paths that programs compile in are closed by a recall that drains nothing:
 * when the caches are opened again, the instance is profiled, and these paths stay closed. May
 * allocate with malloc, for the walk of the stack.
 */
enum fr_profiling fr_profiling_start(struct fr_instance *inst, size_t rate);

/* Ends the profile, if one is taken, and opens the paths. */
void fr_profiling_stop(struct fr_instance *inst);

#endif /* FR_PROFILING_H */
