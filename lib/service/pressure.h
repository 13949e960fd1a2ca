/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Signs that the system, or a control group that the process is in, is short of memory.
 *
 * Events come from the kernel's pressure stall information, of the system and of the process's own
 * group; from memory.events of that group and the groups above, which count how often a limit was
 * met; and in version 1 from a threshold below each limit. A limit that is near, in version 2, and
 * everything where events are refused, has to be looked at from time to time.
 */
#ifndef FR_PRESSURE_H
#define FR_PRESSURE_H

#include "port/watch.h"
#include "service/cgroup.h"

/* Has the calling thread, after fr_watch_begin, watch all of it. Returns non-zero when it need not
 * be looked at besides. */
int fr_pressure_watch(struct fr_watch *w, const char *root);

/* Non-zero when memory is short now, or a limit is near. Opens and closes a few files. */
int fr_pressure_is_on(const char *root);

#endif /* FR_PRESSURE_H */
