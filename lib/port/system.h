/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What this build can rely on, as constants that are always defined:
 *   FR_HOSTED          an operating system and a C library are there
 *   FR_HAVE_FUTEX      Linux futexes
 *   FR_HAVE_MEMBARRIER the membarrier system call may exist (it is tried at run time)
 *   FR_HAVE_TLS        thread-local variables
 * A freestanding build defines FRUSA_FREESTANDING; FR_NO_MEMBARRIER (configure --disable-membarrier)
 * leaves that system call out.
 */
#ifndef FR_PORT_SYSTEM_H
#define FR_PORT_SYSTEM_H

#if defined(FRUSA_FREESTANDING)
#define FR_HOSTED          0
#define FR_HAVE_FUTEX      0
#define FR_HAVE_MEMBARRIER 0
#define FR_HAVE_TLS        0
#else
#define FR_HOSTED 1
#if defined(__linux__)
#define FR_HAVE_FUTEX 1
#else
#define FR_HAVE_FUTEX 0
#endif
#if defined(__linux__) && !defined(FR_NO_MEMBARRIER)
#define FR_HAVE_MEMBARRIER 1
#else
#define FR_HAVE_MEMBARRIER 0
#endif
#define FR_HAVE_TLS 1
#endif

#endif /* FR_PORT_SYSTEM_H */
