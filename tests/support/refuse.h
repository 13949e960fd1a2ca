/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A kernel that refuses system calls, by a filter (Linux seccomp). For child processes: there is
 * no way back. */
#ifndef SUPPORT_REFUSE_H
#define SUPPORT_REFUSE_H

enum { REFUSE_ALWAYS = -1 };

/*
 * From now on the system call `number` fails with `error`: always, or only when its third argument
 * is `third` (for madvise the advice). Returns 0 where filters are not available.
 */
int refuse_syscall(long number, int third, int error);

#endif /* SUPPORT_REFUSE_H */
