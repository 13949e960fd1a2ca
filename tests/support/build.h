/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the build of the library under test does: tests that serve the freestanding core too ask
 * here. */
#ifndef SUPPORT_BUILD_H
#define SUPPORT_BUILD_H

#include <errno.h>
#include <signal.h>

#if defined(FRUSA_FREESTANDING)
#define BUILD_IS_HOSTED 0
#else
#define BUILD_IS_HOSTED 1
#endif

/* Holds when errno is `number`, as far as the build sets errno or promises to keep it. */
#define ERROR_IS(number) (!BUILD_IS_HOSTED || errno == (number))

/* Holds for the signals that end a process after misuse: abort(), or a trap. */
#define IS_PANIC_SIGNAL(number)                                                                    \
    ((number) == SIGABRT || (!BUILD_IS_HOSTED && ((number) == SIGILL || (number) == SIGTRAP)))

#endif /* SUPPORT_BUILD_H */
