/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A control group of Linux that bounds the memory of the calling process: version 1 or 2, where
 * the caller may make one. */
#ifndef FAULT_CGROUP_H
#define FAULT_CGROUP_H

#include <stddef.h>

/* Moves the calling process into a new group bounded to `bytes`. Returns 0 where that cannot be
 * done. */
int cgroup_enter(size_t bytes);

/* Most bytes that the group has held, and how often it was at its bound. For the process that
 * entered. */
size_t cgroup_peak(void);

/* Removes the group that a process, which has ended, had made. */
void cgroup_remove(long pid);

#endif /* FAULT_CGROUP_H */
