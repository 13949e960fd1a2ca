/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How much a test does, for how long at most, and from which seed. Environment variables:
 *   FRUSA_TEST_SCALE    a factor on all repetition counts (default 1; less under valgrind or a
 *                       sanitizer)
 *   FRUSA_TEST_SEED     the seed of the random generators
 *   FRUSA_TEST_SECONDS  how long a stress program runs
 *   FRUSA_TEST_TOOLS    if set, instances are watched by memcheck or the address sanitizer as
 *                       users' are
 *   FRUSA_TEST_EMULATED if set, an emulator of another machine runs the program
 *   FRUSA_TEST_WATCHDOG seconds after which a program counts as hung (default 120, more under a
 *   tool)
 */
#ifndef SUPPORT_ENVIRONMENT_H
#define SUPPORT_ENVIRONMENT_H

#include <stddef.h>
#include <stdint.h>

/* Returns `full` times the scale, at least `least`. */
size_t env_scale(size_t full, size_t least);

/* Returns the seed to use; `fallback_seed` unless the variable is set. */
uint64_t env_seed(uint64_t fallback_seed);

/* Returns a seed that differs from run to run unless the variable is set, and prints it. */
uint64_t env_fresh_seed(const char *program);

/* Returns the seconds that a stress program runs. */
unsigned env_seconds(unsigned usual);

/*
 * Returns 1 where a child that is forked while other threads start threads may start threads
 * itself. Not under the sanitizers, where that takes malloc, and the thread sanitizer takes new
 * threads for those that vanished; nor under qemu (10.0), whose child waits for ever for the lock
 * that one of them held to start a thread.
 */
int env_child_may_start_threads(void);

/*
 * Returns 1 where a child that is forked while other threads use malloc may use it itself. Not
 * under the sanitizers of gcc 12 and clang 14, which leave locks of their allocators to the child
 * as they are.
 */
int env_child_may_use_malloc(void);

/* Returns the seconds after which a test or program counts as hung. */
unsigned env_watchdog_seconds(void);

/* Ends the process with a message when it still runs after env_watchdog_seconds() plus `extra`. */
void watchdog_start(const char *program, unsigned extra);

#endif /* SUPPORT_ENVIRONMENT_H */
