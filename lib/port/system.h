/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Layer port: what depends on the system or the compiler, and nothing else. A new system or
 * compiler changes files here alone (doc/PORTING.md). This file: what this build can rely on, as
 * constants that are always defined:
 *   FR_HOSTED          an operating system and a C library are there
 *   FR_HAVE_FUTEX      Linux futexes
 *   FR_HAVE_MEMBARRIER the membarrier system call may exist (it is tried at run time)
 *   FR_HAVE_TLS        thread-local variables
 *   FR_PAGEMAP_HEADER  the page map: shared by the process, or one for each instance
 * A freestanding build defines FRUSA_FREESTANDING; FR_NO_MEMBARRIER (configure
 * --disable-membarrier) leaves that system call out.
 */
#ifndef FR_PORT_SYSTEM_H
#define FR_PORT_SYSTEM_H

#if defined(FRUSA_FREESTANDING)
#define FRUSA_INLINE_NO_THREADS /* of <frusa-inline.h> */
#define FR_HOSTED               0
#define FR_HAVE_FUTEX           0
#define FR_HAVE_MEMBARRIER      0
#define FR_HAVE_TLS             0
#define FR_PAGEMAP_HEADER       "pagemap/instance.h"
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
#define FR_HAVE_TLS       1
#define FR_PAGEMAP_HEADER "pagemap/process.h"
#endif

#endif /* FR_PORT_SYSTEM_H */
