/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Which system calls the process makes. A process may enter a sandbox whose filter kills it at the
 * first call that is not on a list. So optional calls are tried when the first instance begins,
 * not when they are first needed: what is called later has been called before, or does the same as
 * one of the basic calls.
 *
 * The basic calls are mmap, munmap, madvise, mremap and futex. A process may be told to keep to
 * them, for filters that know these alone.
 */
#ifndef FR_PORT_SYSCALLS_H
#define FR_PORT_SYSCALLS_H

/* From now on, only the basic calls. To be called before the first instance begins. */
void fr_syscalls_keep_to_basic(void);

/* Non-zero after that. */
int fr_syscalls_are_basic(void);

/* A flag that the front of a static instance adds to the flags of its configuration, to say the
 * same. */
#define FR_FRONT_BASIC_SYSCALLS 0x80000000u

#endif /* FR_PORT_SYSCALLS_H */
