/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Which system calls the process makes. A process may enter a sandbox whose filter kills it at the
 * first call that is not on a list. So optional calls are tried when the first instance begins,
 * not when they are first needed: what is called later has been called before, or does the same as
 * one of the basic calls.
 *
 * The basic calls are mmap, munmap, madvise, mremap and futex. A process may be told to keep to
 * them, or to the common calls, for filters that do not know the others.
 */
#ifndef FR_PORT_SYSCALLS_H
#define FR_PORT_SYSCALLS_H

enum fr_syscalls {
    FR_SYSCALLS_ALL,    /* process_madvise too: on few lists */
    FR_SYSCALLS_COMMON, /* the basic ones, and membarrier while there are several threads */
    FR_SYSCALLS_BASIC,
};

/* From now on, only these. To be called before the first instance begins. */
void fr_syscalls_keep_to(enum fr_syscalls which);

/* All of them unless something else was said. */
enum fr_syscalls fr_syscalls_kept_to(void);

/* Flags that the front of a static instance adds to the flags of its configuration, to say the
 * same. */
#define FR_FRONT_COMMON_SYSCALLS 0x40000000u
#define FR_FRONT_BASIC_SYSCALLS  0x80000000u

#endif /* FR_PORT_SYSCALLS_H */
