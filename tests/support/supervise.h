/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A kernel that refuses system calls for as long as a test likes: a filter (Linux seccomp) hands
 * those calls of the thread that set it up, and of all threads that it starts later, to a
 * supervising thread, which counts them and answers with an error or lets them through. For child
 * processes: the filter stays.
 */
#ifndef SUPPORT_SUPERVISE_H
#define SUPPORT_SUPERVISE_H

#include <stddef.h>

/* Supervises the system calls `numbers` of the calling thread from now on. Returns 0 where the
 * kernel does not offer that. */
int supervise(const long *numbers, size_t n);

/*
 * From now on calls of `number` fail with `error`: of every `every` such calls one, the first one
 * being number `first` from here on (from 1), and no more than `most` (0: no bound).
 */
void supervise_refuse(long number, int error, size_t first, size_t every, size_t most);

/* Lets all calls through again. */
void supervise_allow(void);

/* Calls of the number being refused since then, and how many were refused, in the last refusal. */
size_t supervise_seen(void);
size_t supervise_refused(void);

#endif /* SUPPORT_SUPERVISE_H */
